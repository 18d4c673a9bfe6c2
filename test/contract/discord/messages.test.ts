import { PermissionFlagsBits } from 'discord.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DomainEventType } from '../../../src/domain/events/index.js';
import { DiscordBench } from './discord-bench.js';

const view = PermissionFlagsBits.ViewChannel;

let bench: DiscordBench;
/** Written before the program started: in an open channel, and in one that is closed at the start. */
const before = { open: '', gone: '', closed: '', den: '' };

beforeAll(async () => {
  bench = await DiscordBench.open({
    prepare: (_, { guild, ada, general }) => {
      const closed = [{ id: guild.id, type: 0 as const, deny: view }];
      before.den = guild.addChannel({ name: 'den', overwrites: closed }).id;
      before.open = guild.say({ channelId: general.id, authorId: ada.id, content: 'long ago', attachments: 1 }).id;
      before.gone = guild.say({ channelId: general.id, authorId: ada.id, content: 'gone soon' }).id;
      before.closed = guild.say({ channelId: before.den, authorId: ada.id, content: 'long ago, in the den' }).id;
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

function say(content: string, channelId = bench.place.general.id): string {
  return bench.place.guild.say({ channelId, authorId: bench.place.ada.id, content }).id;
}

/** Whatever Discord told before has been heard when this is over. */
async function heard(): Promise<void> {
  const id = say('until here');
  await bench.app.waitFor('message.created', ({ data }) => data.id === id);
}

const types = (): DomainEventType[] => bench.app.events.map(({ type }) => type);

describe('messages', () => {
  it('that are edited are told as they are now, once for each edit', async () => {
    const { app, place } = bench;
    const id = say('helo');
    place.guild.talk.edit(id, `hello <@${place.bob.id}>`);
    place.guild.talk.pin(id);
    const other = say('pinned alone');
    place.guild.talk.pin(other);
    await heard();
    const [created] = app.of('message.created');
    expect(app.of('message.updated').map(({ data }) => data)).toEqual([
      { ...created!.data, content: 'hello @Bobby', editedAt: expect.any(String) as string },
    ]);
    place.guild.talk.edit(id, 'hello, again');
    await app.waitFor('message.updated', ({ data }) => data.content === 'hello, again');
  });

  it('from before the start are told when they are edited, but not when they are deleted', async () => {
    const { app, place } = bench;
    const older = say('not told', before.den);
    place.guild.talk.edit(before.open, 'not so long ago');
    const { data } = await app.waitFor('message.updated');
    expect(data).toMatchObject({
      id: before.open,
      channelName: 'general',
      author: { id: place.ada.id, displayName: 'Countess', roleColor: '#ff0000', bot: false },
      content: 'not so long ago',
      attachments: 1,
    });
    place.guild.talk.delete(older);
    await heard();
    expect(app.of('message.deleted')).toEqual([]);
  });

  it('that are deleted are told by their ids, one or many, if they were told of at all', async () => {
    const { app, place } = bench;
    const [one, two, three] = [say('one'), say('two'), say('three')];
    const { id: hall } = place.guild.addChannel({ name: 'hall', overwrites: closedFor() });
    const [four, five] = [say('four', hall), say('five', hall)];
    place.guild.updateChannel(hall, { overwrites: [] });
    place.guild.talk.delete(one);
    // Nobody was told of these, though everybody may read their channel now.
    place.guild.talk.delete(four);
    place.guild.talk.delete(before.gone);
    place.guild.talk.delete(two, three);
    place.guild.talk.delete(five, say('six', hall));
    place.guild.removeChannel(hall);
    await heard();
    const six = app.of('message.created').find(({ data }) => data.content === 'six')?.data.id;
    const where = { channelId: place.general.id, channelName: 'general' };
    expect(app.of('message.deleted').map(({ data }) => data)).toEqual([
      { ids: [one], ...where },
      { ids: [two, three], ...where },
      { ids: [six], channelId: hall, channelName: 'hall' },
    ]);
  });

  it('of a channel that closes are neither edited nor deleted, and nobody writes there, from that moment on', async () => {
    const { app, place } = bench;
    const { guild, ada } = place;
    for (const change of [{ overwrites: closedFor() }, { nsfw: true }]) {
      app.events.length = 0;
      const { id: channelId } = guild.addChannel({ name: 'porch' });
      const [edited, deleted, many] = [say('one', channelId), say('two', channelId), say('three', channelId)];
      guild.updateChannel(channelId, change);
      const written = say('withheld', channelId);
      guild.talk.edit(edited, 'withheld too');
      guild.talk.delete(deleted);
      guild.talk.delete(many, written);
      guild.talk.type(ada.id, channelId);
      await heard();
      expect(types()).toEqual([
        'channel.created',
        ...Array.from({ length: 3 }, () => 'message.created'),
        'channel.deleted',
        'message.created',
      ]);
      expect(JSON.stringify(app.events)).not.toContain('withheld');
      guild.removeChannel(channelId);
    }
  });

  it('that were written for some alone stay so when their channel opens and they are edited', async () => {
    const { app, place } = bench;
    const { guild } = place;
    const porch = guild.addChannel({ name: 'veranda' }).id;
    const told = say('told', porch);
    guild.updateChannel(porch, { overwrites: closedFor() });
    const withheld = say('withheld', porch);
    guild.talk.edit(told, 'edited while closed');
    guild.updateChannel(porch, { overwrites: [] });
    guild.talk.edit(withheld, 'withheld, edited in the open');
    // Discord repeats the message with the text of the edit that was made while the channel was closed.
    guild.talk.pin(told);
    guild.updateChannel(before.den, { overwrites: [] });
    guild.talk.edit(before.closed, 'from the den, edited in the open');
    const fresh = say('fresh', porch);
    guild.talk.edit(fresh, 'fresh, edited');
    await heard();
    expect(app.of('message.updated').map(({ data }) => data.content)).toEqual(['fresh, edited']);
    expect(JSON.stringify(app.events)).not.toMatch(/withheld|from the den|while closed/);
    guild.updateChannel(before.den, { overwrites: closedFor() });
    guild.removeChannel(porch);
  });

  it('in a thread follow the channel that it hangs on', async () => {
    const { app, place } = bench;
    const { guild, general } = place;
    const open = guild.addChannel({ name: 'aside', type: 11, parentId: general.id }).id;
    const closed = guild.addChannel({ name: 'hushed', type: 11, parentId: before.den }).id;
    const [shown, hidden] = [say('shown', open), say('hidden', closed)];
    guild.talk.edit(shown, 'shown, edited');
    guild.talk.edit(hidden, 'hidden, edited');
    guild.talk.delete(shown);
    guild.talk.delete(hidden);
    await heard();
    expect(types()).toEqual(['message.created', 'message.updated', 'message.deleted', 'message.created']);
    expect(app.of('message.deleted')[0]!.data).toEqual({ ids: [shown], channelId: open, channelName: 'aside' });
  });
});

describe('who writes', () => {
  it('is told once for a while, for each channel, and of closed channels not at all', async () => {
    const { app, place } = bench;
    const { guild, ada, robot, general } = place;
    const side = guild.addChannel({ name: 'side' });
    for (const who of [ada, ada, robot, ada]) guild.talk.type(who.id, general.id);
    guild.talk.type(ada.id, side.id);
    guild.talk.type(ada.id, before.den);
    await heard();
    expect(app.of('typing.started').map(({ data }) => [data.member.displayName, data.channelName])).toEqual([
      ['Countess', 'general'],
      ['robot', 'general'],
      ['Countess', 'side'],
    ]);
    expect(app.of('typing.started')[0]!.data).toEqual({
      member: { id: ada.id, username: 'ada', displayName: 'Countess', roleColor: '#ff0000' },
      channelId: general.id,
      channelName: 'general',
    });
    guild.removeChannel(side.id);
  });
});
