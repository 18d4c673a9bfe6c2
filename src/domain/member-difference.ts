import { channelDifferences } from './channel-difference.js';
import { type DomainEventMap, type NewDomainEvent } from './events/index.js';
import { type GuildState } from './guild-state.js';
import { type Member, referenceOf } from './member.js';
import { type Activity } from './presence.js';
import { type SourceSnapshot } from './source-snapshot.js';

/** True when the status, an activity or a platform differs. */
export function presenceDiffers(before: Member, after: Member): boolean {
  return (
    before.status !== after.status ||
    !sameList(before.activities, after.activities, sameActivity) ||
    !sameList(before.platforms ?? [], after.platforms ?? [], Object.is)
  );
}

/** What is told of a member's presence; `previous` is the status before. */
export function presenceOf(
  member: Member,
  previous: Member['status'] | null,
): Omit<DomainEventMap['presence.updated'], 'actor'> {
  const { status, activities, platforms } = member;
  return { member: referenceOf(member), status, previous, activities, ...(platforms && { platforms }) };
}

/** The former values of the fields that changed, but for the presence; undefined when none did. */
export function formerFields(before: Member, after: Member): Partial<Member> | undefined {
  const former: Partial<Member> = {};
  if (before.username !== after.username) former.username = before.username;
  if (before.displayName !== after.displayName) former.displayName = before.displayName;
  if (before.avatarUrl !== after.avatarUrl) former.avatarUrl = before.avatarUrl;
  if (before.bot !== after.bot) former.bot = before.bot;
  if (before.roleColor !== after.roleColor) former.roleColor = before.roleColor;
  if (!sameList(before.roleIds, after.roleIds, Object.is)) former.roleIds = before.roleIds;
  if (before.voiceChannelId !== after.voiceChannelId) former.voiceChannelId = before.voiceChannelId;
  if (before.joinedAt !== after.joinedAt) former.joinedAt = before.joinedAt;
  return Object.keys(former).length > 0 ? former : undefined;
}

/** The events that lead from what was shown of a guild to what its source says now; none when nothing differs. */
export function differences(before: GuildState, { guild, members, channels }: SourceSnapshot): NewDomainEvent[] {
  const guildId = guild.id;
  const events: NewDomainEvent[] = [];
  if (!before.available || before.name !== guild.name || before.iconUrl !== guild.iconUrl) {
    const { name, iconUrl } = guild;
    events.push({ type: 'guild.updated', guildId, data: { guild: { name, iconUrl } } });
  }
  if (channels) events.push(...channelDifferences(guildId, before.channels, channels));
  const present = new Set<string>();
  for (const member of members) {
    present.add(member.id);
    const known = before.members.get(member.id);
    if (known === undefined) events.push({ type: 'member.joined', guildId, data: { member } });
    else events.push(...memberDifferences(guildId, known, member));
  }
  for (const member of before.members.values()) {
    if (!present.has(member.id)) events.push({ type: 'member.left', guildId, data: { member: referenceOf(member) } });
  }
  return events;
}

function memberDifferences(guildId: string, before: Member, after: Member): NewDomainEvent[] {
  const events: NewDomainEvent[] = [];
  const previous = formerFields(before, after);
  // An update carries the whole member, presence included.
  if (previous) events.push({ type: 'member.updated', guildId, data: { member: after, previous } });
  if (presenceDiffers(before, after)) {
    events.push({ type: 'presence.updated', guildId, data: presenceOf(after, before.status) });
  }
  return events;
}

function sameActivity(one: Activity, other: Activity): boolean {
  const { type, name, state, details } = other;
  return one.type === type && one.name === name && one.state === state && one.details === details;
}

function sameList<T>(one: readonly T[], other: readonly T[], same: (one: T, other: T) => boolean): boolean {
  return one.length === other.length && one.every((value, index) => same(value, other[index]!));
}
