import { type NewDomainEvent } from '../domain/events/index.js';
import { applyEvent, type GuildState } from '../domain/guild-state.js';
import { type Member, referenceOf } from '../domain/member.js';
import {
  judge,
  type Judged,
  type ShownFilter,
  showsChannel,
  showsMember,
  showsStranger,
} from '../domain/shown-filter.js';

type MemberEvent = Extract<Judged, { kind: 'member' }>['event'];

/** What a message calls somebody whose name is not known. */
const noName = '@unknown-user';

/**
 * The members of a guild with a filter: all of them as the source tells of them, and which of them are shown. Kept
 * apart from the room, which holds what is shown.
 */
export class ShownMembers {
  private readonly state: GuildState;
  /** How messages would name those who hide, longest first. Made when asked for. */
  private hiddenNames: string[] | undefined;

  constructor(
    private readonly guildId: string,
    private shownBy: ShownFilter,
    everybody: Iterable<Member>,
  ) {
    const members = new Map<string, Member>();
    for (const member of everybody) members.set(member.id, member);
    this.state = { name: '', iconUrl: null, members, channels: new Map(), available: true };
  }

  /** Also those who are not shown. */
  get everybody(): Map<string, Member> {
    return this.state.members;
  }

  get filter(): ShownFilter {
    return this.shownBy;
  }

  shown(): Member[] {
    return [...this.everybody.values()].filter((member) => showsMember(this.filter, member));
  }

  /** Takes the event in, and answers what of it is shown. */
  pass(event: NewDomainEvent): NewDomainEvent | undefined {
    const judged = judge(event);
    if (judged?.kind === 'member') return this.change(judged.event);
    if (judged?.kind === 'guild') {
      applyEvent(this.state, event);
      return this.withoutHiddenActor(event);
    }
    if (!judged) return undefined;
    const { by, channelId } = judged.deed;
    if (channelId !== undefined && !showsChannel(this.filter, channelId)) return undefined;
    if (by && !this.shows(by)) return undefined;
    return this.withoutHiddenNames(this.withoutHiddenActor(event));
  }

  /** Shows by another filter from now on. Answers what leads those inside there. */
  showBy(filter: ShownFilter): NewDomainEvent[] {
    const before = this.filter;
    this.shownBy = filter;
    this.hiddenNames = undefined;
    const events: NewDomainEvent[] = [];
    for (const member of this.everybody.values()) {
      const was = showsMember(before, member);
      const is = showsMember(filter, member);
      if (was && !is) events.push(this.left(member));
      if (!was && is) events.push(this.joined(member));
    }
    return events;
  }

  private shows(somebody: { id: string; bot?: boolean }): boolean {
    const member = this.everybody.get(somebody.id);
    return member ? showsMember(this.filter, member) : showsStranger(this.filter, somebody);
  }

  private change(event: MemberEvent): NewDomainEvent | undefined {
    const { id } = event.data.member;
    const before = this.everybody.get(id);
    // Nothing is known of them but that they are there: no filter but one by id could be held against them.
    if (!before && event.type === 'presence.updated' && !showsStranger(this.filter, { id })) return undefined;
    applyEvent(this.state, event);
    if (this.filter.hidden.has(id)) this.hiddenNames = undefined;
    const after = this.everybody.get(id);
    const was = before !== undefined && showsMember(this.filter, before);
    const is = after !== undefined && showsMember(this.filter, after);
    if (was && !is) return event.type === 'member.left' ? this.withoutHiddenActor(event) : this.left(before);
    if (!is) return undefined;
    // Who was not known before has not been hidden: sources introduce members by other events than joins.
    if (before && !was && event.type !== 'member.joined') return this.joined(after);
    return this.withoutHiddenActor(event);
  }

  private joined(member: Member): NewDomainEvent {
    return { type: 'member.joined', guildId: this.guildId, data: { member } };
  }

  private left(member: Member): NewDomainEvent {
    return { type: 'member.left', guildId: this.guildId, data: { member: referenceOf(member) } };
  }

  /** Who is not shown has not done anything either. */
  private withoutHiddenActor(event: NewDomainEvent): NewDomainEvent {
    const actor = 'actor' in event.data ? event.data.actor : undefined;
    const id = typeof actor === 'string' ? /^(?!key:).*?(\d{5,20})$/.exec(actor)?.[1] : undefined;
    if (id === undefined || this.shows({ id })) return event;
    return { ...event, data: { ...event.data, actor: undefined } } as NewDomainEvent;
  }

  private withoutHiddenNames(event: NewDomainEvent): NewDomainEvent {
    if (!('content' in event.data) || !event.data.content.includes('@')) return event;
    this.hiddenNames ??= this.namesOfHidden();
    const content = this.hiddenNames.reduce((text, name) => text.replaceAll(name, noName), event.data.content);
    return content === event.data.content ? event : ({ ...event, data: { ...event.data, content } } as NewDomainEvent);
  }

  private namesOfHidden(): string[] {
    const names = new Set<string>();
    for (const id of this.filter.hidden) {
      const member = this.everybody.get(id);
      if (member) names.add(`@${member.displayName}`).add(`@${member.username}`);
    }
    names.delete('@');
    return [...names].sort((a, b) => b.length - a.length);
  }
}
