import { type ChildProcess, execFile, spawn, spawnSync, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Whoever runs the tests is root in there, and nowhere else. */
const aNetworkOfItsOwn = ['--user', '--map-root-user', '--net'];

/**
 * Why machines on a switch cannot be played here, in a few words; undefined if they can. It takes Linux, unshare and
 * nsenter (util-linux), ip (iproute2), and a kernel that lets this user have namespaces.
 */
export function namespacesBarred(): string | undefined {
  const tries = [
    'set -e',
    'ip link set lo up',
    'ip link add name switch type bridge',
    'ip link add name here type veth peer name there',
    'nsenter --version > /dev/null',
    'unshare --net true',
  ];
  const child = spawnSync('unshare', [...aNetworkOfItsOwn, 'sh', '-c', tries.join('\n')], { encoding: 'utf8' });
  if (child.status === 0) return undefined;
  return child.error?.message ?? (child.stderr.trim().split('\n').at(-1) || `unshare ended with ${child.status}`);
}

/** A machine as far as the network goes. It lasts until `close`, or until this process ends. */
export class NetworkNamespace {
  private constructor(private readonly holder: ChildProcess) {}

  /** Nothing is connected to it yet. */
  static async open(): Promise<NetworkNamespace> {
    return NetworkNamespace.hold('unshare', [...aNetworkOfItsOwn, 'cat']);
  }

  /** `cat` ends with its input, which ends with us; and once it speaks, all before it has been done. */
  private static async hold(program: string, args: string[]): Promise<NetworkNamespace> {
    const holder = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let said = '';
    holder.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    holder.stdin.on('error', () => undefined);
    holder.stdin.write('here\n');
    const heard = await Promise.race([once(holder.stdout, 'data'), once(holder, 'close').then(() => undefined)]);
    if (!heard) throw new Error(`no namespace: ${said}`);
    return new NetworkNamespace(holder);
  }

  /** Answers what it printed. */
  async run(program: string, ...args: string[]): Promise<string> {
    const { stdout } = await run(...this.inside(program, args));
    return stdout;
  }

  spawn(program: string, args: string[], options: { stdio: StdioOptions; env: NodeJS.ProcessEnv }): ChildProcess {
    return spawn(...this.inside(program, args), options);
  }

  /** Another machine beside this one, of the same owner, at the other end of a cable that is `port` here, `eth0` there. */
  async connect(port: string): Promise<NetworkNamespace> {
    const other = await NetworkNamespace.hold(...this.inside('unshare', ['--net', 'cat']));
    const there = ['peer', 'name', 'eth0', 'netns', String(other.holder.pid)];
    await this.run('ip', 'link', 'add', 'name', port, 'type', 'veth', ...there);
    return other;
  }

  async close(): Promise<void> {
    this.holder.stdin?.end();
    if (this.holder.exitCode === null && this.holder.signalCode === null) await once(this.holder, 'exit');
  }

  private inside(program: string, args: string[]): [string, string[]] {
    const target = ['--target', String(this.holder.pid), '--user', '--net', '--preserve-credentials'];
    return ['nsenter', [...target, '--', program, ...args]];
  }
}

/** A machine that others are plugged into, as if it had a switch: to pull one's plug, nobody else's link goes down. */
export class SwitchedNetwork {
  private readonly others: NetworkNamespace[] = [];

  private constructor(
    /** Has the address 10.9.0.1. */
    readonly middle: NetworkNamespace,
  ) {}

  static async open(): Promise<SwitchedNetwork> {
    const middle = await NetworkNamespace.open();
    await middle.run('ip', 'link', 'set', 'lo', 'up');
    await middle.run('ip', 'link', 'add', 'name', 'switch', 'type', 'bridge');
    await middle.run('ip', 'address', 'add', '10.9.0.1/24', 'dev', 'switch');
    await middle.run('ip', 'link', 'set', 'switch', 'up');
    return new SwitchedNetwork(middle);
  }

  /** A new machine. Its address is 10.9.0.`number`. */
  async plug(number: number): Promise<NetworkNamespace> {
    const other = await this.middle.connect(`port${number}`);
    this.others.push(other);
    await this.middle.run('ip', 'link', 'set', `port${number}`, 'master', 'switch', 'up');
    await other.run('ip', 'address', 'add', `10.9.0.${number}/24`, 'dev', 'eth0');
    await other.run('ip', 'link', 'set', 'eth0', 'up');
    return other;
  }

  /** From now on nothing comes from that machine, and nothing tells that it does not get what is sent to it. */
  async unplug(number: number): Promise<void> {
    await this.middle.run('ip', 'link', 'set', `port${number}`, 'down');
  }

  async close(): Promise<void> {
    for (const machine of [...this.others, this.middle]) await machine.close();
  }
}
