import { Injectable } from '@nestjs/common';
import { Fault } from '../../domain/fault.js';
import { type Priority } from '../../domain/notification.js';
import { reachDatabase } from '../reach-database.js';
import {
  type JobKind,
  type JobSelection,
  mostJobs,
  type QueueJob,
  QueueJobRepository,
} from './queue-job.repository.js';

/** What operators have done to many notifications. Faults: `service.unavailable`, and as said. */
@Injectable()
export class QueueJobs {
  constructor(private readonly repository: QueueJobRepository) {}

  /** Tries rows anew, with all tries; with `priority` given they get that one. Fault `request.conflict` (too many at once). */
  redrive(selection: JobSelection, priority?: Priority): Promise<QueueJob> {
    return this.create('redrive', selection, priority);
  }

  /** Deletes rows. Fault as above. */
  purge(selection: JobSelection): Promise<QueueJob> {
    return this.create('purge', selection);
  }

  /** Fault `resource.not_found`. */
  async find(kind: JobKind, id: string): Promise<QueueJob> {
    const job = await reachDatabase(this.repository.find(kind, jobId(kind, id)));
    if (!job) throw noSuch(kind);
    return job;
  }

  /** One that has ended stays as it is. Fault `resource.not_found`. */
  async stop(kind: JobKind, id: string): Promise<QueueJob> {
    await reachDatabase(this.repository.stop(kind, jobId(kind, id)));
    return this.find(kind, id);
  }

  private async create(kind: JobKind, selection: JobSelection, priority?: Priority): Promise<QueueJob> {
    const job = await reachDatabase(this.repository.create(kind, selection, priority));
    if (job) return job;
    throw new Fault('request.conflict', `${mostJobs} redrives and purges are running: wait for one, or stop it.`);
  }
}

function jobId(kind: JobKind, id: string): string {
  if (!/^\d{1,18}$/.test(id)) throw noSuch(kind);
  return id;
}

function noSuch(kind: JobKind): Fault {
  return new Fault('resource.not_found', `There is no such ${kind}.`);
}
