import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type Door } from '../domain/guild.js';

/** A guild of our own database. Alias, default and door are suggestions: what an operator's settings say comes first. */
@Entity('stored_guilds')
export class StoredGuild {
  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  name!: string;

  @Column('text', { name: 'icon_url', nullable: true })
  iconUrl!: string | null;

  @Column('text', { nullable: true })
  alias!: string | null;

  @Column('boolean', { name: 'is_default' })
  default!: boolean;

  @Column('text')
  door!: Door;

  /** Kept true by every write of members: counting them would cost more the more there are. */
  @Column('int', { name: 'member_count', default: 0 })
  memberCount!: number;
}
