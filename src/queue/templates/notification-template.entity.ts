import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type Locale } from '../../domain/notification.js';

/** How notifications of one type look in one language, as an operator wrote it. */
@Entity('notification_templates')
export class NotificationTemplateEntity {
  @PrimaryColumn('text')
  type!: string;

  @PrimaryColumn('text')
  locale!: Locale;

  /** A `TemplateBody`, unless somebody else wrote it. */
  @Column('jsonb')
  body!: unknown;

  /** Another one with each change of the body. */
  @Column('uuid')
  revision!: string;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;

  /** Why it could not be filled in when that happened last. */
  @Column('text', { name: 'last_error', nullable: true })
  lastError!: string | null;

  @Column('timestamptz', { name: 'last_error_at', nullable: true })
  lastErrorAt!: Date | null;
}
