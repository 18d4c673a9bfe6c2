import { Injectable } from '@nestjs/common';
import { Fault } from '../../domain/fault.js';
import { reachDatabase } from '../reach-database.js';
import { type Board, BoardRepository } from './board.repository.js';

interface BoardSelection {
  limit: number;
  /** Those with a lower id. */
  before?: string;
  collapseKey?: string;
}

/** The status boards as operators see them. Faults: `service.unavailable`, and as said. */
@Injectable()
export class QueueBoards {
  constructor(private readonly boards: BoardRepository) {}

  /** Newest first. */
  list({ limit, before, collapseKey }: BoardSelection): Promise<Board[]> {
    return reachDatabase(this.boards.list(limit, before, collapseKey));
  }

  /** Its message stays as it is; the next notification of its key makes a new one. Fault `resource.not_found`. */
  async forget(id: string): Promise<void> {
    if (!(await reachDatabase(this.boards.remove(id)))) {
      throw new Fault('resource.not_found', 'There is no such board.');
    }
  }
}
