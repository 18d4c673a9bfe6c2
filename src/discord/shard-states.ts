import { type Client, Events } from 'discord.js';
import { type ShardState } from './discord-status.js';

/** Which of the client's shards are connected. */
export class ShardStates {
  private readonly up = new Set<number>();

  constructor(private readonly client: Client) {
    client.on(Events.ShardReady, (id) => this.up.add(id));
    client.on(Events.ShardResume, (id) => this.up.add(id));
    client.on(Events.ShardReconnecting, (id) => this.up.delete(id));
    client.on(Events.ShardDisconnect, (_event, id) => this.up.delete(id));
  }

  /** Those of this process, in their order. */
  all(): ShardState[] {
    return [...this.client.ws.shards.keys()].sort((a, b) => a - b).map((id) => ({ id, up: this.up.has(id) }));
  }

  get anyUp(): boolean {
    return this.up.size > 0;
  }
}

/** Shards without a session, in words; undefined when all have one, or there is only one. */
export function lostShardsSentence(shards: readonly ShardState[]): string | undefined {
  const lost = shards.filter(({ up }) => !up).map(({ id }) => id);
  if (lost.length === 0 || shards.length < 2) return undefined;
  const which = lost.length === 1 ? `shard ${lost[0]} is` : `shards ${lost.join(', ')} are`;
  return `The connection of ${which} being made again; guilds of the other shards are live.`;
}
