import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ada, here, PostgresBench, told } from './postgres-bench.js';

describe('columns of many types', () => {
  // In one database: only the table differs.
  let shared: PostgresBench;
  beforeAll(async () => {
    shared = await PostgresBench.open(`
      create type mood as enum ('online', 'idle', 'sleepy');
      create table discord_servers (server_id text, name text);
      insert into discord_servers values ('${here}', 'Harbour')`);
    // Nothing may depend on how the database writes times.
    const [row] = await shared.run('select current_database() as name');
    await shared.run(`alter database ${String(row?.name)} set timezone = 'Asia/Tokyo'`);
    await shared.run(`alter database ${String(row?.name)} set datestyle = 'German, DMY'`);
  });
  afterAll(() => shared.close());

  const noon = '2024-05-06T12:00:00.000Z';
  it.each([
    ['role_color', 'int', '5793266', { roleColor: '#5865f2' }],
    ['role_color', 'bigint', '123456', { roleColor: '#01e240' }],
    ['role_color', 'numeric(10, 0)', '0', { roleColor: '#99aab5' }],
    ['role_color', 'int', '-1', { roleColor: '#99aab5', repairs: { roleColor: 1 } }],
    ['role_color', 'numeric', "'NaN'", { roleColor: '#99aab5', repairs: { roleColor: 1 } }],
    ['role_color', 'varchar(7)', "'#58f'", { roleColor: '#5588ff' }],
    ['role_color', 'text', "'red'", { roleColor: '#99aab5', repairs: { roleColor: 1 } }],
    ['role_color', 'text', 'null', { roleColor: '#99aab5' }],
    ['status', 'mood', "'idle'", { status: 'idle' }],
    ['status', 'mood', "'sleepy'", { status: 'offline', repairs: { status: 1 } }],
    ['status', 'text', "' DND '", { status: 'dnd' }],
    ['status', 'int', '1', { status: 'offline', repairs: { status: 1 } }],
    ['status', 'text', 'null', { status: 'offline' }],
    ['bot', 'boolean', 'true', { bot: true }],
    ['bot', 'smallint', '1', { bot: true }],
    ['bot', 'char(3)', "'YES'", { bot: true }],
    ['bot', 'text', "'maybe'", { bot: false }],
    ['role_ids', 'bigint[]', "'{982451653987654321,982451653987654323}'", { roleIds: [big(1), big(3)] }],
    ['role_ids', 'text[]', "'{982451653987654321}'", { roleIds: [big(1)] }],
    ['role_ids', 'jsonb', '\'[982451653987654321, "982451653987654323"]\'', { roleIds: [big(1), big(3)] }],
    ['role_ids', 'text', "'982451653987654321;982451653987654323'", { roleIds: [big(1), big(3)] }],
    ['role_ids', 'text', "'none'", { roleIds: [] }],
    ['activities', 'jsonb', `'[{"type":"playing","name":"Go"}]'`, { activities: [{ type: 'playing', name: 'Go' }] }],
    ['activities', 'text', `'[{"type":"playing","name":"Go"}, 3]'`, { activities: [{ type: 'playing', name: 'Go' }] }],
    ['activities', 'text', "'[{'", { activities: [] }],
    ['activities', 'json', `'{"type":"playing"}'`, { activities: [] }],
    ['voice_channel_id', 'bigint', '982451653987654321', { voiceChannelId: big(1) }],
    ['avatar_url', 'text', "'https://cdn.example/a.png'", { avatarUrl: 'https://cdn.example/a.png' }],
    ['avatar_url', 'text', "'javascript:alert(1)'", { avatarUrl: null }],
    ['joined_at', 'timestamptz', "'2024-05-06T14:00:00+02:00'", { joinedAt: noon }],
    ['joined_at', 'timestamp', "'2024-05-06T12:00:00'", { joinedAt: noon }],
    ['joined_at', 'date', "'2024-05-06T00:00:00'", { joinedAt: '2024-05-06T00:00:00.000Z' }],
    ['joined_at', 'timestamptz', "'infinity'", { joinedAt: null }],
    ['joined_at', 'bigint', '1714996800000', { joinedAt: noon }],
    ['joined_at', 'text', "'2024-05-06T12:00:00Z'", { joinedAt: noon }],
    ['joined_at', 'text', "'yesterday'", { joinedAt: null }],
    ['display_name', 'text', "repeat('x', 1000000)", { displayName: 'x'.repeat(100) }],
    ['activities', 'text', `'["' || repeat('x', 1000000) || '"]'`, { activities: [] }],
  ])('%s as %s: %s', async (column, type, value, { repairs = {}, ...expected }: Record<string, unknown>) => {
    await shared.run(`drop table if exists discord_users;
      create table discord_users (user_id text, server_id text, username text, ${column} ${type});
      insert into discord_users values ('${ada}', '${here}', 'Ada', ${value})`);
    const provider = shared.provider();
    const snapshot = await told(provider, here);
    expect(snapshot).toMatchObject({ members: [expected], repairs });
    expect(snapshot?.repairs).toEqual(repairs);
    await provider.onApplicationShutdown();
  });
});

function big(digit: number): string {
  return `98245165398765432${digit}`;
}
