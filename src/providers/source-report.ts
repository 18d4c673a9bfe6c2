import { busyFor } from './source-busy.error.js';

/**
 * How a source answered the question for its guilds: `guilds` says how many there are, `fault` why there was no answer
 * (in the source's own words). Without either it was not asked, since it answers in the running program alone.
 */
export interface SourceReport {
  name: string;
  guilds?: number;
  fault?: string;
  /** It is well, but wants a pause, or was asked as often as it may be. */
  busy?: boolean;
  /** How long it took, in milliseconds. */
  tookMs: number;
}

/** Milliseconds for one source, so that a silent one hides no other's answer. */
const patience = 9_000;

export async function reportOf(name: string, ask: () => Promise<readonly unknown[]>): Promise<SourceReport> {
  const askedAt = performance.now();
  const took = (): number => Math.round(performance.now() - askedAt);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patience} ms`)), patience);
  });
  try {
    const { length } = await Promise.race([ask(), late]);
    return { name, guilds: length, tookMs: took() };
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    return { name, fault, ...(busyFor(error) !== undefined && { busy: true }), tookMs: took() };
  } finally {
    clearTimeout(timer);
  }
}
