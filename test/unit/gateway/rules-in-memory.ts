import { alertTerms, settleTerms } from '../../../src/domain/alert-rule.js';
import { AlertRuleEntity } from '../../../src/guilds/alert-rule.entity.js';

/** Alert rules for tests of who uses them: decides as the real store does; `rows` is its database. */
export class RulesInMemory {
  rows: AlertRuleEntity[] = [];
  turns = 0;
  away = false;
  /** What the database waits for before it answers. */
  held: Promise<void> = Promise.resolve();

  all(): Promise<ReadonlyMap<string, AlertRuleEntity[]>> {
    return Promise.resolve(new Map(this.rows.map(({ guildId: id }) => [id, this.of(id)])));
  }

  of(id: string): AlertRuleEntity[] {
    return this.rows.filter((rule) => rule.guildId === id);
  }

  async turn(raised: boolean, revisions: string[]): Promise<Map<string, Date>> {
    this.turns += 1;
    await this.held;
    if (this.away) throw new Error('away');
    const turned = this.rows.filter((rule) => revisions.includes(rule.revision) && rule.raised !== raised);
    for (const rule of turned) rule.raised = raised;
    return new Map(turned.map(({ revision }) => [revision, new Date()]));
  }

  add(guildId: string, name: string, terms: object): AlertRuleEntity {
    const base = { guildId, name, revision: `revision of ${name}`, raised: false, raisedAt: null };
    const rule = Object.assign(new AlertRuleEntity(), base, settleTerms(alertTerms.parse(terms)));
    this.rows.push(rule);
    return rule;
  }
}
