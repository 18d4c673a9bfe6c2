import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { describeConnectionFault } from '../database/connection-fault.js';
import { alertAnnouncement } from '../domain/alert-announcement.js';
import { EventLog } from '../event-log/event-log.js';
import { type AlertRuleEntity } from '../guilds/alert-rule.entity.js';
import { AlertRuleStore } from '../guilds/alert-rule.store.js';
import { GuildDirectory } from './guild-directory.js';
import { GuildRooms } from './guild-rooms.js';
import { type AlertState, WatchedGuild, type WantedTurn } from './watched-guild.js';

/** Milliseconds between two looks for guilds that have rules, and between two looks at their figures. */
const pauses = { guilds: 3_000, figures: 1_000 };
/** Rooms opened at the same time. A source turns away whoever comes with hundreds of questions in one go. */
const mostAtOnce = 4;
/** Milliseconds that the end of the process waits for an alert that is being raised. */
const lastPatience = 2_000;

/**
 * Holds the figures of guilds against their operators' alert rules. What crosses a threshold is said in the guild's
 * room, by whichever process the database lets raise the alert: it is told once, or in a crash not at all.
 */
@Injectable()
export class AlertWatch implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(AlertWatch.name);
  private watched: ReadonlyMap<string, WatchedGuild> = new Map();
  private timers: NodeJS.Timeout[] = [];
  private stopListening: (() => void) | undefined;
  private looking = false;
  private settling: Promise<void> | undefined;
  private troubled = false;

  constructor(
    private readonly rules: AlertRuleStore,
    private readonly directory: GuildDirectory,
    private readonly rooms: GuildRooms,
    private readonly log: EventLog,
  ) {}

  onApplicationBootstrap(): void {
    this.stopListening = this.log.subscribe((event) => {
      const guild = this.watched.get(event.guildId);
      const now = performance.now();
      if (guild?.hear(event, now)) this.settle(this.evaluate(event.guildId, guild, now));
    });
    this.timers = [
      setInterval(() => void this.lookForGuilds(), pauses.guilds),
      setInterval(() => this.lookAtFigures(), pauses.figures),
    ];
    void this.lookForGuilds();
  }

  async beforeApplicationShutdown(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    this.stopListening?.();
    const enough = new Promise((resolve) => setTimeout(resolve, lastPatience).unref());
    await Promise.race([this.settling, enough]);
  }

  /** How a rule stands. `value` is null while its guild cannot be seen, or is not watched yet. */
  standing(rule: AlertRuleEntity): { state: AlertState; value: number | null } {
    const guild = this.watched.get(rule.guildId) ?? new WatchedGuild();
    const room = this.watched.has(rule.guildId) ? this.rooms.peek(rule.guildId) : undefined;
    return { state: guild.stateOf(rule), value: guild.valueOf(rule.figure, room, performance.now()) };
  }

  /** Rooms of guilds with rules are opened without a visitor; being asked for keeps them open. */
  private async lookForGuilds(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      const guilds = await this.guildsWithRules();
      this.watched = new Map(guilds.map((id) => [id, this.watched.get(id) ?? new WatchedGuild()]));
      const waiting = guilds.values();
      await Promise.all(Array.from({ length: mostAtOnce }, () => this.openRooms(waiting)));
    } catch (error) {
      this.logger.warn(`The guilds with alert rules could not be looked at: ${String(error)}`);
    } finally {
      this.looking = false;
    }
  }

  /** Of those that are shown. */
  private async guildsWithRules(): Promise<string[]> {
    const rules = await this.rules.all();
    const ids = [...rules].filter(([, those]) => those.some(({ enabled }) => enabled)).map(([id]) => id);
    if (ids.length === 0) return [];
    const shown = new Set((await this.directory.list()).map(({ id }) => id));
    return ids.filter((id) => shown.has(id));
  }

  private async openRooms(guilds: Iterable<string>): Promise<void> {
    for (const guildId of guilds) {
      await this.rooms.open(guildId).catch((error: unknown) => {
        this.logger.debug(`guild ${guildId} has alert rules and no room: ${String(error)}`);
      });
    }
  }

  private lookAtFigures(): void {
    const now = performance.now();
    this.settle([...this.watched].flatMap(([guildId, guild]) => this.evaluate(guildId, guild, now)));
  }

  private evaluate(guildId: string, guild: WatchedGuild, now: number): WantedTurn[] {
    return guild.evaluate(this.rooms.peek(guildId), this.rules.of(guildId), now);
  }

  /** One at a time. What comes meanwhile is not lost: it is wanted again with the next look, if it still holds then. */
  private settle(turns: WantedTurn[]): void {
    if (turns.length === 0 || this.settling) return;
    this.settling = this.carryOut(turns).finally(() => (this.settling = undefined));
  }

  private async carryOut(turns: readonly WantedTurn[]): Promise<void> {
    try {
      for (const to of ['cleared', 'raised'] as const) {
        const wanted = turns.filter((turn) => turn.to === to);
        if (wanted.length > 0) await this.turn(to, wanted);
      }
      if (this.troubled) this.logger.log('Alerts can be raised again');
      this.troubled = false;
    } catch (error) {
      if (!this.troubled) {
        this.logger.warn(`No alert is raised while the database is away: ${describeConnectionFault(error)}`);
      }
      this.troubled = true;
    }
  }

  private async turn(to: WantedTurn['to'], wanted: readonly WantedTurn[]): Promise<void> {
    const revisions = wanted.map(({ rule }) => rule.revision);
    const turned = await this.rules.turn(to === 'raised', revisions);
    for (const turn of wanted) {
      const at = turned.get(turn.rule.revision);
      if (at && (to === 'raised' || turn.rule.tellCleared)) this.announce(turn, at);
    }
  }

  private announce(turn: WantedTurn, at: Date): void {
    const { guildId, name } = turn.rule;
    const data = { data: alertAnnouncement(turn, at) };
    this.log.append({ type: 'announcement.created', guildId, data }).catch((error: unknown) => {
      this.logger.warn(`Alert "${name}" of guild ${guildId} could not be told: ${String(error)}`);
    });
  }
}
