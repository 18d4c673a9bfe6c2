import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type Door } from '../domain/guild.js';

/** What an operator decided about a guild. Where a column is null, the data source's suggestion stands. */
@Entity('guild_settings')
export class GuildSettings {
  @PrimaryColumn({ name: 'guild_id', type: 'text' })
  guildId!: string;

  /** A guild that is not enabled is not shown at all. */
  @Column({ type: 'boolean' })
  enabled!: boolean;

  /** Unique in any case; kept in lower case. */
  @Column({ type: 'text', nullable: true })
  alias!: string | null;

  /** True for one guild at most. */
  @Column({ name: 'is_default', type: 'boolean' })
  isDefault!: boolean;

  @Column({ type: 'text', nullable: true })
  door!: Door | null;

  /** Offline members are not shown. */
  @Column({ name: 'hide_offline', type: 'boolean' })
  hideOffline!: boolean;

  @Column({ name: 'hide_bots', type: 'boolean' })
  hideBots!: boolean;

  /** Ids of members who are not shown. */
  @Column({ name: 'ignored_users', type: 'text', array: true })
  ignoredUsers!: string[];

  /** Ids of roles; whoever has one of them is not shown. */
  @Column({ name: 'ignored_roles', type: 'text', array: true })
  ignoredRoles!: string[];

  /** Whether what is written in channels is forwarded. */
  @Column({ type: 'boolean' })
  messages!: boolean;

  /** The channels whose messages are forwarded, private ones too; null: those that everybody can read. */
  @Column({ type: 'text', array: true, nullable: true })
  channels!: string[] | null;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
