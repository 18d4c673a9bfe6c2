import { type IncomingMessage } from 'node:http';
import { type DomainEvent } from '../../../src/domain/events/index.js';
import { type GuildSnapshot } from '../../../src/domain/guild-snapshot.js';
import { HttpDriver, textOf } from './http.driver.js';
import { type Ask } from './room-driver.js';

/** Server-sent events: one stream for each guild. The cursor goes into the header or the address, in turn. */
export class SseDriver extends HttpDriver {
  private readonly streams = new Map<string, IncomingMessage>();
  private asked = 0;

  async join(ask: Ask, alone: boolean): Promise<void> {
    for (const guildId of [...this.streams.keys()]) if (alone || guildId === ask.guildId) this.end(guildId);
    const cursor = ask.cursor;
    const inHeader = (this.asked += 1) % 2 === 1;
    const query: Record<string, string> = cursor !== undefined && !inHeader ? { cursor } : {};
    const header: Record<string, string> = cursor !== undefined && inHeader ? { 'last-event-id': cursor } : {};
    const first = this.request(ask, query, { accept: 'text/event-stream', ...header }).then(async (response) => {
      if (this.dead) return;
      if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${await textOf(response)}`);
      await new Promise<void>((resolve) => this.read(ask, response, resolve));
    });
    return this.answered(`stream of ${ask.guildId}`, first);
  }

  leave(guildId: string): Promise<void> {
    this.end(guildId);
    return Promise.resolve();
  }

  private end(guildId: string): void {
    const stream = this.streams.get(guildId);
    this.streams.delete(guildId);
    stream?.destroy();
    if (stream) this.listener.left(guildId);
  }

  private read(ask: Ask, response: IncomingMessage, begun: () => void): void {
    const { guildId } = ask;
    // Two requests for one guild may be under way: the later answer stays.
    this.end(guildId);
    this.streams.set(guildId, response);
    response.setEncoding('utf8');
    let rest = '';
    let blocks = 0;
    response.on('data', (chunk: string) => {
      const parts = (rest + chunk).split('\n\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        if (this.streams.get(guildId) !== response) return;
        this.hear(() => this.heard(ask, part, (blocks += 1)));
        if (blocks === 1) begun();
      }
    });
    response.on('error', () => undefined);
    response.once('close', () => {
      if (this.streams.get(guildId) === response) this.lost('the stream ended');
      begun();
    });
  }

  private heard(ask: Ask, block: string, place: number): void {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
    const type = field('event');
    const id = field('id');
    const content = JSON.parse(field('data') ?? 'null') as unknown;
    // Neither is a place in the log; that the stream then ends is judged by itself.
    if (type === 'heartbeat' || type === 'closing') return;
    if (place === 1 && type === 'snapshot') {
      const snapshot = content as GuildSnapshot;
      if (id !== snapshot.cursor) this.listener.fault(`snapshot ${snapshot.cursor} has the id ${id}`);
      this.listener.joined(ask, { recovered: false, cursor: snapshot.cursor, snapshot });
    } else if (place === 1 && type === 'resumed') {
      this.listener.joined(ask, { recovered: true, cursor: (content as { cursor: string }).cursor });
    } else {
      const event = content as DomainEvent;
      if (type !== event.type || id !== event.cursor || event.guildId !== ask.guildId) {
        this.listener.fault(`block ${place} of the stream of ${ask.guildId}: ${block}`);
      } else {
        this.listener.event(event.guildId, event);
      }
    }
  }
}
