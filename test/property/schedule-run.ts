import { type Member } from '../../src/domain/member.js';
import { HttpDriver } from '../support/room-drivers/http.driver.js';
import { PollingDriver } from '../support/room-drivers/polling.driver.js';
import { type Ask, type RoomDriver } from '../support/room-drivers/room-driver.js';
import { SocketIoDriver } from '../support/room-drivers/socket-io.driver.js';
import { SseDriver } from '../support/room-drivers/sse.driver.js';
import { WaitingDriver } from '../support/room-drivers/waiting.driver.js';
import { WebSocketDriver } from '../support/room-drivers/websocket.driver.js';
import { type RoomServer } from '../support/room-server.js';
import { GuildTruth } from './guild-truth.js';
import { RoomReader } from './room-reader.js';
import { type From, madeUpCursor, type Schedule, type Step, type TransportKind } from './schedule.js';
import { type SharedDeath } from './shared-death.js';

/** Two guilds of one server, for one schedule at a time. */
export interface Arena {
  server: RoomServer;
  /** Of the server. */
  death: SharedDeath;
  guilds: [GuildTruth, GuildTruth];
  /** How the data source answers for each guild. */
  sources: Map<string, { ms: number; early: boolean }>;
  /** Its answers that have not left yet. */
  loads: Set<Promise<unknown>>;
}

/** The data source of an arena's guilds: the truth, as it is when asked, or as it is when the answer leaves. */
export function loadFrom(arena: Arena, guildId: string): Promise<Member[]> {
  const answer = membersOf(arena, guildId).finally(() => arena.loads.delete(answer));
  arena.loads.add(answer);
  return answer;
}

async function membersOf(arena: Arena, guildId: string): Promise<Member[]> {
  const truth = arena.guilds.find(({ id }) => id === guildId);
  if (!truth) throw new Error(`the source was asked for ${guildId}`);
  const { ms, early } = arena.sources.get(guildId) ?? { ms: 0, early: true };
  const then = truth.members;
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
  return [...(early ? then : truth.members).values()];
}

export function arenaOf(server: RoomServer, death: SharedDeath, guildIds: readonly [string, string]): Arena {
  const [one, other] = guildIds;
  return {
    server,
    death,
    guilds: [new GuildTruth(one, server.epoch), new GuildTruth(other, server.epoch)],
    sources: new Map(),
    loads: new Set(),
  };
}

interface Client {
  reader: RoomReader;
  driver: RoomDriver | undefined;
}

/** Plays one schedule against real sockets. `faults` says what broke a promise. */
export class ScheduleRun {
  readonly faults: string[] = [];
  private readonly clients: Client[];
  private readonly drivers: RoomDriver[] = [];
  private underWay: Promise<unknown>[] = [];
  private step = 'start';
  private readonly waiting = new Set<() => void>();

  /** `patience`: milliseconds after which an answer or an event counts as lost. */
  constructor(
    private readonly arena: Arena,
    private readonly patience: number,
  ) {
    const truths = new Map(arena.guilds.map((truth) => [truth.id, truth]));
    this.clients = [0, 1].map((number) => {
      const report = (fault: string) => this.faults.push(`${this.step}: ${fault}`);
      const name = `client ${number}`;
      const reader = new RoomReader(name, truths, arena.server.historySize, report, () => this.wake());
      return { reader, driver: undefined };
    });
  }

  async play({ over, steps, endings }: Schedule): Promise<string[]> {
    try {
      await this.begin();
      for (const [index, step] of steps.entries()) {
        this.step = `step ${index + 1} (${step.do})`;
        await this.take(step, over);
        if (this.faults.length > 0) break;
      }
      this.step = 'end';
      if (this.faults.length === 0) await this.finish(endings);
    } finally {
      for (const driver of this.drivers) driver.close();
      await Promise.allSettled(this.underWay);
    }
    // A crash is the reason for whatever else went wrong.
    const { died } = this.arena.server;
    return died === undefined ? this.faults : [died];
  }

  /** Nobody remembers what was before. */
  private async begin(): Promise<void> {
    const { server, guilds, sources, loads } = this.arena;
    sources.clear();
    // A room that was still being opened for somebody who is gone would be closed too early, and come up again.
    await Promise.all([...loads]);
    if (server.died !== undefined) {
      await server.spawn();
      this.beginEpoch();
    }
    for (const truth of guilds) truth.reset();
    await Promise.all(guilds.map(({ id }) => server.close(id)));
  }

  private async take(step: Step, over: Schedule['over']): Promise<void> {
    switch (step.do) {
      case 'publish':
        return this.soon(this.publish(step), step.wait);
      case 'connect':
        return this.soon(this.connect(step.client, over[step.over === 0 ? 0 : 1], step), step.wait);
      case 'join':
        return this.soon(this.join(this.clientOf(step.client), step, step.alone), step.wait);
      case 'leave':
        return this.soon(this.clientOf(step.client).driver?.leave(this.guildOf(step.guild).id), step.wait);
      case 'refresh':
        return this.soon(this.clientOf(step.client).driver?.refresh(), step.wait);
      case 'cut':
        return this.clientOf(step.client).driver?.cutAfter(step.after, step.manner);
      case 'settle':
        return this.settle();
      case 'sweep':
        return void (await this.arena.server.sweep(this.guildOf(step.guild).id));
      case 'slow source':
        return void this.arena.sources.set(this.guildOf(step.guild).id, step);
      case 'kill':
        return this.kill();
    }
  }

  private async soon(work: Promise<unknown> | undefined, wait: boolean): Promise<void> {
    if (work) this.underWay.push(work);
    if (wait) await work;
  }

  private async publish({ guild, what, pick }: Extract<Step, { do: 'publish' }>): Promise<void> {
    const truth = this.guildOf(guild);
    const { epoch } = truth;
    const events = what.map((happening, index) => truth.happen(happening, pick + index));
    const placed = await this.arena.server.append(events);
    const wrong = placed && truth.confirm(placed, epoch);
    if (wrong) this.faults.push(wrong);
  }

  private async connect(client: number, over: TransportKind, place: From & { guild: number }): Promise<void> {
    const own = this.clientOf(client);
    own.driver?.cut('fin');
    const driver = this.driverOf(over, own.reader);
    own.driver = driver;
    own.reader.onFrames = over.startsWith('websocket');
    this.drivers.push(driver);
    await driver.open();
    if (driver.alive) await this.join(own, place, true);
  }

  private async join({ reader, driver }: Client, place: From & { guild: number }, alone: boolean): Promise<void> {
    if (!driver?.alive) return;
    await driver.join(this.askOf(reader, place), alone);
  }

  private askOf(reader: RoomReader, place: From & { guild: number }): Ask {
    const truth = this.guildOf(place.guild);
    if (place.from === 'made up') {
      return reader.askAt(truth.id, madeUpCursor(place.kind, truth, this.arena.server.historySize), undefined);
    }
    if (place.from !== 'earlier') return reader.ask(truth.id, place.from);
    const earlier = reader.bookmarks.filter(({ guildId }) => guildId === truth.id).at(-1 - place.back);
    if (!earlier) return reader.ask(truth.id, 'last');
    const { epoch, offset } = earlier.view;
    return reader.askAt(truth.id, `${epoch}:${offset}`, earlier.view);
  }

  private driverOf(over: TransportKind, reader: RoomReader): RoomDriver {
    const { url } = this.arena.server;
    switch (over) {
      case 'socket.io':
        return new SocketIoDriver(url, reader, this.patience, ['websocket']);
      case 'socket.io polling':
        return new SocketIoDriver(url, reader, this.patience, ['polling']);
      case 'socket.io upgrading':
        return new SocketIoDriver(url, reader, this.patience, ['polling', 'websocket']);
      case 'websocket':
        return new WebSocketDriver(url, reader, this.patience, false);
      case 'websocket by path':
        return new WebSocketDriver(url, reader, this.patience, true);
      case 'sse':
        return new SseDriver(url, reader, this.patience);
      case 'rest':
        return new PollingDriver(url, reader, this.patience);
      case 'rest waiting':
        return new WaitingDriver(url, reader, this.patience);
    }
  }

  /** Everybody hears everything, and has what is true. */
  private async settle(): Promise<void> {
    await Promise.all(this.underWay.splice(0));
    await Promise.all(this.clients.map((client) => this.catchUp(client)));
    for (const { reader } of this.clients) if (this.faults.length === 0) reader.compare();
  }

  private async catchUp(client: Client): Promise<void> {
    const { reader, driver } = client;
    if (!driver?.alive) return;
    if (!driver.listens) return this.pollUp(client);
    await this.until(() => !driver.alive || reader.caughtUp, 'events did not come');
    if (!(driver instanceof HttpDriver) && driver.alive) await driver.barrier();
  }

  /** Page after page, until the newest event is there. */
  private async pollUp({ reader, driver }: Client): Promise<void> {
    for (const truth of this.arena.guilds) {
      for (let pages = 0; pages < 200 && this.faults.length === 0; pages += 1) {
        const view = reader.views.get(truth.id);
        if (!view || !driver?.alive || (view.epoch === truth.epoch && view.offset >= truth.offset)) break;
        await driver.join(reader.ask(truth.id, 'last'), true);
      }
    }
  }

  private async kill(): Promise<void> {
    const { death } = this.arena;
    for (const { driver } of this.clients) if (driver) driver.mayEnd = true;
    await death.die();
    // What was still on its way to the clients is no longer heard; they know the old log up to where they heard it.
    for (const { driver } of this.clients) driver?.cut('reset');
    await Promise.all(this.underWay.splice(0));
    await death.reborn;
    this.beginEpoch();
  }

  private beginEpoch(): void {
    const { server, guilds } = this.arena;
    for (const truth of guilds) truth.newEpoch(server.epoch);
  }

  /** Who was cut off comes back; one more event for each guild shows that nothing is missing or to spare before it. */
  private async finish(endings: Schedule['endings']): Promise<void> {
    await Promise.all(this.underWay.splice(0));
    await Promise.all(
      this.clients.map(async ({ reader, driver }, number) => {
        const over = endings[number];
        const known = this.arena.guilds.findIndex(({ id }) => reader.views.has(id));
        if (driver?.alive || known === -1 || !over) return;
        await this.connect(number, over, { from: 'last', guild: known });
      }),
    );
    for (const guild of [1, 0]) await this.publish({ do: 'publish', guild, what: ['presence'], pick: 0, wait: true });
    await this.settle();
  }

  private async until(condition: () => boolean, otherwise: string): Promise<void> {
    const deadline = Date.now() + this.patience;
    while (!condition() && this.faults.length === 0) {
      const left = deadline - Date.now();
      if (left <= 0) return void this.faults.push(`${this.step}: ${otherwise} within ${this.patience} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.waiting.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  private wake(): void {
    for (const done of this.waiting) done();
    this.waiting.clear();
  }

  private guildOf(number: number): GuildTruth {
    return this.arena.guilds[number === 0 ? 0 : 1];
  }

  private clientOf(number: number): Client {
    const client = this.clients[number];
    if (!client) throw new Error(`there is no client ${number}`);
    return client;
  }
}
