import { describe, expect, it } from 'vitest';
import { type DueMark, type RemoteEventsRepository } from '../../../src/queue/sources/remote-events.repository.js';
import { type RemoteSource } from '../../../src/queue/sources/remote-sources.config.js';
import { type RemoteSourcesMetrics } from '../../../src/queue/sources/remote-sources.metrics.js';
import { type SourceClient } from '../../../src/queue/sources/source-client.js';
import { SourceMarks } from '../../../src/queue/sources/source-marks.js';
import { SourceError } from '../../../src/queue/sources/source.error.js';

const amiss = () => new SourceError('answered with 500', { answered: true });
const never = new AbortController().signal;

/** Marks that are due, in their order, each with what the source does about it. */
function telling(...answers: (SourceError | 'heard')[]) {
  const told: string[] = [];
  const putOff: string[] = [];
  const due = answers.map((_, index) => ({ remoteId: String(index), outcome: 'processed', failures: 1 }) as DueMark);
  const client = {
    mark: (id: string) => {
      const answer = answers[Number(id)]!;
      return answer === 'heard' ? Promise.resolve(answer) : Promise.reject(answer);
    },
  } as unknown as SourceClient;
  const repository = {
    dueMarks: () => Promise.resolve(due),
    settle: (_: string, { remoteId }: DueMark) => Promise.resolve(void told.push(remoteId)),
    putOff: (_: string, { remoteId }: DueMark) => Promise.resolve(void putOff.push(remoteId)),
    noteError: () => Promise.resolve(),
  } as unknown as RemoteEventsRepository;
  const metrics = { told: () => undefined } as unknown as RemoteSourcesMetrics;
  const source = { identity: 'a', name: 'a' } as RemoteSource;
  const marks = new SourceMarks(source, client, repository, metrics, () => undefined);
  return { told, putOff, tell: () => marks.tell(never) };
}

describe('what a source is told', () => {
  it('waits for none that it answers amiss, which are told again at their own time', async () => {
    const { tell, told, putOff } = telling(amiss(), 'heard', amiss(), amiss(), 'heard');
    expect(await tell()).toEqual({ told: 2, more: false });
    expect([told, putOff]).toEqual([
      ['1', '4'],
      ['0', '2', '3'],
    ]);
  });

  it('is no trouble with the source where it answers the few amiss that are due', async () => {
    const { tell, putOff } = telling(amiss(), amiss());
    expect(await tell()).toEqual({ told: 0, more: false });
    expect(putOff).toEqual(['0', '1']);
  });

  it.each([
    ['three in a row are answered amiss', [amiss(), amiss(), amiss(), 'heard']],
    ['it asks for a pause', [new SourceError('asks for a pause', { answered: true, pauseMs: 1_000 }), 'heard']],
    ['it does not answer', [new SourceError('cannot be reached'), 'heard']],
  ] as const)('ends where %s', async (_, answers) => {
    const { tell, told } = telling(...answers);
    await expect(tell()).rejects.toThrow(SourceError);
    expect(told).toEqual([]);
  });
});
