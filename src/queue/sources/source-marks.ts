import { type DueMark, type RemoteEventsRepository } from './remote-events.repository.js';
import { type RemoteSourcesMetrics } from './remote-sources.metrics.js';
import { type RemoteSource } from './remote-sources.config.js';
import { type SourceClient } from './source-client.js';
import { SourceError } from './source.error.js';

/** Marks of one turn, so that a poll gets its turn too. */
const batch = 50;
/** Marks in a row that a source answers amiss, after which it is left alone. */
const mostInVain = 3;

/** Tells a source what became of its events, in the order in which it happened, at least once. */
export class SourceMarks {
  constructor(
    private readonly source: RemoteSource,
    private readonly client: SourceClient,
    private readonly repository: RemoteEventsRepository,
    private readonly metrics: RemoteSourcesMetrics,
    private readonly complain: (sentence: string) => void,
  ) {}

  /**
   * Answers how many were told, and whether there may be more. A mark that is answered amiss is told again at its own time,
   * and holds up no other.
   * @throws SourceError when the source does not answer, asks for a pause, or takes several in a row amiss
   */
  async tell(signal: AbortSignal): Promise<{ told: number; more: boolean }> {
    const due = await this.repository.dueMarks(this.source.identity, batch);
    let told = 0;
    let inVain = 0;
    for (const mark of due) {
      const error = await this.tellOne(mark, signal);
      told += error ? 0 : 1;
      inVain = error ? inVain + 1 : 0;
      if (error && (inVain === mostInVain || error.pauseMs > 0)) throw error;
    }
    return { told, more: due.length === batch };
  }

  /** Answers why the source did not take it, where it may take others. */
  private async tellOne(mark: DueMark, signal: AbortSignal): Promise<SourceError | undefined> {
    const { identity, name } = this.source;
    const { remoteId, outcome, failures } = mark;
    try {
      const answer = await this.client.mark(remoteId, mark, signal);
      if (answer === 'refused') this.complain(`refuses to hear that event ${remoteId} was ${outcome}`);
      await this.repository.settle(identity, mark);
      this.metrics.told(name, outcome);
      return undefined;
    } catch (error) {
      if (!(error instanceof SourceError) || !error.answered) throw error;
      await this.repository.putOff(identity, mark);
      await this.repository.noteError(identity, error.message);
      if (failures === 0) this.complain(`did not take that event ${remoteId} was ${outcome}: it ${error.message}`);
      return error;
    }
  }
}
