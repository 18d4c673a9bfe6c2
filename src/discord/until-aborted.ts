export const outOfTime = 'Discord gave no whole answer in time';

/** What `work` comes to, or a rejection as soon as `signal` aborts; what `work` does then is its own affair. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  let giveUp: () => void;
  const aborted = new Promise<never>((_, reject) => {
    giveUp = () => reject(new Error(outOfTime));
    signal.addEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
  });
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', giveUp));
}
