import { DataProvider, type RawSnapshot } from '../../../src/providers/data-provider.js';
import { GuardedSource, type SourceLimits } from '../../../src/providers/guarded-source.js';

export const guildId = '100000000000000001';

const usual: SourceLimits = {
  timeoutMs: 1_000,
  concurrency: 100,
  perMinute: 0,
  cacheMs: 60_000,
  revalidateMs: 0,
  staleMs: 600_000,
  emptyIsFailure: false,
};

/** A source that says what a test told it to say, when the test lets it. */
export class ScriptedSource extends DataProvider {
  readonly name = 'scripted';
  /** Questions that it was asked, in their order. */
  questions: string[] = [];
  /** What it says next of the guild. */
  word = 'first';
  more: Omit<Partial<RawSnapshot>, 'guild' | 'members'> = {};
  /** Stands between a question and its answer. */
  answering: () => Promise<unknown> = () => Promise.resolve();
  notice: (guildId?: string) => void = () => undefined;

  async listGuilds(): Promise<{ id: string; name: string; iconUrl: null }[]> {
    this.questions.push('list');
    await this.answering();
    return [{ id: guildId, name: this.word, iconUrl: null }];
  }

  async loadGuild(id: string): Promise<RawSnapshot | undefined> {
    this.questions.push(id);
    const { word, more } = this;
    await this.answering();
    return word === '' ? undefined : { guild: { id, name: word, iconUrl: null }, members: [], ...more };
  }

  override watch(changed: (guildId?: string) => void): Promise<() => Promise<void>> {
    this.notice = changed;
    return Promise.resolve(() => Promise.resolve());
  }

  guarded(limits: Partial<SourceLimits> = {}): GuardedSource {
    return new GuardedSource(this, { ...usual, ...limits });
  }
}

/** A wait that ends when it is told to. */
export function held(): { wait: () => Promise<void>; go: () => void } {
  let go: () => void = () => undefined;
  const waiting = new Promise<void>((resolve) => (go = resolve));
  return { wait: () => waiting, go: () => go() };
}
