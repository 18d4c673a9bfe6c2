import { PermissionFlagsBits } from 'discord.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type DomainEventType } from '../../../src/domain/events/index.js';
import { applyEvent, type GuildState } from '../../../src/domain/guild-state.js';
import { type SourceSnapshot } from '../../../src/domain/source-snapshot.js';
import { deadline } from '../../integration/discord/discord-app.js';
import { DiscordBench } from './discord-bench.js';

const view = PermissionFlagsBits.ViewChannel;

let bench: DiscordBench;
const lounge = { id: '' };

beforeAll(async () => {
  bench = await DiscordBench.open({
    prepare: (_, { guild, bob }) => {
      guild.addChannel({ name: 'den', overwrites: [{ id: guild.id, type: 0, deny: view }] });
      lounge.id = guild.addChannel({ name: 'lounge', type: 2 }).id;
      guild.voice.move(bob.id, lounge.id);
    },
  });
  await bench.app.status.settled();
});
afterAll(() => bench.close());
beforeEach(async () => {
  await heard();
  bench.app.events.length = 0;
});

const closedFor = (): { id: string; type: 0; deny: bigint }[] => [{ id: bench.place.guild.id, type: 0, deny: view }];

function say(content: string): string {
  return bench.place.guild.say({ channelId: bench.place.general.id, authorId: bench.place.ada.id, content }).id;
}

/** Whatever Discord told before has been heard when this is over. */
async function heard(): Promise<void> {
  const id = say('until here');
  await bench.app.waitFor('message.created', ({ data }) => data.id === id);
}

const types = (): DomainEventType[] => bench.app.events.map(({ type }) => type);

describe('voice', () => {
  const at = (userId: string) => bench.entry(userId)?.voiceChannelId;

  it('is known from the start, and told of the member who enters, moves and leaves', async () => {
    const { app, place } = bench;
    const { guild, ada, bob } = place;
    expect(at(bob.id)).toBe(lounge.id);
    expect(at(ada.id)).toBeNull();
    const stage = guild.addChannel({ name: 'stage', type: 13 });
    guild.voice.move(ada.id, lounge.id);
    guild.voice.move(ada.id, stage.id);
    guild.voice.move(ada.id, null);
    await heard();
    const moves = app.of('member.updated').map(({ data }) => [data.previous, data.member.voiceChannelId]);
    expect(moves).toEqual([
      [{ voiceChannelId: null }, lounge.id],
      [{ voiceChannelId: lounge.id }, stage.id],
      [{ voiceChannelId: stage.id }, null],
    ]);
    guild.removeChannel(stage.id);
  });

  it('in a channel that not everybody can see is not told, nor in one that closes or goes', async () => {
    const { app, place } = bench;
    const { guild, ada, bob } = place;
    const closed = guild.addChannel({ name: 'vault', type: 2, overwrites: closedFor() });
    const garden = guild.addChannel({ name: 'garden', type: 2 });
    guild.voice.move(ada.id, closed.id);
    guild.voice.move(ada.id, garden.id);
    await app.waitFor('member.updated', ({ data }) => data.member.voiceChannelId === garden.id);
    guild.updateChannel(garden.id, { overwrites: closedFor() });
    await vi.waitFor(() => expect(at(ada.id)).toBeNull(), { timeout: deadline });
    guild.updateChannel(garden.id, { overwrites: [] });
    await vi.waitFor(() => expect(at(ada.id)).toBe(garden.id), { timeout: deadline });
    guild.updateRole(guild.id, { permissions: 0n });
    await vi.waitFor(() => expect([at(ada.id), at(bob.id)]).toEqual([null, null]), { timeout: deadline });
    guild.updateRole(guild.id, { permissions: view });
    await vi.waitFor(() => expect([at(ada.id), at(bob.id)]).toEqual([garden.id, lounge.id]), { timeout: deadline });
    guild.removeChannel(garden.id);
    await vi.waitFor(() => expect(at(ada.id)).toBeNull(), { timeout: deadline });
    expect(JSON.stringify(app.events)).not.toContain(closed.id);
    guild.removeChannel(closed.id);
  });
});

describe('channels', () => {
  it('that everybody can see are in the snapshot, and told when they come, change and go', async () => {
    const { app, place } = bench;
    const { guild, general } = place;
    expect(bench.snapshot.channels).toEqual([
      { id: general.id, name: 'general', kind: 'text' },
      { id: lounge.id, name: 'lounge', kind: 'voice' },
    ]);
    const { id } = guild.addChannel({ name: 'news', type: 5 });
    guild.addChannel({ name: 'category', type: 4 });
    guild.addChannel({ name: 'forum', type: 15 });
    guild.updateChannel(id, { name: 'old news' });
    guild.updateChannel(id, { parentId: null });
    guild.updateChannel(id, { overwrites: closedFor() });
    guild.updateChannel(id, { name: 'whispers' });
    guild.updateChannel(id, { overwrites: [] });
    guild.removeChannel(id);
    await heard();
    const told = app.events.slice(0, -1).map(({ type, data }) => [type, data]);
    const news = { id, name: 'news', kind: 'text' };
    expect(told).toEqual([
      ['channel.created', { channel: news }],
      ['channel.updated', { channel: { ...news, name: 'old news' }, previous: { name: 'news' } }],
      ['channel.deleted', { channel: { ...news, name: 'old news' } }],
      ['channel.created', { channel: { ...news, name: 'whispers' } }],
      ['channel.deleted', { channel: { ...news, name: 'whispers' } }],
    ]);
  });

  it('of a guild that comes again after the bot was thrown out are those it has now, without a word about them', async () => {
    const { app, discord } = bench;
    const id = '700000000000000002';
    for (const name of ['old', 'new']) {
      const guild = discord.addGuild({ id, name: 'Village' });
      await app.waitFor('guild.updated', ({ guildId }) => guildId === id);
      expect(types()).toEqual(['guild.updated']);
      guild.addChannel({ name });
      await app.waitFor('channel.created', ({ guildId, data }) => guildId === id && data.channel.name === name);
      expect(app.guilds.snapshot(id)!.channels!.map((channel) => channel.name)).toEqual([name]);
      app.events.length = 0;
      discord.removeGuild(id);
      await app.waitFor('guild.removed', ({ guildId }) => guildId === id);
      expect(types()).toEqual(['guild.removed']);
      app.events.length = 0;
    }
  });

  it('of a guild that is for adults alone are not told, nor who is in one', async () => {
    const { app, place } = bench;
    const { guild, ada, bob, general } = place;
    const { channels } = bench.snapshot;
    const { id } = guild.say({ channelId: general.id, authorId: ada.id, content: 'told' });
    guild.update({ nsfwLevel: 3 });
    await vi.waitFor(() => expect(bench.snapshot.channels).toEqual([]), { timeout: deadline });
    expect(bench.entry(bob.id)).toMatchObject({ voiceChannelId: null });
    guild.talk.edit(id, 'withheld');
    guild.update({ nsfwLevel: 0 });
    await vi.waitFor(() => expect(bench.snapshot.channels).toEqual(channels), { timeout: deadline });
    expect(bench.entry(bob.id)).toMatchObject({ voiceChannelId: lounge.id });
    await heard();
    expect(JSON.stringify(app.events)).not.toContain('withheld');
  });

  it('that changed in an outage are told when it is over, whether the session survives it or not', async () => {
    const { app, discord, place } = bench;
    const { guild, bob, robot } = place;
    for (const resumable of [true, false]) {
      const [goes, changes, closes] = ['goes', 'changes', 'closes'].map((name) => guild.addChannel({ name }).id);
      await heard();
      app.events.length = 0;
      const lost = app.waitForState('connecting');
      discord.dropSessions({ resumable });
      await lost;
      guild.removeChannel(goes!);
      guild.updateChannel(changes!, { name: 'changed' });
      guild.updateChannel(closes!, { nsfw: true });
      const comes = guild.addChannel({ name: 'comes', type: 2 }).id;
      guild.voice.move(robot.id, comes);
      guild.voice.move(bob.id, null);
      await app.waitForState('ready');
      await app.waitFor('member.updated', ({ data }) => data.member.voiceChannelId === comes);
      await vi.waitFor(() => expect(bench.entry(bob.id)).toMatchObject({ voiceChannelId: null }), {
        timeout: deadline,
      });
      guild.voice.move(bob.id, lounge.id);
      const told = app.events.filter(({ type }) => type.startsWith('channel.'));
      expect(told.map(({ type, data }) => [type, (data as { channel: { id: string } }).channel.id]).sort()).toEqual(
        [
          ['channel.deleted', goes],
          ['channel.updated', changes],
          ['channel.deleted', closes],
          ['channel.created', comes],
        ].sort(),
      );
      for (const id of [changes!, closes!, comes]) guild.removeChannel(id);
      await heard();
    }
  }, 60_000);
});

describe('members', () => {
  it('are told with where they are signed in, also when that alone changes', async () => {
    const { app, place } = bench;
    const { guild, ada } = place;
    expect(bench.entry(ada.id)).toMatchObject({ status: 'online', platforms: ['desktop'] });
    const games = [{ name: 'Chess' }];
    guild.setPresence(ada.id, 'online', games, ['desktop']);
    await heard();
    app.events.length = 0;
    guild.setPresence(ada.id, 'online', games, ['mobile', 'desktop']);
    expect((await app.waitFor('presence.updated')).data).toMatchObject({
      status: 'online',
      previous: 'online',
      platforms: ['desktop', 'mobile'],
    });
    guild.setPresence(ada.id, 'offline', [], ['web']);
    const gone = await app.waitFor('presence.updated', ({ data }) => data.status === 'offline');
    expect(gone.data).not.toHaveProperty('platforms');
    expect(bench.entry(ada.id)).not.toHaveProperty('platforms');
    guild.setPresence(ada.id, 'idle', [], ['web']);
    await app.waitFor('presence.updated', ({ data }) => data.platforms?.[0] === 'web');
    expect(bench.entry(ada.id)).toMatchObject({ status: 'idle', platforms: ['web'] });
  });

  it('who wear a role are told when it rises, is deleted, or is made anew', async () => {
    const { app, place } = bench;
    const { guild, ada, green, red } = place;
    const color = async (roleColor: string) => {
      await app.waitFor('member.updated', ({ data }) => data.member.roleColor === roleColor);
      expect(bench.entry(ada.id)).toMatchObject({ roleColor });
      app.events.length = 0;
    };
    guild.updateRole(green.id, { position: 20 });
    await color('#00ff00');
    guild.removeRole(green.id);
    await color('#ff0000');
    const blue = guild.addRole({ name: 'blue', color: 0x0000ff, position: 30 });
    guild.updateMember(ada.id, { roles: [red.id, blue.id] });
    await color('#0000ff');
    guild.removeRole(blue.id);
    await color('#ff0000');
  });
});

describe('all of it', () => {
  it('adds up to the snapshot', async () => {
    const { app, place } = bench;
    const { guild, ada, bob, general } = place;
    const stateOf = (snapshot: SourceSnapshot): GuildState => ({
      name: snapshot.guild.name,
      iconUrl: snapshot.guild.iconUrl,
      members: new Map(snapshot.members.map((member) => [member.id, member])),
      channels: new Map(snapshot.channels?.map((channel) => [channel.id, channel])),
      available: true,
    });
    await heard();
    app.events.length = 0;
    const state = stateOf(bench.snapshot);
    guild.setPresence(ada.id, 'dnd', [{ name: 'Go' }], ['mobile']);
    guild.setPresence(bob.id, 'online');
    const attic = guild.addChannel({ name: 'attic', type: 2 }).id;
    guild.voice.move(ada.id, attic);
    guild.voice.move(bob.id, attic);
    guild.voice.move(bob.id, null);
    guild.updateChannel(attic, { name: 'roof' });
    guild.updateChannel(general.id, { name: 'square' });
    guild.talk.edit(say('x'), 'y');
    guild.talk.type(bob.id, general.id);
    guild.setPresence(bob.id, 'offline');
    await heard();
    for (const event of app.events) applyEvent(state, event);
    expect(state).toEqual(stateOf(bench.snapshot));
    expect(new Set(types())).toEqual(
      new Set([
        'presence.updated',
        'member.updated',
        'channel.created',
        'channel.updated',
        'message.created',
        'message.updated',
        'typing.started',
      ]),
    );
  });
});
