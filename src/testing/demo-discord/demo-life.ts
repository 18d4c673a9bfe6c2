import { type FakeDiscord } from '../fake-discord/fake-discord.js';
import { type FakeGuild } from '../fake-discord/fake-guild.js';
import { demoNames, demoPhrases, demoRoles } from './demo-people.js';

const statuses = ['online', 'idle', 'dnd', 'offline'] as const;
/** Discord's numbers for kinds of channels. */
const textChannel = 0;
const voiceChannel = 2;
const games = ['chess', 'a puzzle', 'an old record', 'with the lights off'];

export interface DemoLifeOptions {
  /** Of each guild. */
  members: number;
  /** Milliseconds between two things that happen in a guild; each pause is up to half as long again. */
  pause: number;
}

/** Guilds of a fake Discord in which people come, go, talk and change, until `stop`. */
export class DemoLife {
  readonly guilds: FakeGuild[];
  private readonly timers = new Map<FakeGuild, NodeJS.Timeout>();

  constructor(
    private readonly discord: FakeDiscord,
    private readonly options: DemoLifeOptions,
  ) {
    this.guilds = [this.settle('Observatory'), this.settle('Harbour')];
  }

  start(): void {
    for (const guild of this.guilds) this.wait(guild);
  }

  stop(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }

  /** One thing happens in the guild. */
  step(guild: FakeGuild): void {
    const chance = Math.random();
    const member = this.pick(this.people(guild));
    if (chance < 0.5) guild.setPresence(member, this.pick(statuses), Math.random() < 0.3 ? [this.game()] : []);
    else if (chance < 0.85) this.talk(guild, member);
    else if (chance < 0.88) this.wander(guild, member);
    else if (chance < 0.92) guild.updateMember(member, { roles: [this.pick(this.coloured(guild))] });
    else if (chance < 0.95) this.visit(guild);
    else guild.updateMember(member, { nick: Math.random() < 0.5 ? null : this.pick(demoNames) });
  }

  /** Everybody but the bot. */
  people(guild: FakeGuild): string[] {
    return [...guild.members.keys()].filter((id) => id !== guild.botId);
  }

  private settle(name: string): FakeGuild {
    const guild = this.discord.addGuild({ name });
    guild.addChannel({ name: 'general' });
    guild.addChannel({ name: 'help' });
    guild.addChannel({ name: 'Lounge', type: voiceChannel });
    for (const role of demoRoles) guild.addRole(role);
    for (let n = 0; n < this.options.members; n += 1) this.arrive(guild, n);
    return guild;
  }

  private arrive(guild: FakeGuild, n: number): void {
    const name = demoNames[n % demoNames.length] ?? 'somebody';
    const round = Math.floor(n / demoNames.length);
    guild.addMember({
      username: round === 0 ? name.toLowerCase() : `${name.toLowerCase()}${round}`,
      globalName: round === 0 ? name : `${name} ${round}`,
      status: this.pick(statuses),
      roles: Math.random() < 0.6 ? [this.pick(this.coloured(guild))] : [],
    });
  }

  private wait(guild: FakeGuild): void {
    const pause = this.options.pause * (1 + Math.random() / 2);
    const timer = setTimeout(() => {
      this.step(guild);
      this.wait(guild);
    }, pause);
    this.timers.set(guild, timer);
  }

  private talk(guild: FakeGuild, authorId: string): void {
    const channelId = this.pick(this.channels(guild, textChannel));
    guild.talk.type(authorId, channelId);
    const { id } = guild.say({ channelId, authorId, content: this.pick(demoPhrases) });
    const chance = Math.random();
    if (chance < 0.1) guild.talk.edit(id, this.pick(demoPhrases));
    else if (chance < 0.13) guild.talk.delete(id);
  }

  /** Somebody enters a voice channel, or leaves it. */
  private wander(guild: FakeGuild, member: string): void {
    const inside = guild.voice.states.some(({ user_id }) => user_id === member);
    guild.voice.move(member, inside ? null : this.pick(this.channels(guild, voiceChannel)));
  }

  private channels(guild: FakeGuild, kind: number): string[] {
    return [...guild.channels.values()].filter(({ type }) => type === kind).map(({ id }) => id);
  }

  /** Somebody comes or goes; about as many stay. */
  private visit(guild: FakeGuild): void {
    const people = this.people(guild);
    if (people.length > this.options.members) guild.removeMember(this.pick(people));
    else this.arrive(guild, people.length);
  }

  private coloured(guild: FakeGuild): string[] {
    return [...guild.roles.values()].filter(({ color }) => color !== 0).map(({ id }) => id);
  }

  private game(): { name: string } {
    return { name: this.pick(games) };
  }

  private pick<T>(list: readonly T[]): T {
    const choice = list[Math.floor(Math.random() * list.length)];
    if (choice === undefined) throw new RangeError('nothing to pick from');
    return choice;
  }
}
