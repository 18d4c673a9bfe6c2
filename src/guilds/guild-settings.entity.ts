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

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
