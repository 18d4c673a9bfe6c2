// The same large guild for every data source: in a database, in a file, and as the body of an HTTP answer.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { largeGuild, largeMembers } from '../servers/large-guild.mjs';

const database = 'source';

/** Tables with everything that the source can read of a member, so that no column comes for nothing. */
const tables = `
  create table discord_servers (
    server_id varchar(20) primary key,
    name varchar(100) not null,
    icon_url text,
    passworded boolean default false,
    is_default boolean default false,
    enabled boolean default true
  );
  create table discord_users (
    user_id varchar(20),
    server_id varchar(20) references discord_servers (server_id) on delete cascade,
    username varchar(100) not null,
    display_name varchar(100),
    avatar_url text,
    bot boolean default false,
    status varchar(10) not null,
    role_color varchar(7) not null,
    role_ids varchar(20)[],
    activities jsonb,
    voice_channel_id varchar(20),
    joined_at timestamptz,
    primary key (server_id, user_id)
  );`;

const insertMembers = `
  insert into discord_users
  select member->>'id', $1, member->>'username', member->>'displayName', member->>'avatarUrl', (member->>'bot')::boolean,
         member->>'status', member->>'roleColor', array(select jsonb_array_elements_text(member->'roleIds')),
         member->'activities', member->>'voiceChannelId', (member->>'joinedAt')::timestamptz
  from jsonb_array_elements($2::jsonb) member`;

const copyMembers = `
  insert into discord_users
  select user_id, $2, username, display_name, avatar_url, bot, status, role_color, role_ids, activities, voice_channel_id,
         joined_at
  from discord_users where server_id = $1`;

/** Guilds that differ in their ids alone: who asks for another one each time finds it in no cache. */
export function guildIdAt(index) {
  return String(BigInt(largeGuild.id) + BigInt(index));
}

async function connected(url, work) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Postgres counts its statements only if it is told so before its start. */
export function countStatements(url) {
  return connected(url, (client) => client.query("alter system set shared_preload_libraries = 'pg_stat_statements'"));
}

function fill(url, { guilds, members }) {
  return connected(url, async (client) => {
    await client.query(tables);
    for (let index = 0; index < guilds; index += 1) {
      const guildId = guildIdAt(index);
      await client.query('insert into discord_servers (server_id, name) values ($1, $2)', [guildId, largeGuild.name]);
      if (index === 0) await client.query(insertMembers, [guildId, JSON.stringify(members)]);
      else await client.query(copyMembers, [guildIdAt(0), guildId]);
    }
    // The planner and the visibility map as they are some time after so many inserts.
    await client.query('vacuum analyze');
    const { rows } = await client.query("select pg_total_relation_size('discord_users')::int as bytes");
    return rows[0].bytes;
  });
}

/**
 * Makes `guilds` guilds of `count` members in a database of their own, of which the first is in a file and in a body
 * too. Answers where they are and how large they are, in bytes.
 */
export async function makeFixture({ url, folder, count, guilds }) {
  await connected(url, async (client) => {
    await client.query('create extension pg_stat_statements');
    await client.query(`create database ${database}`);
  });
  const sourceUrl = new URL(url);
  sourceUrl.pathname = `/${database}`;
  const members = largeMembers(count);
  const tableBytes = await fill(sourceUrl.href, { guilds, members });
  const { name } = largeGuild;
  const file = path.join(folder, 'guild.json');
  const document = JSON.stringify({ id: guildIdAt(0), name, iconUrl: null, members });
  const body = JSON.stringify({ guild: { id: guildIdAt(0), name, iconUrl: null }, members });
  writeFileSync(file, document);
  return {
    members: count,
    sourceUrl: sourceUrl.href,
    file,
    body,
    documentBytes: Buffer.byteLength(document),
    rowBytes: tableBytes / guilds,
  };
}

/** Forgets which statements the source's database has seen. */
export function forgetStatements(url) {
  return connected(url, (client) => client.query('select pg_stat_statements_reset()'));
}

/**
 * How many statements the source's database has seen since, by what they asked for: the members of a guild (`loads`), the
 * guilds there are (`lists`), the tables' columns (`looks`), anything else (`others`).
 */
export function seenStatements(url) {
  return connected(url, async (client) => {
    const { rows } = await client.query(
      `select query, calls::int from pg_stat_statements(true)
       where toplevel and dbid = (select oid from pg_database where datname = $1)`,
      [database],
    );
    const seen = { loads: 0, lists: 0, looks: 0, others: 0 };
    for (const { query, calls } of rows) seen[kindOf(query)] += calls;
    return seen;
  });
}

function kindOf(query) {
  if (query.includes('"discord_users"')) return 'loads';
  if (query.includes('"discord_servers"')) return 'lists';
  return query.includes('pg_attribute') ? 'looks' : 'others';
}
