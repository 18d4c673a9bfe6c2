import { afterEach, describe, expect, it, vi } from 'vitest';
import { Routes } from 'discord.js';
import { FakeDiscord } from '../../../src/testing/fake-discord/index.js';
import { CommandsBench } from './commands-bench.js';
import { deadline, logs } from './discord-app.js';
import { token } from './discord-town.js';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
}, 30_000);

async function opened(options: Parameters<typeof CommandsBench.open>[0] = {}): Promise<CommandsBench> {
  const bench = await CommandsBench.open(options);
  open.push(bench);
  return bench;
}

async function registered(bench: CommandsBench, requests: readonly string[]): Promise<void> {
  await vi.waitFor(() => expect(bench.registrations).toEqual(requests), { timeout: deadline });
}

/** What an operator, or an older version, did to the commands. */
async function change(discord: FakeDiscord, commands: readonly object[]): Promise<void> {
  const answer = await fetch(`${discord.apiUrl}/v10${Routes.applicationCommands(discord.botUser.id)}`, {
    method: 'PUT',
    headers: { authorization: `Bot ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(commands),
  });
  expect(answer.status).toBe(200);
}

describe('The registration of the commands', () => {
  it('writes once, for guilds alone, in two languages, and with Discord’s own gate before what managers do', async () => {
    const bench = await opened();
    await registered(bench, ['GET 200', 'PUT 200']);
    const [guildcast, presence] = bench.discord.commands() as Record<string, unknown>[];
    expect(guildcast).toMatchObject({ name: 'guildcast', default_member_permissions: '32', contexts: [0] });
    expect(presence).toMatchObject({
      name: 'presence',
      name_localizations: { 'es-ES': 'presencia', 'es-419': 'presencia' },
      default_member_permissions: null,
      contexts: [0],
      options: [{ name: 'hide', description_localizations: { 'es-ES': 'No mostrarme en la web' } }, { name: 'show' }],
    });
    const names = (guildcast!.options as { name: string; options?: { name: string }[] }[]).map(
      ({ name, options = [] }) => [name, ...options.map((one) => one.name)].join(' '),
    );
    expect(names).toEqual(['link', 'status', 'settings show set']);
  });

  it('writes nothing at the next start, and once more when something differs', async () => {
    const bench = await opened();
    await registered(bench, ['GET 200', 'PUT 200']);
    await bench.start();
    await registered(bench, ['GET 200', 'PUT 200', 'GET 200']);

    const commands = bench.discord.commands() as { name: string; options: { description_localizations: object }[] }[];
    const other = structuredClone(commands);
    Object.assign(other[0]!.options[0]!.description_localizations, { 'es-ES': 'Otra cosa' });
    await change(bench.discord, other);
    await bench.start();
    await registered(bench, ['GET 200', 'PUT 200', 'GET 200', 'PUT 200', 'GET 200', 'PUT 200']);
    expect(bench.discord.commands()).toMatchObject(commands.map(({ name, options }) => ({ name, options })));
  });

  it('takes away what there is not any more', async () => {
    const bench = await opened();
    await registered(bench, ['GET 200', 'PUT 200']);
    const commands = bench.discord.commands() as object[];
    await change(bench.discord, [...commands, { ...commands[0], name: 'bygone' }]);
    await bench.start();
    await registered(bench, ['GET 200', 'PUT 200', 'PUT 200', 'GET 200', 'PUT 200']);
    expect(bench.discord.commands()).toMatchObject([{ name: 'guildcast' }, { name: 'presence' }]);
    expect(() =>
      bench.discord.interact({ userId: bench.mayor, guildId: bench.place.guild.id, command: 'bygone' }),
    ).toThrow('No command /bygone is registered');
  });

  it.each([
    ['a refusal', 403, 2],
    ['a failure of Discord', 500, 4],
    ['a page of something in between', 502, 4],
  ])(
    'that meets %s is tried again; the bot lives meanwhile, and says so once',
    async (_, status, times) => {
      const discord = await FakeDiscord.start({ token });
      open.push({ close: () => discord.stop() });
      const path = /^\/applications\/\d+\/commands$/;
      discord.refuseNext({ method: 'PUT', path, status, times, body: status === 502 ? '<html>' : undefined });
      const before = logs.length;
      const bench = await opened({ discord, publicUrl: 'https://guilds.example' });
      expect(bench.status.current().state).toBe('ready');
      const { guild } = bench.place;
      const early = discord.interact({
        userId: bench.mayor,
        guildId: guild.id,
        command: 'guildcast link',
        force: true,
      });
      expect((await early.waitForAnswer()).content).toBe('https://guilds.example/#/guild/town');
      await vi.waitFor(() => expect(bench.registrations.at(-1)).toBe('PUT 200'), { timeout: 30_000 });
      await vi.waitFor(() => expect(logs.slice(before).join('\n')).toContain("Discord knows the bot's 2 commands"), {
        timeout: deadline,
      });
      const lines = logs.slice(before);
      const complaints = lines.filter((line) => line.includes('commands could not be registered'));
      expect(complaints.filter((line) => line.startsWith('warn'))).toHaveLength(1);
    },
    60_000,
  );

  it('ends with a refused token, as everything does', async () => {
    const discord = await FakeDiscord.start({ token });
    open.push({ close: () => discord.stop() });
    discord.refuseNext({ method: 'GET', path: /^\/applications\/\d+\/commands$/, status: 401 });
    const bench = await opened({ discord });
    await vi.waitFor(() => expect(bench.status.current().state).toBe('refused'), { timeout: deadline });
    expect(bench.registrations).toEqual(['GET 401']);
  });
});
