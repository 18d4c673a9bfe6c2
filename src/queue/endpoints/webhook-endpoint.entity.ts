import { Column, Entity, JoinColumn, ManyToOne, OneToMany, PrimaryColumn, type Relation } from 'typeorm';

/** A row of `webhook_endpoints`, for reading; every write is a statement of the repository. */
@Entity('webhook_endpoints')
export class WebhookEndpointEntity {
  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  url!: string;

  @Column('text')
  description!: string;

  @Column('boolean')
  enabled!: boolean;

  /** Why Guildcast switched it off; null while it is on, and where an operator did. */
  @Column('text', { name: 'disabled_reason', nullable: true })
  disabledReason!: string | null;

  @Column('timestamptz', { name: 'disabled_at', nullable: true })
  disabledAt!: Date | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;

  @OneToMany(() => WebhookSecretEntity, (secret) => secret.endpoint)
  secrets!: Relation<WebhookSecretEntity>[];
}

/** What may be said of a secret. The secret itself is no column here, so that no answer can hold it. */
@Entity('webhook_secrets')
export class WebhookSecretEntity {
  @PrimaryColumn('bigint')
  id!: string;

  @ManyToOne(() => WebhookEndpointEntity, (endpoint) => endpoint.secrets)
  @JoinColumn({ name: 'endpoint_id' })
  endpoint!: Relation<WebhookEndpointEntity>;

  @Column('text')
  fingerprint!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  /** Null for the newest. */
  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;
}
