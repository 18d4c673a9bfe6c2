/** One answer for all who ask while it is sought and for `keptMs` milliseconds after it came. */
export function sharedReading<T>(read: () => Promise<T>, keptMs: number): () => Promise<T> {
  let last: { answer: Promise<T>; until: number } | undefined;
  return () => {
    if (last && performance.now() <= last.until) return last.answer;
    const reading = { answer: read(), until: Infinity };
    const settled = (): void => void (reading.until = performance.now() + keptMs);
    reading.answer.then(settled, settled);
    last = reading;
    return reading.answer;
  };
}
