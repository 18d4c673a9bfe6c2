import { Injectable } from '@nestjs/common';
import { type CountedMetric, type GaugedMetric, Metrics } from '../telemetry/metrics.js';
import { GuildRooms } from './guild-rooms.js';
import { transportNames } from './transport.js';

/** fresh: came without a cursor · recovered, not_recovered: came back with one · refused: met a fault. */
export const joinOutcomes = ['fresh', 'recovered', 'not_recovered', 'refused'] as const;

type ByTransport = { transport: typeof transportNames };
const labels: ByTransport = { transport: transportNames };

/** What the rooms and their transports cost and do. Counted once for a room and event, never once for a client. */
@Injectable()
export class GatewayMetrics {
  readonly joins: CountedMetric<ByTransport & { outcome: typeof joinOutcomes }>;
  readonly connections: GaugedMetric<ByTransport>;
  readonly deliveries: CountedMetric<ByTransport>;
  readonly slowReadersCut: CountedMetric<ByTransport>;

  constructor(metrics: Metrics, rooms: GuildRooms) {
    this.joins = metrics.counter({
      name: 'guildcast_joins_total',
      help: 'Ways into rooms that were asked for, by how they ended; each look of a poll is one.',
      labels: { ...labels, outcome: joinOutcomes },
    });
    this.connections = metrics.gauge({
      name: 'guildcast_connections',
      help: 'Sockets, streams and polls that are open.',
      labels,
    });
    this.deliveries = metrics.counter({
      name: 'guildcast_deliveries_total',
      help: 'Frames of events handed to the members of rooms.',
      labels,
    });
    this.slowReadersCut = metrics.counter({
      name: 'guildcast_slow_readers_cut_total',
      help: 'Clients cut off because too much waited for them.',
      labels,
    });
    metrics.readAtScrape({ name: 'guildcast_rooms', help: 'Rooms in memory.', labels: {} }, () => [
      { labels: {}, value: rooms.size },
    ]);
  }
}
