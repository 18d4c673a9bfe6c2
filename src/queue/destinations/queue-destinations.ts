import { Injectable } from '@nestjs/common';
import { Fault } from '../../domain/fault.js';
import { reachDatabase } from '../reach-database.js';
import { DestinationRepository, type DestinationState, type FailingDestination } from './destination.repository.js';

/** Targets that fail or are switched off, for operators. Faults: `service.unavailable`, and as said. */
@Injectable()
export class QueueDestinations {
  constructor(private readonly repository: DestinationRepository) {}

  /** By name, those after `after`. */
  list(limit: number, after?: string, state?: DestinationState): Promise<FailingDestination[]> {
    return reachDatabase(this.repository.list(limit, after, state));
  }

  /** What waits for it goes out. Fault `resource.not_found` when it neither fails nor is switched off. */
  async enable(destination: string): Promise<void> {
    if (await reachDatabase(this.repository.enable(destination))) return;
    throw new Fault('resource.not_found', 'No such target fails or is switched off.');
  }
}
