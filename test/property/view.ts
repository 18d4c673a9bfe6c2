import { isDeepStrictEqual } from 'node:util';
import { type GuildSnapshot } from '../../src/domain/guild-snapshot.js';
import { type DrawnFrame, type DrawnUser } from '../support/room-drivers/room-driver.js';
import { drawn, type Members } from './guild-truth.js';

/** What a client has of a guild: its cursor and the state it came to. Never changed, only replaced. */
export interface View {
  epoch: string;
  offset: number;
  /** Missing once the client has been where only a projection is carried. */
  full: Members | undefined;
  /** The world of a d-zone client, in which those who left stay on as offline. */
  drawn: ReadonlyMap<string, DrawnUser>;
}

export function viewOf(members: Members): Pick<View, 'full' | 'drawn'> {
  return { full: members, drawn: new Map([...members].map(([id, member]) => [id, drawn(member)])) };
}

/** As the d-zone client does: a presence changes a known actor, and draws an unknown one. */
export function draw(world: Map<string, DrawnUser>, { type, data }: DrawnFrame): void {
  if (type !== 'presence') return;
  const user = data as unknown as DrawnUser;
  world.set(user.uid, { uid: user.uid, username: user.username, status: user.status, roleColor: user.roleColor });
}

export function byId(members: GuildSnapshot['members']): Members {
  return new Map(members.map((member) => [member.id, member]));
}

export function snapshotFault(
  snapshot: GuildSnapshot | null | undefined,
  members: Members,
  cursor: string,
  guildId: string,
): string | undefined {
  if (!snapshot) return 'neither recovered nor a snapshot';
  if (snapshot.guild.id !== guildId || snapshot.cursor !== cursor) {
    return `the snapshot is of ${snapshot.guild.id} at ${snapshot.cursor}`;
  }
  if (snapshot.members.length !== members.size || !isDeepStrictEqual(byId(snapshot.members), members)) {
    return `the snapshot has ${JSON.stringify(snapshot.members)}, true is ${JSON.stringify([...members.values()])}`;
  }
  const online = [...members.values()].filter(({ status }) => status !== 'offline').length;
  const { memberCount, onlineCount } = snapshot.guild;
  const counted = memberCount === members.size && onlineCount === online;
  return counted ? undefined : `the snapshot counts ${memberCount} members and ${onlineCount} online`;
}

export function usersFault(users: Record<string, DrawnUser>, members: Members): string | undefined {
  const right = isDeepStrictEqual(new Map(Object.entries(users)), viewOf(members).drawn);
  return right ? undefined : `users are ${JSON.stringify(users)}, true is ${JSON.stringify([...members.values()])}`;
}

export function viewFault(view: View, members: Members): string | undefined {
  if (view.full && !isDeepStrictEqual(view.full, members)) {
    return `the client has ${JSON.stringify([...view.full.values()])}, true is ${JSON.stringify([...members.values()])}`;
  }
  for (const member of members.values()) {
    if (isDeepStrictEqual(view.drawn.get(member.id), drawn(member))) continue;
    return `drawn is ${JSON.stringify(view.drawn.get(member.id))}, true is ${JSON.stringify(drawn(member))}`;
  }
  const ghost = [...view.drawn.values()].find(({ uid, status }) => !members.has(uid) && status !== 'offline');
  return ghost && `${ghost.uid} left and is still drawn as ${ghost.status}`;
}

/** The frame has everything that is expected; more is no fault. */
export function isSame(frame: DrawnFrame, expected: DrawnFrame): boolean {
  const fits = Object.entries(expected.data).every(([key, value]) => isDeepStrictEqual(frame.data[key], value));
  return frame.type === expected.type && frame.server === expected.server && fits;
}
