import { Column, Entity, JoinColumn, ManyToOne, OneToMany, PrimaryColumn, type Relation } from 'typeorm';
import { type NotificationState, type NotificationTarget } from '../domain/notification.js';

/**
 * What a try came to. sent: it is in Discord · failed: counted, tried again while the schedule lasts · postponed:
 * nobody's fault, not counted · refused: no other try can help · expired: it was not sent, its time being over ·
 * abandoned: the process that tried fell silent, counted · unknown: it went out, and whether it arrived cannot be known.
 */
export const attemptOutcomes = ['sent', 'failed', 'postponed', 'refused', 'expired', 'abandoned', 'unknown'] as const;
export type AttemptOutcome = (typeof attemptOutcomes)[number];

/** Why a waiting notification is not offered: its route is paused · its target is switched off · a digest will tell it. */
export type Hold = 'paused' | 'off' | 'digest';

/**
 * A row of `notifications`, for reading; every write is a statement of the repository. What is secret of a target is no
 * column here, so that no answer can hold it.
 */
@Entity('notifications')
export class NotificationEntity {
  /** 64-bit, hence text. */
  @PrimaryColumn('bigint')
  id!: string;

  @Column('text', { name: 'guild_id', nullable: true })
  guildId!: string | null;

  @Column('jsonb')
  target!: NotificationTarget;

  @Column('text')
  type!: string;

  @Column('jsonb')
  payload!: Record<string, unknown>;

  @Column('text')
  state!: NotificationState;

  /** Tries that counted. */
  @Column('int')
  attempts!: number;

  /** By whose name it was published. */
  @Column('text', { nullable: true })
  route!: string | null;

  /** An index of `priorities`. */
  @Column('smallint')
  priority!: number;

  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;

  @Column('text', { name: 'group_key', nullable: true })
  groupKey!: string | null;

  @Column('text', { name: 'collapse_key', nullable: true })
  collapseKey!: string | null;

  /** Waits for an earlier one of its group. */
  @Column('boolean')
  behind!: boolean;

  /** Why it is not offered though it is pending. */
  @Column('text', { nullable: true })
  held!: Hold | null;

  /** Another target, while it has not been turned to. */
  @Column('jsonb', { nullable: true })
  fallback!: NotificationTarget | null;

  /** The row that took its place. */
  @Column('bigint', { name: 'superseded_by', nullable: true })
  supersededBy!: string | null;

  @Column('timestamptz', { name: 'not_before' })
  notBefore!: Date;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('text', { name: 'idempotency_key', nullable: true })
  idempotencyKey!: string | null;

  @Column('text', { name: 'idempotency_hash', nullable: true })
  idempotencyHash!: string | null;

  /** Fingerprint of the key that published it. */
  @Column('text')
  publisher!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'delivered_at', nullable: true })
  deliveredAt!: Date | null;

  /** When Discord told of its message. */
  @Column('timestamptz', { name: 'confirmed_at', nullable: true })
  confirmedAt!: Date | null;

  @OneToMany(() => NotificationAttemptEntity, (attempt) => attempt.notification)
  tries!: Relation<NotificationAttemptEntity>[];
}

@Entity('notification_attempts')
export class NotificationAttemptEntity {
  @PrimaryColumn('bigint')
  id!: string;

  @ManyToOne(() => NotificationEntity, (notification) => notification.tries)
  @JoinColumn({ name: 'notification_id' })
  notification!: Relation<NotificationEntity>;

  /** Which counted try it was, from 1; a postponed try carries the number of the try it was meant to be. */
  @Column('int')
  attempt!: number;

  @Column('timestamptz')
  at!: Date;

  @Column('text')
  outcome!: AttemptOutcome;

  @Column('text', { nullable: true })
  reason!: string | null;
}
