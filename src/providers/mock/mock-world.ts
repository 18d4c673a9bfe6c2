import { type NewDomainEvent } from '../../domain/events/index.js';
import { applyEvent, type GuildState } from '../../domain/guild-state.js';
import { type Member, referenceOf } from '../../domain/member.js';
import { statuses } from '../../domain/presence.js';
import { type DemoGuild, demoChannel, demoPhrases, demoVisitor, demoVisitors } from './demo-guilds.js';
import { SeededRandom } from './seeded-random.js';

/**
 * One demo guild that lives: each step changes somebody's status, lets somebody talk, or lets a visitor come or go.
 * The same seed gives the same steps. Residents never leave, so the known members are always there.
 */
export class MockWorld {
  private readonly random: SeededRandom;
  private readonly members: Map<string, Member>;
  private steps = 0;

  constructor(
    readonly guild: DemoGuild,
    seed: number,
  ) {
    this.random = new SeededRandom(seed ^ Number(BigInt(guild.id) & 0xffffffffn));
    this.members = new Map(guild.members.map((member) => [member.id, member]));
  }

  get present(): Member[] {
    return [...this.members.values()];
  }

  /** Milliseconds to wait before the next step. */
  pause(): number {
    return Math.round(this.random.between(1_500, 4_000));
  }

  step(now: Date): NewDomainEvent {
    this.steps += 1;
    const chance = this.random.next();
    const event = chance < 0.1 ? this.visit() : chance < 0.55 ? this.talk(now) : this.changeStatus();
    this.apply(event);
    return event;
  }

  private changeStatus(): NewDomainEvent {
    const member = this.random.pick(this.present);
    const status = this.random.pick(statuses.filter((other) => other !== member.status));
    return {
      type: 'presence.updated',
      guildId: this.guild.id,
      data: { member: referenceOf(member), status, previous: member.status, activities: [] },
    };
  }

  private talk(now: Date): NewDomainEvent {
    const author = this.random.pick(this.present);
    return {
      type: 'message.created',
      guildId: this.guild.id,
      data: {
        id: String(BigInt(demoChannel.id) + BigInt(this.steps)),
        channelId: demoChannel.id,
        channelName: demoChannel.name,
        author: { ...referenceOf(author), bot: author.bot },
        content: this.random.pick(demoPhrases),
        attachments: 0,
        createdAt: now.toISOString(),
      },
    };
  }

  private visit(): NewDomainEvent {
    const visitor = demoVisitor(this.guild, Math.floor(this.random.next() * demoVisitors.length));
    const here = this.members.get(visitor.id);
    return here
      ? { type: 'member.left', guildId: this.guild.id, data: { member: referenceOf(here) } }
      : { type: 'member.joined', guildId: this.guild.id, data: { member: visitor } };
  }

  private apply(event: NewDomainEvent): void {
    const state: GuildState = {
      name: this.guild.name,
      iconUrl: null,
      members: this.members,
      channels: new Map(),
      available: true,
    };
    applyEvent(state, event);
  }
}
