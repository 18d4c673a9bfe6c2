import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Letter } from '../../../src/publisher/letter.js';
import { SpoolLock } from '../../../src/publisher/spool/spool-lock.js';
import { SpoolDrain } from '../../../src/publisher/spool/spool-drain.js';
import { Spool } from '../../../src/publisher/spool/spool.js';
import { type BatchVerdict, type Verdict } from '../../../src/publisher/wire/verdict.js';

const url = 'http://127.0.0.1:3000';

let root: string;
let spool: Spool;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'guildcast-spool-'));
  spool = new Spool({ folder: root, files: 5, bytes: 2_000 }, url);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const letter = (text: string): Letter => ({
  idempotencyKey: `key-${text.slice(0, 9)}`,
  wire: 'native',
  body: { text },
});
const textsOf = (letters: readonly Letter[]) => letters.map(({ body }) => String(body.text));

const taken = (): Verdict => ({ kind: 'accepted', id: '1' });

/** One slice. `sent`: what was tried alone, and what was taken together. */
async function drain(answer: (letter: Letter) => Verdict = taken) {
  const sent: string[] = [];
  const sendTogether = (letters: readonly Letter[]): Promise<BatchVerdict> => {
    const verdicts = letters.map(answer);
    const ids = verdicts.flatMap((verdict) => (verdict.kind === 'accepted' ? verdict.id : []));
    const setback = verdicts.find((verdict) => verdict.kind !== 'accepted');
    if (!setback) sent.push(...textsOf(letters));
    return Promise.resolve(setback ?? { kind: 'accepted', ids });
  };
  const send = (given: Letter) => {
    sent.push(...textsOf([given]));
    return Promise.resolve(answer(given));
  };
  return { ...(await new SpoolDrain(spool, { send, sendTogether }).slice()), sent };
}

describe('the spool', () => {
  it('keeps letters in their order, whatever the clock says', async () => {
    const clock = vi.spyOn(Date, 'now');
    for (const [text, now] of [
      ['a', 5_000],
      ['b', 5_000],
      ['c', 1_000],
    ] as const) {
      clock.mockReturnValue(now);
      await spool.append(letter(text));
    }
    clock.mockReturnValue(2_000);
    await new Spool({ folder: root, files: 5, bytes: 2_000 }, url).append(letter('d'));
    clock.mockRestore();
    expect((await drain()).sent).toEqual(['a', 'b', 'c', 'd']);
    expect(await spool.names()).toEqual([]);
  });

  it('gives back the very letter', async () => {
    const name = await spool.append({ idempotencyKey: 'k', body: { text: 'ñ 📦' }, wire: 'event-queue' });
    expect(await spool.read(name)).toEqual({ idempotencyKey: 'k', body: { text: 'ñ 📦' }, wire: 'event-queue' });
  });

  it('is nobody else’s to read', async () => {
    const name = await spool.append(letter('a'));
    const modes = await Promise.all(
      [spool.folder, path.join(spool.folder, name)].map(async (place) => (await stat(place)).mode & 0o777),
    );
    expect(modes).toEqual([0o700, 0o600]);
  });

  it('takes so many letters and bytes, and says when it is full', async () => {
    for (const text of ['a', 'b', 'c', 'd', 'e']) await spool.append(letter(text));
    await expect(spool.append(letter('f'))).rejects.toMatchObject({ code: 'spool-full' });
    await drain();
    await spool.append(letter('x'.repeat(900)));
    await expect(spool.append(letter('x'.repeat(900)))).rejects.toMatchObject({ code: 'spool-full' });
    await spool.append(letter('f'));
    expect(await spool.count()).toMatchObject({ waiting: 2, rejected: 0, oldest: expect.any(Date) as Date });
  });

  it('says that it cannot be written, and leaves nothing behind', async () => {
    await writeFile(path.join(root, 'file'), '');
    const nowhere = new Spool({ folder: path.join(root, 'file'), files: 5, bytes: 2_000 }, url);
    await expect(nowhere.append(letter('a'))).rejects.toMatchObject({
      code: 'spool-unwritable',
      message: expect.stringContaining('ENOTDIR') as string,
    });
  });

  it('keeps letters to different Guildcasts apart', async () => {
    await spool.append(letter('a'));
    const other = new Spool({ folder: root, files: 5, bytes: 2_000 }, `${url}/base`);
    expect(await other.names()).toEqual([]);
    expect(path.basename(other.folder)).toMatch(/^127\.0\.0\.1_3000-[0-9a-f]{8}$/);
  });

  it('leaves alone what is not its own, and sets aside what is torn', async () => {
    await spool.append(letter('a'));
    const [name] = await spool.names();
    const variant = (digit: number) => name!.replace(/^\d{15}/, String(digit).padStart(15, '0'));
    const place = (...names: string[]) => path.join(spool.folder, ...names);
    await writeFile(place(variant(1)), (await readFile(place(name!), 'utf8')).slice(0, 40));
    await writeFile(place(variant(2)), '');
    await writeFile(place(variant(3)), 'null');
    await writeFile(place(variant(4)), JSON.stringify({ version: 1, idempotencyKey: 'k ', wire: 'native', body: {} }));
    await writeFile(place(variant(5)), Buffer.alloc(3 * 1024 * 1024));
    await mkdir(place(variant(6)));
    await symlink('/etc/hostname', place(variant(7)));
    await writeFile(place('notes.txt'), 'mine');
    await writeFile(place('999999999999999-00000000-0000-0000-0000-000000000000.json'), '{}');
    const { sent, unreadable, trouble } = await drain();
    expect([sent, unreadable, trouble]).toEqual([['a'], 5, undefined]);
    expect((await readdir(spool.folder)).sort()).toEqual(
      [
        variant(6),
        variant(7),
        '999999999999999-00000000-0000-0000-0000-000000000000.json',
        'notes.txt',
        'rejected',
      ].sort(),
    );
    expect(await readdir(place('rejected'))).toHaveLength(5);
    // Somebody may want it back.
    expect((await stat(place('rejected', variant(5)))).size).toBe(3 * 1024 * 1024);
    await spool.append(letter('b'));
    expect((await drain()).sent).toEqual(['b']);
  });

  it('takes away what a process that died had begun to write, and not what one is writing', async () => {
    await spool.append(letter('a'));
    const [old, young] = ['old.tmp', 'young.tmp'].map((name) => path.join(spool.folder, name));
    await writeFile(old!, '{"vers');
    await writeFile(young!, '{"vers');
    const before = new Date(Date.now() - 7_200_000);
    await utimes(old!, before, before);
    await drain();
    expect(await readdir(spool.folder)).toEqual(['young.tmp']);
  });

  it('keeps the last thousand that were refused', async () => {
    const rejected = path.join(spool.folder, 'rejected');
    await mkdir(rejected, { recursive: true });
    const uuid = '00000000-0000-4000-8000-000000000000';
    for (let at = 1; at <= 1_000; at += 1) {
      await writeFile(path.join(rejected, `${String(at).padStart(15, '0')}-${uuid}.json`), '{}');
    }
    await spool.append(letter('a'));
    await drain(() => ({ kind: 'refused', status: 400, reason: 'no', lasting: true }));
    const names = (await readdir(rejected)).sort();
    expect([names.length, names[0]?.slice(0, 15)]).toEqual([1_000, '000000000000002']);
    expect(await spool.count()).toMatchObject({ waiting: 0, rejected: 1_000 });
  });
});

describe('draining', () => {
  it('stops at an outage, with the order kept', async () => {
    for (const text of ['a', 'b', 'c']) await spool.append(letter(text));
    const down: Verdict = { kind: 'unreachable', reason: 'down' };
    const { sent, trouble, stopped } = await drain(({ body }) =>
      body.text === 'b' ? down : { kind: 'accepted', id: '1' },
    );
    expect([sent, trouble, stopped]).toEqual([['a'], down, true]);
    expect((await drain()).sent).toEqual(['b', 'c']);
  });

  it('stops at a refused key, which may be mended', async () => {
    for (const text of ['a', 'b']) await spool.append(letter(text));
    const { sent, stopped } = await drain(() => ({ kind: 'refused', status: 401, reason: 'no', lasting: false }));
    expect([sent, stopped]).toEqual([['a'], true]);
    expect(await spool.names()).toHaveLength(2);
  });

  it('puts what is refused for good aside, with the reason, and it can be put back', async () => {
    const name = await spool.append(letter('a'));
    await spool.append(letter('b'));
    const { sent } = await drain(({ body }) =>
      body.text === 'a'
        ? { kind: 'refused', status: 400, reason: 'too deep', lasting: true }
        : { kind: 'accepted', id: '1' },
    );
    expect(sent).toEqual(['a', 'b']);
    const aside = path.join(spool.folder, 'rejected', name);
    const text = await readFile(aside, 'utf8');
    expect(JSON.parse(text)).toMatchObject({
      idempotencyKey: 'key-a',
      rejected: { status: 400, reason: 'too deep', at: expect.any(String) as string },
    });
    await writeFile(path.join(spool.folder, name), text);
    expect((await drain()).sent).toEqual(['a']);
  });

  it('goes past letters that Guildcast itself fails at, ten at most', async () => {
    spool = new Spool({ folder: root, files: 20, bytes: 20_000 }, url);
    const texts = Array.from({ length: 14 }, (_, index) =>
      index === 1 || index === 13 ? `good${index}` : `bad${index}`,
    );
    for (const text of texts) await spool.append(letter(text));
    const failing = ({ body }: Letter): Verdict =>
      String(body.text).startsWith('bad')
        ? { kind: 'unreachable', reason: 'failed', ownFault: true }
        : { kind: 'accepted', id: '1' };
    const first = await drain(failing);
    expect([first.sent, first.stopped]).toEqual([texts.slice(0, 12), true]);
    for (const name of (await spool.names()).slice(0, 2)) await spool.remove(name);
    expect((await drain(failing)).sent).toEqual(texts.slice(3));
  });

  it('lets others of its process have their turn after about a hundred', async () => {
    spool = new Spool({ folder: root, files: 200, bytes: 200_000 }, url);
    for (let at = 0; at < 150; at += 1) await spool.append(letter(`${at}`));
    expect(await drain()).toMatchObject({ more: true, sent: { length: 127 } });
    expect(await drain()).toMatchObject({ more: false, sent: { length: 23 } });
  });

  it('leaves what a newer program wrote to that, and sends the rest', async () => {
    const [first] = [await spool.append(letter('a')), await spool.append(letter('b'))];
    const file = path.join(spool.folder, first);
    await writeFile(file, JSON.stringify({ version: 2, what: 'only that knows' }));
    const { sent, unreadable, stopped, trouble } = await drain();
    expect([sent, unreadable, stopped]).toEqual([['b'], 0, false]);
    expect(trouble?.reason).toContain('newer');
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ version: 2, what: 'only that knows' });
    // Nor does it hide what is wrong with the rest.
    await spool.append(letter('c'));
    const refused = { kind: 'refused', status: 401, reason: 'no', lasting: false } as const;
    expect(await drain(() => refused)).toMatchObject({ stopped: true, trouble: refused });
  });

  it('puts nothing aside that another process was faster with', async () => {
    const name = await spool.append(letter('a'));
    await spool.remove(name);
    await spool.reject(name, { reason: 'too late' });
    expect(await readdir(spool.folder)).toEqual([]);
  });

  it('says when the folder cannot be worked through', async () => {
    await rm(spool.folder, { recursive: true, force: true });
    await writeFile(spool.folder, '');
    expect((await drain()).trouble?.reason).toContain('ENOTDIR');
  });
});

describe('the lock of the spool', () => {
  const lockFile = () => path.join(spool.folder, 'drain.lock');
  const hold = (holder: object) => writeFile(lockFile(), JSON.stringify(holder));
  beforeEach(async () => void (await spool.append(letter('a'))));

  it('is held by one', async () => {
    const lock = await SpoolLock.acquire(spool.folder);
    expect(await SpoolLock.acquire(spool.folder)).toBeUndefined();
    expect(await drain()).toMatchObject({ busy: true, sent: [] });
    await lock?.release();
    expect((await drain()).sent).toEqual(['a']);
  });

  it('is taken from a process that is dead, and from one whose number another got', async () => {
    // Larger than any number that Linux gives.
    await hold({ pid: 2 ** 30, host: hostname() });
    expect((await drain()).sent).toEqual(['a']);
    await spool.append(letter('b'));
    await hold({ pid: process.pid, host: hostname(), started: '1' });
    expect((await drain()).sent).toEqual(process.platform === 'linux' ? ['b'] : []);
  });

  it('is left to one that lives, and to one on another machine, for a minute', async () => {
    await hold({ pid: process.ppid, host: hostname() });
    expect((await drain()).busy).toBe(true);
    await hold({ pid: 2 ** 30, host: 'another' });
    expect((await drain()).busy).toBe(true);
    const before = new Date(Date.now() - 61_000);
    await utimes(lockFile(), before, before);
    expect((await drain()).sent).toEqual(['a']);
  });

  it('is taken after a minute when it says nothing', async () => {
    await writeFile(lockFile(), '');
    expect((await drain()).busy).toBe(true);
    const before = new Date(Date.now() - 61_000);
    await utimes(lockFile(), before, before);
    expect((await drain()).sent).toEqual(['a']);
  });

  it('is not held any more by one that slept too long', async () => {
    const lock = await SpoolLock.acquire(spool.folder);
    expect(await lock?.renew()).toBe(true);
    await rm(lockFile());
    await hold({ pid: 1, host: hostname() });
    expect(await lock?.renew()).toBe(false);
    await lock?.release();
    expect(JSON.parse(await readFile(lockFile(), 'utf8'))).toMatchObject({ pid: 1 });
  });

  it('shows that its holder lives', async () => {
    const lock = await SpoolLock.acquire(spool.folder);
    const before = new Date(Date.now() - 50_000);
    await utimes(lockFile(), before, before);
    await lock?.renew();
    expect(Date.now() - (await stat(lockFile())).mtimeMs).toBeLessThan(40_000);
    await lock?.release();
  });

  it('goes to one of many who find it stale at the same time', async () => {
    await hold({ pid: 2 ** 30, host: hostname() });
    const locks = await Promise.all(Array.from({ length: 20 }, () => SpoolLock.acquire(spool.folder)));
    expect(locks.filter((lock) => lock !== undefined).length).toBeLessThanOrEqual(1);
    for (const lock of locks) await lock?.release();
    expect(await readdir(spool.folder)).toHaveLength(1);
  });
});
