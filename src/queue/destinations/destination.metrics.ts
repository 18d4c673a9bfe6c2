import { Injectable } from '@nestjs/common';
import { Metrics } from '../../telemetry/metrics.js';
import { DestinationRepository, destinationStates } from './destination.repository.js';

/** How many targets fail. */
@Injectable()
export class DestinationMetrics {
  constructor(repository: DestinationRepository, metrics: Metrics) {
    metrics.readAtScrape(
      {
        name: 'guildcast_notification_destinations',
        help: 'Targets of notifications that failed the last time, of all processes; those that are off get nothing.',
        labels: { state: destinationStates },
      },
      async () => {
        const counts = await repository.count();
        return destinationStates.map((state) => ({ labels: { state }, value: counts[state] }));
      },
    );
  }
}
