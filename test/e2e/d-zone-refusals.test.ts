import { describe, expect, it } from 'vitest';
import { dZoneBench } from '../support/d-zone-bench.js';
import { memberOf, messageOf, presenceOf } from '../support/events.js';

const dworld = '232769614004748288';
const vegeta = memberOf('123456789012345001', { displayName: 'vegeta897', roleColor: '#ff6b6b' });
const login = { discordToken: 'any', discordUser: { id: '1', username: 'somebody' } };

const bench = dZoneBench();
const { open, joined } = bench;

describe('bad input on the d-zone dialect', () => {
  const cases: [string, string | Buffer, string, string][] = [
    ['text that is not JSON', '{nope', 'Invalid JSON', 'request.invalid'],
    ['bytes that are not UTF-8', Buffer.from([0xff, 0xfe, 0xfd]), 'Invalid binary encoding', 'request.invalid'],
    ['an unknown type', '{"type":"get_user_data"}', 'Unknown event type', 'request.unknown_type'],
    ['no type', '{}', 'Unknown event type', 'request.unknown_type'],
    ['an array', '[]', 'Invalid message: a JSON object is expected', 'request.invalid'],
    ['null', 'null', 'Invalid message: a JSON object is expected', 'request.invalid'],
    ['a number', '5', 'Invalid message: a JSON object is expected', 'request.invalid'],
    ['no data', '{"type":"connect"}', 'Invalid message: "data" must be an object', 'request.invalid'],
    [
      'data of text',
      '{"type":"connect","data":"docs"}',
      'Invalid message: "data" must be an object',
      'request.invalid',
    ],
    [
      'deep nesting',
      `${'['.repeat(30_000)}${']'.repeat(30_000)}`,
      'Invalid message: a JSON object is expected',
      'request.invalid',
    ],
  ];
  it.each(cases)('answers %s with an error and goes on', async (_name, message, text, code) => {
    const client = await open();
    await client.nextOf('server-list');
    client.send(message);
    expect((await client.next()).data).toEqual({ message: text, code });
    client.connect({ server: 'docs' });
    expect((await client.nextOf('server-join')).data.serverName).toBe('Docs (WIP)');
  });

  it.each([
    ['an unknown name', 'nope'],
    ['a number', 123],
    ['an object', { a: 1 }],
    ['a list', ['docs']],
    ['a truth', true],
  ])('knows no server under %s, and the former room stays', async (_name, server) => {
    const client = await joined('dworld');
    await client.nextOf('server-join');
    client.connect({ server });
    expect((await client.nextOf('error')).data).toMatchObject({
      message: "Sorry, couldn't connect to that Discord server.",
      code: 'guild.not_found',
    });
    await bench.app.log.append(presenceOf(dworld, vegeta, 'idle'));
    expect((await client.nextOf('presence')).data).toMatchObject({ uid: vegeta.id, status: 'idle' });
    await bench.app.log.append(presenceOf(dworld, vegeta, 'online'));
  });

  it('takes binary frames of JSON', async () => {
    const client = await open();
    client.send(Buffer.from('{"type":"connect","data":{"server":"docs"}}'));
    expect((await client.nextOf('server-join')).data.serverName).toBe('Docs (WIP)');
  });

  it('closes with 1009 on a message over its bound', async () => {
    const client = await open();
    client.send(`"${'a'.repeat(70_000)}"`);
    await client.until(() => client.closed !== undefined, 5_000);
    expect(client.closed?.code).toBe(1009);
  });

  it('accepts any path and any origin', async () => {
    const client = await open('/x/y?z=1', { origin: 'https://elsewhere.example' });
    expect((await client.next()).type).toBe('server-list');
  });
});

describe('guarded guilds on the d-zone dialect', () => {
  const needLogin = 'This server requires Discord authentication. Please login with Discord.';
  it.each([
    ['nothing', {}, needLogin],
    ['a token without a user', { discordToken: 'x' }, needLogin],
    ['a user without an id', { discordToken: 'x', discordUser: { username: 'me' } }, needLogin],
    ['a user of text', { discordToken: 'x', discordUser: 'me' }, needLogin],
    ['a token that is no text', { discordToken: { $ne: 1 }, discordUser: { id: '1', username: 'me' } }, needLogin],
    ['a password', { password: 'x' }, 'Sorry, wrong password for that Discord server.'],
  ])('refuses %s', async (_name, shown, message) => {
    const client = await joined('oauth', shown);
    expect((await client.nextOf('error')).data).toMatchObject({ message, code: 'guild.guarded' });
  });

  it('lets any login into the demo guild, and never says the token', async () => {
    const client = await joined('oauth', login);
    const { data } = await client.nextOf('server-join');
    expect(data.serverName).toBe('OAuth2 Protected Server');
    expect(JSON.stringify(client.frames)).not.toContain('"any"');
  });

  it('gives a password back to its sender alone', async () => {
    const client = await joined('docs', { password: 'sesame' });
    expect((await client.nextOf('server-join')).data.request).toEqual({ server: 'docs', password: 'sesame' });
    const other = await joined('docs');
    await other.nextOf('server-join');
    expect(JSON.stringify(await other.settled())).not.toContain('sesame');
  });

  it('does not make a guarded guild the default', async () => {
    const client = await joined('default');
    expect((await client.nextOf('server-join')).data.serverName).not.toBe('OAuth2 Protected Server');
  });
});

describe('coming back with a cursor', () => {
  it('gets the missed frames in order after a join without a snapshot', async () => {
    const client = await joined('dworld');
    const { data } = await client.nextOf('server-join');
    await client.close();
    await bench.app.log.append(presenceOf(dworld, vegeta, 'dnd'));
    await bench.app.log.append(messageOf(dworld, vegeta, 'while you were away'));
    const again = await joined('dworld', { resume: data.cursor });
    const rejoin = await again.nextOf('server-join');
    expect(rejoin.data).toMatchObject({ recovered: true, request: { server: 'dworld' } });
    expect(rejoin.data).not.toHaveProperty('users');
    expect((await again.next()).data).toMatchObject({ uid: vegeta.id, status: 'dnd' });
    expect((await again.next()).data).toMatchObject({ message: 'while you were away' });
    await bench.app.log.append(presenceOf(dworld, vegeta, 'online'));
    expect((await again.next()).data).toMatchObject({ uid: vegeta.id, status: 'online' });
  });

  it.each(['garbage', 'other-epoch:1', 7, null])('starts anew with a snapshot from %j', async (resume) => {
    const client = await joined('dworld', { resume });
    const { data } = await client.nextOf('server-join');
    expect(data).toMatchObject({ recovered: false });
    expect(data.users).toHaveProperty(vegeta.id);
  });
});
