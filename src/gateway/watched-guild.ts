import { advance, type AlertPhase } from '../domain/alert-phase.js';
import { type AlertTurn } from '../domain/alert-rule.js';
import { type DomainEvent } from '../domain/events/index.js';
import { type FigureSource } from '../domain/figures/figure.js';
import { figures, type FigureName } from '../domain/figures/index.js';
import { type AlertRuleEntity } from '../guilds/alert-rule.entity.js';
import { type GuildRoom } from './guild-room.js';
import { MessagePace } from './message-pace.js';

/** A change that a rule asks for: it has come about once the database says so. */
export interface WantedTurn {
  rule: AlertRuleEntity;
  to: AlertTurn;
  /** Of the figure. */
  value: number;
}

export const alertStates = ['off', 'armed', 'pending', 'raised'] as const;
export type AlertState = (typeof alertStates)[number];

/** Milliseconds between two looks that events lead to. */
const eventPause = 1_000;

/** A guild with alert rules, as the watch sees it. Times are milliseconds of one clock that never steps back. */
export class WatchedGuild {
  /** Only while its source is well: what was said meanwhile is not known. */
  private pace: MessagePace | undefined;
  /** By the rules' revisions: a rule that is written anew begins anew. */
  private pending = new Map<string, AlertPhase>();
  private lastEvent = -Infinity;

  /** Answers whether the event is a reason to look at the rules now. */
  hear({ type }: DomainEvent, now: number): boolean {
    if (type === 'message.created') this.pace?.count(now);
    if (now - this.lastEvent < eventPause) return false;
    this.lastEvent = now;
    return true;
  }

  /** One look at all rules. `room` is that of the guild, if it is in memory. */
  evaluate(room: GuildRoom | undefined, rules: readonly AlertRuleEntity[], now: number): WantedTurn[] {
    const source = this.sourceOf(room, now);
    const turns: WantedTurn[] = [];
    const pending = new Map<string, AlertPhase>();
    for (const rule of rules) {
      if (!rule.enabled) continue;
      const reading = source && figures[rule.figure].read(source);
      const before = this.phaseOf(rule);
      const { phase, turn } = advance(before, rule, reading, now);
      if (reading && turn) turns.push({ rule, to: turn, value: reading.value });
      // Until the database has agreed, it stands where it stood, and asks again with the next look.
      const stands = turn ? before : phase;
      if (stands.state === 'pending') pending.set(rule.revision, stands);
    }
    this.pending = pending;
    return turns;
  }

  stateOf(rule: AlertRuleEntity): AlertState {
    return rule.enabled ? this.phaseOf(rule).state : 'off';
  }

  /** Null while the guild's source is not well. */
  valueOf(figure: FigureName, room: GuildRoom | undefined, now: number): number | null {
    const source = this.sourceOf(room, now);
    return source ? figures[figure].read(source).value : null;
  }

  private phaseOf({ raised, revision }: AlertRuleEntity): AlertPhase {
    return raised ? { state: 'raised' } : (this.pending.get(revision) ?? { state: 'armed' });
  }

  private sourceOf(room: GuildRoom | undefined, now: number): FigureSource | undefined {
    if (!room || room.stale) {
      this.pace = undefined;
      return undefined;
    }
    this.pace ??= new MessagePace(now);
    return { room, lastMinute: this.pace.lastMinute(now), silence: this.pace.silence(now) };
  }
}
