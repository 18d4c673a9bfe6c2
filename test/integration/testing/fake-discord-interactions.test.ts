import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeDiscord, permissions } from '../../../src/testing/fake-discord/index.js';

const token = 'token-of-this-test';
let discord: FakeDiscord;
let guildId: string;
let ada: string;
let app: string;
beforeAll(async () => {
  discord = await FakeDiscord.start({ token });
  const guild = discord.addGuild({ name: 'Town' });
  guildId = guild.id;
  guild.addChannel({ name: 'general' });
  ada = guild.addMember({ username: 'ada' }).id;
  app = discord.botUser.id;
});
afterAll(() => discord.stop());

async function call(method: string, path: string, body?: unknown, authorization?: string) {
  const response = await fetch(`${discord.apiUrl}/v10${path}`, {
    method,
    headers: {
      ...(authorization && { authorization }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as never };
}
const asBot = (method: string, path: string, body?: unknown) => call(method, path, body, `Bot ${token}`);
const commands = (query = '') => `/applications/${app}/commands${query}`;

describe('registered commands', () => {
  it('keep their ids, tell their languages when asked, and are refused as a whole when one is wrong', async () => {
    const ping = { name: 'ping', description: 'answers', name_localizations: { 'es-ES': 'eco' } };
    const [first] = (await asBot('PUT', commands(), [ping])).body as { id: string; version: string }[];
    const [second] = (await asBot('PUT', commands(), [{ ...ping, description: 'x' }])).body as (typeof first)[];
    expect(second!.id).toBe(first!.id);
    expect(second!.version).not.toBe(first!.version);
    expect((await asBot('GET', commands())).body).toMatchObject([
      { description: 'x', default_member_permissions: null },
    ]);
    expect((await asBot('GET', commands())).body[0]).not.toHaveProperty('name_localizations');
    expect((await asBot('GET', commands('?with_localizations=true'))).body).toMatchObject(
      [ping].map(({ name_localizations }) => ({ name_localizations })),
    );
    for (const wrong of [
      { ...ping, name: 'Ping' },
      { ...ping, name: 'two words' },
      { ...ping, description: '' },
      { ...ping, description: 'x'.repeat(101) },
      { ...ping, description_localizations: { es: 'sí' } },
      { ...ping, default_member_permissions: 'all' },
      {
        ...ping,
        options: [
          { type: 3, name: 'a', description: 'a' },
          { type: 3, name: 'a', description: 'b' },
        ],
      },
      {
        ...ping,
        options: [
          { type: 3, name: 'a', description: 'a' },
          { type: 3, name: 'b', description: 'b', required: true },
        ],
      },
      {
        ...ping,
        options: [{ type: 3, name: 'a', description: 'a', choices: Array(26).fill({ name: 'x', value: 'x' }) }],
      },
      {
        ...ping,
        options: Array.from({ length: 25 }, (_, n) => ({
          type: 3,
          name: `o${n}`,
          description: 'd',
          choices: Array(25).fill({ name: 'n', value: 'v'.repeat(20) }),
        })),
      },
    ]) {
      const answer = await asBot('PUT', commands(), [
        ping,
        { ...wrong, name: wrong.name === 'ping' ? 'pong' : wrong.name },
      ]);
      expect((answer.body as { code: number }).code, JSON.stringify(wrong).slice(0, 200)).toBe(50035);
    }
    expect(((await asBot('PUT', commands(), [ping, ping])).body as { code: number }).code).toBe(50035);
    expect(discord.commands()).toHaveLength(1);
    expect((await asBot('DELETE', `/applications/${app}/commands/${first!.id}`)).status).toBe(204);
    expect((await asBot('DELETE', `/applications/${app}/commands/${first!.id}`)).body).toMatchObject({ code: 10063 });
    expect(discord.commands()).toEqual([]);
  });
});

describe('an interaction', () => {
  const give = () => discord.interact({ userId: ada, guildId, command: 'ping', force: true });
  const callback = ({ id, token: own }: { id: string; token: string }, body: unknown) =>
    call('POST', `/interactions/${id}/${own}/callback`, body);
  const original = (own: string) => `/webhooks/${app}/${own}/messages/@original`;

  it('is answered once, without the bot’s token, and then edited', async () => {
    const interaction = give();
    expect((await call('PATCH', original(interaction.token), { content: 'x' })).body).toMatchObject({ code: 10015 });
    expect((await callback(interaction, { type: 4, data: { content: 'hello', flags: 64 } })).status).toBe(204);
    expect(await interaction.waitForAnswer()).toMatchObject({ content: 'hello', ephemeral: true });
    const again = await callback(interaction, { type: 5 });
    expect([again.status, again.body]).toMatchObject([400, { code: 40060 }]);
    expect((await call('PATCH', original(interaction.token), { content: 'bye', flags: 0 })).body).toMatchObject({
      content: 'bye',
      flags: 64,
    });
    expect(interaction.answer).toMatchObject({ content: 'bye', ephemeral: true });
    expect((await call('GET', original(interaction.token))).body).toMatchObject({
      content: 'bye',
      author: { id: app },
    });
  });

  it('that is deferred is open until it is edited', async () => {
    const interaction = give();
    await callback(interaction, { type: 5, data: { flags: 64 } });
    expect(interaction.deferred).toBe(true);
    expect(interaction.answer).toBeUndefined();
    expect((await call('GET', original(interaction.token))).body).toMatchObject({ flags: 64 + 128 });
    await call('PATCH', original(interaction.token), { content: 'late' });
    expect(interaction.answer).toMatchObject({ content: 'late', ephemeral: true });
  });

  it('is not known any more after 3 s, nor by another token or id', async () => {
    const interaction = give();
    const other = give();
    const message = { type: 4, data: { content: 'x' } };
    expect((await callback({ ...interaction, id: other.id }, message)).body).toMatchObject({ code: 10062 });
    expect((await callback({ id: interaction.id, token: 'guess' }, message)).body).toMatchObject({ code: 10062 });
    expect((await callback(interaction, { type: 4, data: { content: 'x'.repeat(2001) } })).body).toMatchObject({
      code: 50035,
    });
    expect((await callback(interaction, { type: 4, data: {} })).body).toMatchObject({ code: 50006 });
    // The window is what is waited for.
    await new Promise((resolve) => setTimeout(resolve, 3_100));
    const late = await callback(interaction, message);
    expect([late.status, late.body]).toMatchObject([404, { code: 10062 }]);
    expect(interaction.answer).toBeUndefined();
  });

  it('is given only where and to whom the command is offered', async () => {
    const manage = { name: 'manage', description: 'd', default_member_permissions: '32', contexts: [0] };
    await asBot('PUT', commands(), [manage]);
    const guild = discord.guild(guildId)!;
    const role = guild.addRole({ name: 'managers', permissions: permissions.manageGuild });
    const boss = guild.addMember({ username: 'boss', roles: [role.id] }).id;
    expect(() => discord.interact({ userId: ada, guildId, command: 'manage' })).toThrow('not offered to this user');
    expect(() => discord.interact({ userId: boss, command: 'manage' })).toThrow('not offered here');
    expect(() => discord.interact({ userId: boss, guildId, command: 'other' })).toThrow('No command /other');
    expect(discord.interact({ userId: boss, guildId, command: 'manage' }).id).toMatch(/^\d+$/);
  });
});
