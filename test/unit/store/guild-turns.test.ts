import { describe, expect, it } from 'vitest';
import { GuildTurns } from '../../../src/store/guild-turns.js';

/** Work that ends when it is told to. */
function workOf(log: string[], name: string) {
  let end: (error?: Error) => void = () => undefined;
  const ended = new Promise<void>((resolve, reject) => (end = (error) => (error ? reject(error) : resolve())));
  const run = async (): Promise<string> => {
    log.push(`${name} begins`);
    await ended;
    log.push(`${name} ends`);
    return name;
  };
  return { run, end };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('GuildTurns', () => {
  it('does one thing of a guild after the other, in the order of asking, also after a failure', async () => {
    const log: string[] = [];
    const turns = new GuildTurns();
    const [a, b, c] = [workOf(log, 'a'), workOf(log, 'b'), workOf(log, 'c')];
    const asked = [turns.next('1', a.run), turns.next('1', b.run), turns.next('1', c.run)];
    const outcomes = Promise.allSettled(asked);
    c.end();
    await settled();
    expect(log).toEqual(['a begins']);
    a.end();
    await settled();
    expect(log).toEqual(['a begins', 'a ends', 'b begins']);
    b.end(new Error('broken'));
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'c begins', 'c ends']);
    expect(await asked[2]).toBe('c');
  });

  it('lets guilds pass each other, and forgets those that are done', async () => {
    const log: string[] = [];
    const turns = new GuildTurns();
    const [a, b] = [workOf(log, 'a'), workOf(log, 'b')];
    const [first, second] = [turns.next('1', a.run), turns.next('2', b.run)];
    await settled();
    expect(log).toEqual(['a begins', 'b begins']);
    a.end();
    b.end();
    await Promise.all([first, second]);
    await settled();
    expect(Reflect.get(turns, 'last')).toEqual(new Map());
  });
});
