import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Fault } from '../../../src/domain/fault.js';
import { type FakeInteraction, type InteractOptions } from '../../../src/testing/fake-discord/index.js';
import { CommandsBench, World } from './commands-bench.js';
import { deadline, logs } from './discord-app.js';

const publicUrl = 'https://guilds.example';

let bench: CommandsBench;
beforeAll(async () => {
  bench = await CommandsBench.open({ publicUrl });
  await vi.waitFor(() => expect(bench.discord.commands()).toHaveLength(2), { timeout: deadline });
}, 60_000);
afterAll(() => bench.close(), 30_000);
beforeEach(() => {
  Object.assign(bench.world, new World());
});

let strangers = 0;
/** Somebody new, so that no test uses up the patience for another's user. */
function citizen(roles: string[] = []): string {
  strangers += 1;
  return bench.place.guild.addMember({ username: `citizen${strangers}`, roles }).id;
}

function manager(): string {
  const [role] = bench.place.guild.members.get(bench.mayor)!.roles;
  return citizen([role!]);
}

function give(options: Partial<InteractOptions> & { command: string }): FakeInteraction {
  return bench.discord.interact({ userId: manager(), guildId: bench.place.guild.id, ...options });
}

async function told(options: Parameters<typeof give>[0]): Promise<string> {
  const { content, ephemeral, allowedMentions } = await give(options).waitForAnswer();
  expect({ ephemeral, allowedMentions }).toEqual({ ephemeral: true, allowedMentions: { parse: [] } });
  return content;
}

describe('/guildcast link', () => {
  it('names the room of the guild, whatever its short name is', async () => {
    expect(await told({ command: 'guildcast link' })).toBe(`${publicUrl}/#/guild/town`);
    bench.world.standing = { ...bench.world.standing!, alias: 'größe' };
    expect(await told({ command: 'guildcast link' })).toBe(`${publicUrl}/#/guild/gr%C3%B6%C3%9Fe`);
  });

  it('says that a guild is not shown', async () => {
    bench.world.standing = undefined;
    expect(await told({ command: 'guildcast link' })).toBe('This server is not shown on the web.');
  });
});

describe('/guildcast status', () => {
  it('tells the connection, the members, the source and the queue', async () => {
    expect(await told({ command: 'guildcast status' })).toBe(
      [
        'Connection to Discord: up',
        'Members shown: 4 (3 online)',
        'Source: discord-gateway',
        'Notifications waiting: 7',
      ].join('\n'),
    );
  });

  it('tells what is old and what is missing, in the language of the user, and leaves out what cannot be told', async () => {
    bench.world.standing = { ...bench.world.standing!, stale: true, partial: ['intent:presences', 'members'] };
    bench.world.waiting = () => Promise.reject(new Error('the database is away'));
    expect(await told({ command: 'guildcast status', locale: 'es-419' })).toBe(
      [
        'Conexión con Discord: activa',
        'Miembros mostrados: 4 (3 en línea)',
        'Fuente: discord-gateway (más antigua de lo debido)',
        'Falta: intent:presences, members',
      ].join('\n'),
    );
  });

  it('says that a guild is not shown', async () => {
    bench.world.standing = undefined;
    expect(await told({ command: 'guildcast status', locale: 'es-ES' })).toBe('Este servidor no se muestra en la web.');
  });
});

/** When nothing was decided. */
const untouched = [
  'shown: yes',
  'alias: as the source says',
  'door: as the source says',
  'hide-offline: no',
  'hide-bots: no',
  'ignored-users: nobody',
  'ignored-roles: nobody',
  'messages: yes',
  'channels: all that everybody can read',
].join('\n');

describe('/guildcast settings', () => {
  it('shows what holds when nothing was decided, and what was decided then', async () => {
    expect(await told({ command: 'guildcast settings show' })).toBe(untouched);
    const options = {
      shown: false,
      alias: 'Old-Town',
      door: 'password',
      'hide-bots': true,
      'ignored-users': `<@${bench.place.ada.id}>`,
    };
    const after = [
      'shown: no',
      'alias: old-town',
      'door: password',
      'hide-offline: no',
      'hide-bots: yes',
      `ignored-users: ${bench.place.ada.id}`,
      ...untouched.split('\n').slice(6),
    ].join('\n');
    expect(await told({ command: 'guildcast settings set', options })).toBe(after);
    expect(await bench.settings.get(bench.place.guild.id)).toMatchObject({
      enabled: false,
      alias: 'old-town',
      door: 'password',
      hideBots: true,
      ignoredUsers: [bench.place.ada.id],
    });
    expect(await told({ command: 'guildcast settings show', locale: 'es-ES' })).toContain(
      'visible: no\nalias: old-town\npuerta: contraseña\nocultar-desconectados: no\nocultar-bots: sí\n',
    );
    const back = { shown: true, alias: '-', door: '-', 'hide-bots': false, 'ignored-users': '-' };
    expect(await told({ command: 'guildcast settings set', options: back })).toBe(untouched);
  });

  it('keeps what is not named', async () => {
    await told({ command: 'guildcast settings set', options: { alias: 'kept' } });
    expect(await told({ command: 'guildcast settings set', options: { 'hide-bots': true } })).toContain('alias: kept');
  });

  it('says what is possible when something else is given, and changes nothing', async () => {
    const before = await bench.settings.get(bench.place.guild.id);
    const options = { alias: 'no blanks please', door: 'open' };
    expect(await told({ command: 'guildcast settings set', options })).toBe(
      'alias: 1 to 32 letters, digits and inner dashes, or -',
    );
    expect(await told({ command: 'guildcast settings set', options: { shown: 'maybe' }, locale: 'es-ES' })).toBe(
      'visible: sí o no',
    );
    expect(await bench.settings.get(bench.place.guild.id)).toEqual(before);
  });

  it('says that an alias is taken, and that nothing was chosen', async () => {
    await bench.settings.save('100000000000000001', { alias: 'taken' });
    expect(await told({ command: 'guildcast settings set', options: { alias: 'Taken' } })).toBe(
      'That is taken already by another server.',
    );
    expect(await told({ command: 'guildcast settings set', locale: 'es-ES' })).toContain('No se ha cambiado nada');
  });

  it.each(['show', 'set'])('%s is refused without Manage Server, also when Discord lets it through', async (name) => {
    const userId = citizen();
    const command = `guildcast settings ${name}`;
    expect(() => give({ userId, command })).toThrow('not offered to this user');
    const before = await bench.settings.get(bench.place.guild.id);
    expect(await told({ userId, command, options: { alias: 'mine' }, force: true })).toBe(
      'Only those who may manage this server can do that.',
    );
    expect(await bench.settings.get(bench.place.guild.id)).toEqual(before);
  });

  it('is for administrators too', async () => {
    const admins = bench.place.guild.addRole({ name: 'admins', permissions: 8 });
    expect(await told({ userId: citizen([admins.id]), command: 'guildcast settings show' })).toContain('alias: ');
  });
});

describe('/presence', () => {
  it('hides who gives it, and shows them again', async () => {
    const userId = citizen();
    expect(await told({ userId, command: 'presence hide' })).toContain('You are hidden');
    expect(bench.hiding.present.inGuild).toEqual(new Map([[bench.place.guild.id, new Set([userId])]]));
    expect(await told({ userId, command: 'presence show', locale: 'es-ES' })).toContain('Ya no estás oculto');
    expect(bench.hiding.present.inGuild).toEqual(new Map());
  });

  it('says that it was not done when the database is away', async () => {
    vi.spyOn(bench.hiding, 'hide').mockRejectedValueOnce(new Fault('service.unavailable', 'internal words'));
    expect(await told({ userId: citizen(), command: 'presence hide' })).toBe(
      'This cannot be done now. Please try again later.',
    );
  });
});

describe('An interaction', () => {
  it('that takes its time is answered twice: that it is being worked on, and with the answer', async () => {
    let go = (): void => undefined;
    bench.world.before = () => new Promise<void>((resolve) => (go = resolve));
    const slow = give({ command: 'guildcast link' });
    await vi.waitFor(() => expect(slow.deferred).toBe(true), { timeout: deadline });
    expect(slow.answer).toBeUndefined();
    go();
    expect(await slow.waitForAnswer()).toEqual({
      content: `${publicUrl}/#/guild/town`,
      embeds: [],
      ephemeral: true,
      allowedMentions: { parse: [] },
    });
  });

  it('whose command fails says so without a word of what went wrong, which stands in the log', async () => {
    bench.world.before = () => Promise.reject(new Error('secret of the house'));
    expect(await told({ command: 'guildcast status' })).toBe('Something went wrong here. Please try again later.');
    expect(logs.filter((line) => line.includes('/guildcast status failed: secret of the house'))).toHaveLength(1);
  });

  it.each(['bygone', 'guildcast', 'guildcast bygone', 'guildcast settings bygone', 'guildcast bygone show'])(
    'with a command that there is not any more (/%s) says so',
    async (command) => {
      expect(await told({ command, force: true })).toContain('does not know this command any more');
      expect(await told({ command, force: true, locale: 'es-ES' })).toContain('ya no conoce este comando');
    },
  );

  it.each(['guildcast link', 'guildcast settings set', 'presence hide'])(
    'in direct messages (/%s) is not offered, and answered all the same',
    async (command) => {
      const userId = citizen();
      expect(() => give({ userId, guildId: undefined, command })).toThrow('not offered here');
      expect(await told({ userId, guildId: undefined, command, force: true })).toBe('This works inside a server only.');
    },
  );

  it('is one of five in ten seconds of a user; more are refused politely, and nobody else is', async () => {
    const userId = manager();
    for (let n = 0; n < 5; n += 1) expect(await told({ userId, command: 'guildcast link' })).toContain(publicUrl);
    expect(await told({ userId, command: 'guildcast link' })).toMatch(/^That was a lot at once\. .* \d+ s\.$/);
    expect(await told({ userId, command: 'nothing', force: true, locale: 'es-ES' })).toMatch(/^Han sido muchos/);
    expect(await told({ command: 'guildcast link' })).toContain(publicUrl);
  });

  it('whose answer is lost on its way back is answered once', async () => {
    bench.discord.loseNextAnswer({ method: 'POST', path: /\/callback$/ });
    const before = logs.length;
    const interaction = give({ command: 'guildcast link' });
    await interaction.waitForAnswer();
    const own = `/interactions/${interaction.id}/`;
    const tries = () => bench.discord.requests.filter(({ path }) => path.startsWith(own)).map(({ status }) => status);
    await vi.waitFor(() => expect(tries()).toEqual([0, 400]), { timeout: deadline });
    expect(await told({ command: 'guildcast link' })).toContain(publicUrl);
    expect(interaction.answers.items).toHaveLength(1);
    expect(logs.slice(before).join('\n')).not.toContain('did not reach');
  });

  it('whose waiting sign is lost on its way back gets its answer', async () => {
    let go = (): void => undefined;
    bench.world.before = () => new Promise<void>((resolve) => (go = resolve));
    bench.discord.loseNextAnswer({ method: 'POST', path: /\/callback$/ });
    const slow = give({ command: 'guildcast link' });
    await vi.waitFor(() => expect(slow.deferred).toBe(true), { timeout: deadline });
    go();
    expect((await slow.waitForAnswer()).content).toContain(publicUrl);
  });

  it('that Discord does not know any more is given up with a line in the log', async () => {
    const unknown = { message: 'Unknown interaction', code: 10062 };
    bench.discord.refuseNext({ method: 'POST', path: /\/callback$/, status: 404, body: unknown });
    give({ command: 'guildcast link' });
    const line = 'An answer to a command did not reach Discord: ';
    await vi.waitFor(() => expect(logs.join('\n')).toContain(line), { timeout: deadline });
    expect(await told({ command: 'guildcast link' })).toContain(publicUrl);
  });
});
