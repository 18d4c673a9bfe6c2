import { lookup } from 'node:dns';
import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { MetricsModule } from '../telemetry/metrics.module.js';
import { SentMessages } from '../discord/sent-messages.js';
import { WaitingNotifications } from '../discord/commands/waiting-notifications.js';
import { ConfirmationRepository } from './confirmation/confirmation.repository.js';
import { SentConfirmations } from './confirmation/sent-confirmations.js';
import { type DeliveryChannel } from './delivery/delivery-channel.js';
import { deliveryChannels, DeliveryRegistry } from './delivery/delivery-registry.js';
import { outgoingRules } from './endpoints/outgoing-rules.js';
import { WebhookCaller } from './endpoints/webhook-caller.js';
import { WebhookEndpointEntity, WebhookSecretEntity } from './endpoints/webhook-endpoint.entity.js';
import { WebhookEndpointRepository } from './endpoints/webhook-endpoint.repository.js';
import { WebhookEndpoints } from './endpoints/webhook-endpoints.js';
import { WEBHOOK_CONFIG, type WebhookConfig, webhookConfig } from './endpoints/webhook.config.js';
import { BoardDispatch } from './boards/board.dispatch.js';
import { BoardRepository } from './boards/board.repository.js';
import { BoardSweeper } from './boards/board.sweeper.js';
import { QueueBoards } from './boards/queue-boards.js';
import { DestinationCircuit } from './destinations/destination-circuit.js';
import { DestinationMetrics } from './destinations/destination.metrics.js';
import { DestinationRepository } from './destinations/destination.repository.js';
import { OwnerNotice } from './destinations/owner-notice.js';
import { QueueDestinations } from './destinations/queue-destinations.js';
import { RouteOwnerNotice } from './destinations/route-owner-notice.js';
import { DeliveryWorker } from './delivery.worker.js';
import { DigestSweeper } from './flood/digest.sweeper.js';
import { FloodRepository } from './flood/flood.repository.js';
import { NotificationAnnouncer } from './notification-announcer.js';
import { NotificationClaims } from './notification-claims.js';
import { NotificationDelivery } from './notification-delivery.js';
import { NotificationQueue } from './notification-queue.js';
import { NotificationAttemptEntity, NotificationEntity } from './notification.entity.js';
import { LeaseRepository } from './lease.repository.js';
import { NotificationRepository } from './notification.repository.js';
import { InspectionRepository } from './inspection.repository.js';
import { PullAcks } from './pull-acks.js';
import { ListingRepository } from './operations/listing.repository.js';
import { QueueJobRepository } from './operations/queue-job.repository.js';
import { QueueJobWorker } from './operations/queue-job.worker.js';
import { QueueJobs } from './operations/queue-jobs.js';
import { QueueOperations } from './operations/queue-operations.js';
import { RetentionRepository } from './operations/retention.repository.js';
import { TallyKeeper } from './operations/tally.keeper.js';
import { TallyRepository } from './operations/tally.repository.js';
import { PullQueue } from './pull-queue.js';
import { PullRepository } from './pull.repository.js';
import { HookInbox } from './hooks/hook-inbox.js';
import { NotificationRoutes } from './routes/notification-routes.js';
import { RouteRepository } from './routes/route.repository.js';
import { QUEUE_CONFIG, type QueueConfig } from './queue.config.js';
import { QueueLength } from './queue-length.js';
import { QueueMetrics } from './queue.metrics.js';
import { QueueInspection } from './queue-inspection.js';
import { RetentionSweeper } from './retention.sweeper.js';
import { SettlementNews } from './settlement-news.js';
import { NotificationPreview } from './templates/notification-preview.js';
import { NotificationTemplateEntity } from './templates/notification-template.entity.js';
import { NotificationTemplateStore } from './templates/notification-template.store.js';
import { NotificationRenderer } from './types/notification-renderer.js';

interface QueueOptions {
  config: QueueConfig;
  webhooks?: WebhookConfig;
  /** The module that provides `DiscordSender`. The data source and the event log are global. */
  imports: NonNullable<ModuleMetadata['imports']>;
}

/** Publishing, the worker that delivers, and what consumers fetch instead. */
@Module({})
export class QueueModule {
  static forRoot({ config, webhooks = webhookConfig.parse({}), imports }: QueueOptions): DynamicModule {
    return {
      module: QueueModule,
      imports: [
        ...imports,
        MetricsModule,
        TypeOrmModule.forFeature([
          NotificationEntity,
          NotificationAttemptEntity,
          WebhookEndpointEntity,
          WebhookSecretEntity,
          NotificationTemplateEntity,
        ]),
      ],
      providers: [
        { provide: QUEUE_CONFIG, useValue: config },
        NotificationRepository,
        LeaseRepository,
        QueueMetrics,
        { provide: WaitingNotifications, useClass: QueueLength },
        NotificationAnnouncer,
        RouteRepository,
        NotificationRoutes,
        NotificationQueue,
        HookInbox,
        { provide: WEBHOOK_CONFIG, useValue: webhooks },
        WebhookEndpointRepository,
        WebhookEndpoints,
        {
          provide: WebhookCaller,
          useFactory: () =>
            new WebhookCaller({
              rules: outgoingRules(webhooks),
              resolve: lookup,
              timeoutMs: webhooks.WEBHOOK_TIMEOUT_SECONDS * 1000,
            }),
        },
        ...deliveryChannels,
        {
          provide: DeliveryRegistry,
          useFactory: (...channels: DeliveryChannel[]) => new DeliveryRegistry(channels),
          inject: deliveryChannels,
        },
        SettlementNews,
        BoardRepository,
        BoardDispatch,
        BoardSweeper,
        QueueBoards,
        FloodRepository,
        DigestSweeper,
        NotificationClaims,
        ConfirmationRepository,
        { provide: SentMessages, useClass: SentConfirmations },
        DestinationRepository,
        DestinationMetrics,
        DestinationCircuit,
        { provide: OwnerNotice, useClass: RouteOwnerNotice },
        QueueDestinations,
        NotificationDelivery,
        DeliveryWorker,
        RetentionRepository,
        RetentionSweeper,
        TallyRepository,
        TallyKeeper,
        PullRepository,
        PullQueue,
        PullAcks,
        InspectionRepository,
        QueueInspection,
        NotificationTemplateStore,
        NotificationRenderer,
        NotificationPreview,
        ListingRepository,
        QueueOperations,
        QueueJobRepository,
        QueueJobs,
        QueueJobWorker,
      ],
      exports: [
        QUEUE_CONFIG,
        NotificationQueue,
        NotificationRoutes,
        HookInbox,
        PullQueue,
        PullAcks,
        QueueInspection,
        QueueOperations,
        QueueJobs,
        QueueBoards,
        QueueDestinations,
        SentMessages,
        WaitingNotifications,
        WebhookEndpoints,
        NotificationTemplateStore,
        NotificationPreview,
      ],
    };
  }
}
