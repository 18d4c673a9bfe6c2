import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { PgListener } from '../../database/pg-listener.js';
import { Fault } from '../../domain/fault.js';
import { LastKnown } from '../../guilds/last-known.js';
import { TableWatch } from '../../guilds/table-watch.js';
import { storableJson } from '../canonical-json.js';
import { reachDatabase } from '../reach-database.js';
import { type Locale } from '../../domain/notification.js';
import { CompiledTemplate } from './compiled-template.js';
import { KnownTemplate } from './known-template.js';
import { NotificationTemplateEntity } from './notification-template.entity.js';
import { type TemplateBody } from './template-body.js';
import { TemplateFailure } from './template-failure.js';

/** All of them are kept in memory. */
const mostTemplates = 500;

type Templates = ReadonlyMap<string, KnownTemplate>;

const upsert = `
  insert into notification_templates (type, locale, body) values ($1, $2, $3)
  on conflict (type, locale) do update set body = excluded.body`;

/**
 * The operators' templates. Those who deliver read them from memory, and an outage of the database leaves them with what
 * was last known; what is shown to operators is read from the database.
 */
@Injectable()
export class NotificationTemplateStore implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(NotificationTemplateStore.name);
  private readonly known: LastKnown<Templates>;
  private readonly watch: TableWatch;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    listener: PgListener,
  ) {
    this.known = new LastKnown<Templates>('notification templates', new Map(), () => this.read(), this.logger);
    this.watch = new TableWatch(listener, 'notification_templates', this.known);
  }

  /** Read before anything is delivered. */
  async onModuleInit(): Promise<void> {
    await this.known.read();
  }

  onApplicationBootstrap(): void {
    this.watch.start();
  }

  onApplicationShutdown(): void {
    this.watch.stop();
  }

  /** As it was last known. */
  find(type: string, locale: Locale): KnownTemplate | undefined {
    return this.known.value.get(nameOf(type, locale));
  }

  /** By type and language. @throws Fault `service.unavailable`, as all that follow */
  list(): Promise<NotificationTemplateEntity[]> {
    return reachDatabase(this.rows.find({ order: { type: 'ASC', locale: 'ASC' } }));
  }

  get(type: string, locale: Locale): Promise<NotificationTemplateEntity | null> {
    return reachDatabase(this.rows.findOneBy({ type, locale }));
  }

  /**
   * Writes a template, over the former one. When it answers, deliveries of this process use it.
   * @throws Fault `request.invalid` when an expression cannot be read, `request.conflict` when there are too many
   */
  async save(type: string, locale: Locale, body: TemplateBody): Promise<NotificationTemplateEntity> {
    const stored = storableJson(JSON.stringify(body));
    void new CompiledTemplate(JSON.parse(stored) as TemplateBody, locale);
    const saved = await reachDatabase(this.write(type, locale, stored));
    if (!saved) {
      throw new Fault('request.conflict', `There are ${mostTemplates} templates, which is as many as there may be.`);
    }
    await this.known.renew();
    return saved;
  }

  /** False when there is none. */
  async remove(type: string, locale: Locale): Promise<boolean> {
    const { affected } = await reachDatabase(this.rows.delete({ type, locale }));
    await this.known.renew();
    return (affected ?? 0) > 0;
  }

  /** A template could not be used: in the log once, and beside the template for those who look at it. */
  report(template: KnownTemplate, failure: TemplateFailure): void {
    const { type, locale, revision } = template;
    const { first, worthNoting } = template.failed(failure);
    // The reason stays out of the log: it may repeat what a notification says.
    if (first) {
      const what = `The template of ${type} (${locale}) cannot be used, at ${failure.place}`;
      this.logger.warn(`${what}: its notifications have another form. GET /api/v1/admin/templates tells why`);
    }
    if (!worthNoting) return;
    const words = failure.message.replaceAll('\0', '\ufffd');
    this.dataSource
      .query(
        `update notification_templates set last_error = $1, last_error_at = now()
         where type = $2 and locale = $3 and revision = $4`,
        [words, type, locale, revision],
      )
      .catch((error: unknown) => this.logger.debug(`What ails a template was not noted: ${String(error)}`));
  }

  private get rows() {
    return this.dataSource.getRepository(NotificationTemplateEntity);
  }

  /** Undefined when there are as many as there may be. */
  private write(type: string, locale: Locale, body: string): Promise<NotificationTemplateEntity | undefined> {
    return this.dataSource.transaction(async (manager) => {
      // Two that write at once would each count without the other.
      await manager.query(`select pg_advisory_xact_lock(hashtext('notification_templates'))`);
      const count = await manager.count(NotificationTemplateEntity);
      const known = await manager.existsBy(NotificationTemplateEntity, { type, locale });
      if (count >= mostTemplates && !known) return undefined;
      await manager.query(upsert, [type, locale, body]);
      return manager.findOneByOrFail(NotificationTemplateEntity, { type, locale });
    });
  }

  private async read(): Promise<Templates> {
    const rows = await this.rows.find();
    return new Map(rows.map((row) => [nameOf(row.type, row.locale), this.knownOf(row)]));
  }

  /** The same one as long as it did not change: it remembers what was said of it. */
  private knownOf(row: NotificationTemplateEntity): KnownTemplate {
    const former = this.find(row.type, row.locale);
    if (former?.revision === row.revision) return former;
    const template = new KnownTemplate(row);
    if (template.unreadable) this.report(template, template.unreadable);
    return template;
  }
}

function nameOf(type: string, locale: Locale): string {
  return `${locale}:${type}`;
}
