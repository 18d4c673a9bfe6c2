import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { MetricsModule } from '../telemetry/metrics.module.js';
import { ShownGuilds } from '../discord/commands/shown-guilds.js';
import { AlertWatch } from './alert.watch.js';
import { ClientAdmission } from './client-admission.js';
import { Connections } from './connections.js';
import { DoorWatch } from './door.watch.js';
import { GATEWAY_CONFIG, type GatewayConfig } from './gateway.config.js';
import { GatewayMetrics } from './gateway.metrics.js';
import { GuildAccess } from './guild-access.js';
import { GuildDirectory } from './guild-directory.js';
import { GuildRooms } from './guild-rooms.js';
import { RoomGuilds } from './room-guilds.js';
import { JoinService } from './join.service.js';
import { RoomBroadcaster } from './room-broadcaster.js';
import { RoomReconciler } from './room-reconciler.js';
import { ShownGate } from './shown.gate.js';
import { LongPollTransport } from './transports/long-poll.transport.js';
import { SocketIoGateway } from './transports/socket-io.gateway.js';
import { SocketIoTransport } from './transports/socket-io.transport.js';
import { GuildEventsController } from './transports/guild-events.controller.js';
import { SseTransport } from './transports/sse.transport.js';
import { WebSocketTransport } from './transports/websocket.transport.js';
import { WebSocketUpgrades } from './transports/websocket.upgrades.js';
import { Visits } from './visits.js';

@Module({})
export class GatewayModule {
  /** `imports`: providers, guilds, access, rate limit and cache. */
  static forRoot(config: GatewayConfig, imports: ModuleMetadata['imports']): DynamicModule {
    return {
      module: GatewayModule,
      imports: [...(imports ?? []), MetricsModule],
      controllers: [GuildEventsController],
      providers: [
        { provide: GATEWAY_CONFIG, useValue: config },
        GuildDirectory,
        GuildRooms,
        Visits,
        { provide: ShownGuilds, useClass: RoomGuilds },
        GuildAccess,
        GatewayMetrics,
        ShownGate,
        RoomBroadcaster,
        DoorWatch,
        AlertWatch,
        RoomReconciler,
        JoinService,
        Connections,
        ClientAdmission,
        SocketIoTransport,
        SocketIoGateway,
        WebSocketTransport,
        WebSocketUpgrades,
        SseTransport,
        LongPollTransport,
      ],
      exports: [
        GuildDirectory,
        GuildRooms,
        ShownGuilds,
        JoinService,
        ClientAdmission,
        Connections,
        RoomReconciler,
        AlertWatch,
      ],
    };
  }
}
