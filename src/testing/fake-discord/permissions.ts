import { type WireOverwrite, type WireRole } from './wire.js';

export const permissions = {
  addReactions: 1n << 6n,
  administrator: 1n << 3n,
  manageGuild: 1n << 5n,
  viewChannel: 1n << 10n,
  sendMessages: 1n << 11n,
  manageMessages: 1n << 13n,
  embedLinks: 1n << 14n,
  attachFiles: 1n << 15n,
  readMessageHistory: 1n << 16n,
  mentionEveryone: 1n << 17n,
  connect: 1n << 20n,
  speak: 1n << 21n,
  changeNickname: 1n << 26n,
} as const;

/** What @everyone may do in a fresh guild. */
export const everyonePermissions =
  permissions.addReactions |
  permissions.viewChannel |
  permissions.sendMessages |
  permissions.embedLinks |
  permissions.attachFiles |
  permissions.readMessageHistory |
  permissions.mentionEveryone |
  permissions.connect |
  permissions.speak |
  permissions.changeNickname;

interface Subject {
  guildId: string;
  userId: string;
  ownerId: string;
  /** Without @everyone. */
  roleIds: readonly string[];
  roles: ReadonlyMap<string, WireRole>;
}

/** The permission bits of a member in a channel, computed in Discord's order: roles, then overwrites. */
export function permissionsIn(subject: Subject, overwrites: readonly WireOverwrite[]): bigint {
  const all = ~0n;
  if (subject.userId === subject.ownerId) return all;
  const ids = [subject.guildId, ...subject.roleIds];
  let bits = 0n;
  for (const id of ids) bits |= BigInt(subject.roles.get(id)?.permissions ?? 0);
  if (bits & permissions.administrator) return all;
  const apply = (chosen: readonly WireOverwrite[]): void => {
    for (const { deny } of chosen) bits &= ~BigInt(deny);
    for (const { allow } of chosen) bits |= BigInt(allow);
  };
  apply(overwrites.filter(({ id }) => id === subject.guildId));
  apply(overwrites.filter(({ id, type }) => type === 0 && id !== subject.guildId && subject.roleIds.includes(id)));
  apply(overwrites.filter(({ id, type }) => type === 1 && id === subject.userId));
  return bits;
}

/** Whether `bits` hold all of `wanted`. */
export function may(bits: bigint, wanted: bigint): boolean {
  return (bits & wanted) === wanted;
}
