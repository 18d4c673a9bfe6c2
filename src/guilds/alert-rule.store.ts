import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { describeConnectionFault } from '../database/connection-fault.js';
import { type AlertTerms } from '../domain/alert-rule.js';
import { Fault } from '../domain/fault.js';
import { isFigureName } from '../domain/figures/index.js';
import { AlertRuleEntity } from './alert-rule.entity.js';
import { LastKnown } from './last-known.js';

export const mostRulesOfGuild = 20;
const mostRules = 1_000;

type Rules = ReadonlyMap<string, readonly AlertRuleEntity[]>;

const upsert = `
  insert into guild_alert_rules as rule
    (guild_id, name, figure, side, threshold, rearm, for_seconds, data, tell_cleared, enabled)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
  on conflict (guild_id, name) do update set
    figure = excluded.figure, side = excluded.side, threshold = excluded.threshold, rearm = excluded.rearm,
    for_seconds = excluded.for_seconds, data = excluded.data, tell_cleared = excluded.tell_cleared,
    enabled = excluded.enabled, revision = excluded.revision,
    raised = rule.raised and ${sameCondition()},
    raised_at = case when ${sameCondition()} then rule.raised_at end`;

function sameCondition(): string {
  const columns = ['figure', 'side', 'threshold', 'rearm'];
  return columns.map((column) => `rule.${column} = excluded.${column}`).join(' and ');
}

/** The operators' alert rules, read from memory, and which of them are raised. Only the database decides that. */
@Injectable()
export class AlertRuleStore implements OnModuleInit {
  private readonly logger = new Logger(AlertRuleStore.name);
  private readonly known: LastKnown<Rules>;

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {
    this.known = new LastKnown<Rules>('alert rules', new Map(), () => this.read(), this.logger);
  }

  async onModuleInit(): Promise<void> {
    await this.known.read();
  }

  /** By guild, each guild's in the order of their names. */
  async all(): Promise<Rules> {
    await this.known.refresh();
    return this.known.value;
  }

  /** Those of a guild, as they were last known. */
  of(guildId: string): readonly AlertRuleEntity[] {
    return this.known.value.get(guildId) ?? [];
  }

  /**
   * Writes a rule, over the former one of that name. One that was raised stays so as long as what it asks is the same.
   * @throws Fault `request.conflict` when there are as many as there may be, `service.unavailable`
   */
  async save(guildId: string, name: string, terms: AlertTerms): Promise<AlertRuleEntity> {
    const saved = await this.write(guildId, name, terms).catch((error: unknown) => {
      throw this.faultOf(error);
    });
    await this.known.renew();
    return saved;
  }

  /** False when there is no such rule. @throws Fault `service.unavailable` */
  async remove(guildId: string, name: string): Promise<boolean> {
    const removal = this.dataSource.getRepository(AlertRuleEntity).delete({ guildId, name });
    const { affected } = await removal.catch((error: unknown) => {
      throw this.faultOf(error);
    });
    await this.known.renew();
    return (affected ?? 0) > 0;
  }

  /**
   * Raises alerts, or takes them back, by the revisions of their rules. Answers those for which this call did it, and
   * when, by the database's clock: of several that try, whatever process they are in, one does.
   * @throws Error when the database is away; then nothing has happened, as far as can be told
   */
  async turn(raised: boolean, revisions: readonly string[]): Promise<ReadonlyMap<string, Date>> {
    const [rows]: [{ revision: string; at: Date }[], number] = await this.dataSource.query(
      `update guild_alert_rules set raised = $1, raised_at = case when $1 then now() end
       where revision = any($2::uuid[]) and raised <> $1 and enabled
       returning revision, now() as at`,
      [raised, revisions],
    );
    const turned = new Map(rows.map(({ revision, at }) => [revision, at]));
    for (const rule of [...this.known.value.values()].flat()) {
      const at = turned.get(rule.revision);
      if (at) Object.assign(rule, { raised, raisedAt: raised ? at : null });
    }
    // Those that another process turned, or that are no longer what we know, will be seen with the next look.
    this.known.outdate();
    return turned;
  }

  private async write(guildId: string, name: string, terms: AlertTerms): Promise<AlertRuleEntity> {
    return this.dataSource.transaction(async (manager) => {
      // Two that write at once would each count without the other.
      await manager.query(`select pg_advisory_xact_lock(hashtext('guild_alert_rules'))`);
      const names = await manager.find(AlertRuleEntity, { select: { name: true, guildId: true } });
      const here = names.filter((rule) => rule.guildId === guildId);
      if (!here.some((rule) => rule.name === name)) {
        if (here.length >= mostRulesOfGuild) throw tooMany(`This guild has ${mostRulesOfGuild} alert rules`);
        if (names.length >= mostRules) throw tooMany(`There are ${mostRules} alert rules`);
      }
      const { figure, side, threshold, rearm, forSeconds, data, tellCleared, enabled } = terms;
      const parts = [figure, side, threshold, rearm, forSeconds, JSON.stringify(data), tellCleared, enabled];
      await manager.query(upsert, [guildId, name, ...parts]);
      return manager.findOneByOrFail(AlertRuleEntity, { guildId, name });
    });
  }

  private async read(): Promise<Rules> {
    const rows = await this.dataSource.getRepository(AlertRuleEntity).find({ order: { guildId: 'ASC', name: 'ASC' } });
    const rules = new Map<string, AlertRuleEntity[]>();
    for (const row of rows) {
      // Written by a newer version.
      if (!isFigureName(row.figure)) continue;
      const those = rules.get(row.guildId);
      if (those) those.push(row);
      else rules.set(row.guildId, [row]);
    }
    return rules;
  }

  private faultOf(error: unknown): Fault {
    if (error instanceof Fault) return error;
    this.logger.warn(`An alert rule was not written: ${describeConnectionFault(error)}`);
    return new Fault('service.unavailable', 'Alert rules cannot be written now.', { retryAfter: 5 });
  }
}

function tooMany(words: string): Fault {
  return new Fault('request.conflict', `${words}, which is as many as there may be.`);
}
