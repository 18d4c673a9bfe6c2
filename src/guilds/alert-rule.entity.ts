import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type AlertSide, type AlertTerms } from '../domain/alert-rule.js';
import { type FigureName } from '../domain/figures/index.js';

/** A row of `guild_alert_rules`, for reading; every write is a statement of the store. */
@Entity('guild_alert_rules')
export class AlertRuleEntity implements AlertTerms {
  @PrimaryColumn({ name: 'guild_id', type: 'text' })
  guildId!: string;

  /** Unique in the guild. */
  @PrimaryColumn({ type: 'text' })
  name!: string;

  @Column({ type: 'text' })
  figure!: FigureName;

  @Column({ type: 'text' })
  side!: AlertSide;

  @Column({ type: 'double precision' })
  threshold!: number;

  @Column({ type: 'double precision' })
  rearm!: number;

  @Column({ name: 'for_seconds', type: 'int' })
  forSeconds!: number;

  @Column({ type: 'json' })
  data!: Record<string, unknown>;

  @Column({ name: 'tell_cleared', type: 'boolean' })
  tellCleared!: boolean;

  @Column({ type: 'boolean' })
  enabled!: boolean;

  /** Stays over restarts, until the figure is back. */
  @Column({ type: 'boolean' })
  raised!: boolean;

  @Column({ name: 'raised_at', type: 'timestamptz', nullable: true })
  raisedAt!: Date | null;

  /** Another one whenever the rule is written: who decides by an old one decides nothing. */
  @Column({ type: 'uuid' })
  revision!: string;
}
