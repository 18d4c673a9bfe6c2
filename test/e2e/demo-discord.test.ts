import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { io } from 'socket.io-client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createTestDatabase } from '../support/test-database.js';

const program = path.join(import.meta.dirname, '../../dist/testing/demo-discord/main.js');
const undone: (() => unknown)[] = [];

afterEach(async () => {
  for (const undo of undone.splice(0).reverse()) await undo();
});

function run(args: string[], env: NodeJS.ProcessEnv = {}): { child: ChildProcess; output: () => string } {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [program, ...args], { cwd: tmpdir(), env: { PATH, HOME, ...env } });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (printed += String(data)));
  undone.push(() => child.exitCode === null && child.signalCode === null && child.kill('SIGKILL'));
  return { child, output: () => printed };
}

const soon = { timeout: 30_000, interval: 50 };

describe('npm run demo:discord', () => {
  it('shows guilds of a fake Discord in which people live, takes notifications, and stops on SIGTERM', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'guildcast-demo-'));
    undone.push(() => rm(folder, { recursive: true, force: true }));
    const database = await createTestDatabase();
    undone.push(() => database.drop());
    const env = { PORT: '0', DATA_DIR: folder, DATABASE_URL: database.url };
    const { child, output } = run(['--members', '12', '--pause', '50'], env);
    const url = await vi.waitFor(() => {
      const [, found] = /Open +(http\S+)\//.exec(output()) ?? [];
      if (found === undefined) throw new Error(`not started yet: ${output()}`);
      return found;
    }, soon);

    const guilds = await vi.waitFor(async () => {
      const answer = (await (await fetch(`${url}/api/v1/guilds`)).json()) as { guilds: { id: string; name: string }[] };
      expect(answer.guilds.map(({ name }) => name).sort()).toEqual(['Harbour', 'Observatory']);
      return answer.guilds;
    }, soon);
    const socket = io(url, { transports: ['websocket'] });
    undone.push(() => socket.disconnect());
    const heard = new Set<string>();
    socket.onAny((type: string) => heard.add(type));
    const joined = (await socket.emitWithAck('join', { guildId: guilds[0]?.id })) as {
      snapshot: { members: unknown[] };
    };
    // The people and the bot; somebody may have come or gone by now.
    expect(joined.snapshot.members.length).toBeGreaterThan(10);
    await vi.waitFor(
      () =>
        expect([...heard]).toEqual(expect.arrayContaining(['presence.updated', 'typing.started', 'message.created'])),
      soon,
    );

    const [, userId] = /; (\d+) is somebody/.exec(output()) ?? [];
    const key = (await readFile(path.join(folder, 'admin.key'), 'utf8')).trim();
    const posted = await fetch(`${url}/api/v1/notifications`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ target: { userId }, type: 'backup_error', payload: { error_message: 'disk full' } }),
    });
    expect(posted.status).toBe(202);
    await vi.waitFor(() => expect(output()).toMatch(new RegExp(`the bot wrote to user ${userId}: .*disk full`)), soon);

    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(output()).not.toContain('was lost');
  });

  it('explains itself, and says what is wrong with an option', async () => {
    const help = run(['--help']);
    expect(await once(help.child, 'close')).toEqual([0, null]);
    expect(help.output()).toContain('npm run demo:discord');
    const wrong = run(['--members', 'many']);
    expect(await once(wrong.child, 'close')).toEqual([1, null]);
    expect(wrong.output()).toBe('--members must be a whole number from 1 to 100000\n');
    const unknown = run(['--quick']);
    expect(await once(unknown.child, 'close')).toEqual([1, null]);
    expect(unknown.output()).toMatch(/^Unknown option '--quick'[^\n]*\n$/);
  });
});
