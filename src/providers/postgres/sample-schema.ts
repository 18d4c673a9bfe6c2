import { describeDatabase } from '../../database/connection-fault.js';
import { runScript } from '../../database/run-script.js';
import { StartupError } from '../../database/startup-error.js';
import { isIdentifier } from './identifier.js';
import { type PostgresSettings } from './postgres-settings.js';

const usualChannel = 'guildcast_source';

/**
 * SQL that makes the usual tables with a few rows, and triggers that tell `channel` of every change. It refuses to run
 * where one of the tables is already.
 */
export function sampleSchema(channel: string): string {
  if (!isIdentifier(channel)) throw new Error('this is not the name of a channel');
  return `begin;

create table discord_servers (
  server_id varchar(20) primary key,
  name varchar(100) not null,
  icon_url text,
  passworded boolean default false,
  is_default boolean default false,
  enabled boolean default true,
  created_at timestamp default current_timestamp
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
  joined_at timestamptz,
  last_seen timestamp default current_timestamp,
  primary key (user_id, server_id)
);

create index idx_users_server_status on discord_users (server_id, status);

-- Tells Guildcast which guild to read again. For tables of your own: the same function with your column instead of
-- server_id, and the same triggers. Columns that nobody sees, such as last_seen, are better left out of them.
create or replace function guildcast_source_changed() returns trigger language plpgsql as $$
begin
  if tg_op = 'TRUNCATE' then
    perform pg_notify('${channel}', '');
    return null;
  end if;
  if tg_op <> 'INSERT' then
    perform pg_notify('${channel}', old.server_id::text);
  end if;
  if tg_op <> 'DELETE' then
    perform pg_notify('${channel}', new.server_id::text);
  end if;
  return null;
end
$$;

create trigger guildcast_source_changed
  after insert or delete or update of server_id, name, icon_url, passworded, is_default, enabled
  on discord_servers for each row execute function guildcast_source_changed();

create trigger guildcast_source_changed
  after insert or delete
  or update of user_id, server_id, username, display_name, avatar_url, bot, status, role_color, joined_at
  on discord_users for each row execute function guildcast_source_changed();

create trigger guildcast_source_emptied
  after truncate on discord_servers for each statement execute function guildcast_source_changed();

create trigger guildcast_source_emptied
  after truncate on discord_users for each statement execute function guildcast_source_changed();

insert into discord_servers (server_id, name, passworded, is_default, enabled) values
  ('110000000000000001', 'Harbour', false, true, true),
  ('110000000000000002', 'Workshop', true, false, true),
  ('110000000000000003', 'Attic', false, false, false);

insert into discord_users (user_id, server_id, username, display_name, bot, status, role_color, joined_at) values
  ('210000000000000001', '110000000000000001', 'mara', 'Mara', false, 'online', '#5865f2', '2023-04-01 09:00:00+00'),
  ('210000000000000002', '110000000000000001', 'tomasz', 'Tomasz', false, 'idle', '#57f287', '2023-05-12 17:30:00+00'),
  ('210000000000000003', '110000000000000001', 'yuki', 'Yuki', false, 'dnd', '#fee75c', '2024-01-20 21:15:00+00'),
  ('210000000000000004', '110000000000000001', 'lighthouse', null, true, 'online', '#99aab5', null),
  ('210000000000000005', '110000000000000001', 'ines', 'Inês', false, 'offline', '#eb459e', '2024-08-03 12:00:00+00'),
  ('210000000000000001', '110000000000000002', 'mara', 'Mara (tools)', false, 'online', '#ed4245', null),
  ('210000000000000006', '110000000000000002', 'otis', null, false, 'offline', '#99aab5', null),
  ('210000000000000007', '110000000000000003', 'nobody', null, false, 'offline', '#99aab5', null);

commit;`;
}

/**
 * Makes the sample tables in the source's database, or with `print` touches nothing. Answers what to tell the operator.
 * @throws StartupError
 */
export async function makeSample(settings: PostgresSettings, { print }: { print?: boolean }): Promise<string> {
  const { POSTGRES_SOURCE_URL: url, POSTGRES_SOURCE_CHANNEL: channel } = settings;
  const script = sampleSchema(channel === 'off' ? usualChannel : channel);
  if (print) return script;
  if (url === undefined)
    throw new StartupError('db:sample needs a database in POSTGRES_SOURCE_URL; with --print it shows the SQL.');
  await runScript(url, script);
  return `Made discord_servers and discord_users with sample rows in the database at ${describeDatabase(url)}.`;
}
