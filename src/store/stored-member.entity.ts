import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type Member } from '../domain/member.js';
import { type Activity, type Status } from '../domain/presence.js';

@Entity('stored_members')
export class StoredMember {
  @PrimaryColumn('text', { name: 'guild_id' })
  guildId!: string;

  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  username!: string;

  @Column('text', { name: 'display_name' })
  displayName!: string;

  @Column('text', { name: 'avatar_url', nullable: true })
  avatarUrl!: string | null;

  @Column('boolean')
  bot!: boolean;

  @Column('text', { name: 'role_color' })
  roleColor!: string;

  @Column('text', { name: 'role_ids', array: true })
  roleIds!: string[];

  @Column('text')
  status!: Status;

  @Column('jsonb')
  activities!: Activity[];

  @Column('text', { name: 'voice_channel_id', nullable: true })
  voiceChannelId!: string | null;

  @Column('timestamptz', { name: 'joined_at', nullable: true })
  joinedAt!: Date | null;
}

/** For an upsert: everything but the key. */
export const memberColumns = [
  'username',
  'display_name',
  'avatar_url',
  'bot',
  'role_color',
  'role_ids',
  'status',
  'activities',
  'voice_channel_id',
  'joined_at',
];

export function rowOf(guildId: string, member: Member): StoredMember {
  const joinedAt = member.joinedAt === null ? null : new Date(member.joinedAt);
  return { ...member, guildId, joinedAt };
}

export function memberOf({ guildId: _, joinedAt, ...rest }: StoredMember): Member {
  return { ...rest, joinedAt: joinedAt?.toISOString() ?? null };
}
