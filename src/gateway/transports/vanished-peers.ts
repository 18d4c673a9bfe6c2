import { open } from 'node:fs/promises';
import { type Socket, SocketAddress } from 'node:net';
import { endianness } from 'node:os';

/** Every TCP connection of this network namespace, one a line (proc_net_tcp in Linux's documentation). */
const kernelTables = ['/proc/net/tcp', '/proc/net/tcp6'];

/** Bytes read of one table, some 400 000 connections. What stands behind them is not known. */
const maxBytes = 67_108_864;

/** Lost segments that prove nothing: a peer that lives may miss one. */
const fewestUnanswered = 2;

/**
 * Up to `timer` the line says between whom; 1 means that a segment waits to be sent again, 4 that a closed window waits
 * to be probed again. Then how often a segment was sent again, and how often a window was probed, without an answer.
 */
const waitingLine =
  /^ *\d+: (?<local>[\dA-F]+:[\dA-F]{4}) (?<remote>[\dA-F]+:[\dA-F]{4}) [\dA-F]{2} [\dA-F:]+ 0(?<timer>[14]):[\dA-F]+ (?<resent>[\dA-F]+) +\d+ +(?<probed>\d+) /gm;

interface Sighting {
  /** Milliseconds, when nothing was answered for the first time. */
  since: number;
  unanswered: number;
}

/**
 * Tells peers that have vanished, with their machine or the way to it, from those that are quiet or do not read. Nothing
 * in Node does where the peer need not say anything: a write succeeds as soon as the kernel has taken it. The kernel
 * of Linux counts what it sends again in vain, and a peer that lives answers it, also one that never reads. Where there
 * is no such kernel nothing is known, and nobody has vanished.
 */
export class VanishedPeers {
  private sightings = new Map<Socket, Sighting>();
  private looking = false;

  /**
   * @param patience milliseconds that must lie between the first look at which a peer leaves something unanswered and
   * the one that tells of it. Between two looks there should be a little more.
   */
  constructor(
    private readonly patience: number,
    private readonly tables: readonly string[] = kernelTables,
  ) {}

  /** Those of these sockets whose peers have vanished. To be asked again and again, each time of all. Never rejects. */
  async among(sockets: Iterable<Socket>, now = performance.now()): Promise<Socket[]> {
    if (this.looking) return [];
    this.looking = true;
    const asked = [...sockets];
    try {
      return this.compare(asked, asked.length > 0 ? await unansweredConnections(this.tables) : new Map(), now);
    } finally {
      this.looking = false;
    }
  }

  private compare(asked: readonly Socket[], unanswered: ReadonlyMap<string, number>, now: number): Socket[] {
    const former = this.sightings;
    this.sightings = new Map();
    if (unanswered.size === 0) return [];
    for (const socket of asked) {
      const count = unanswered.get(connectionName(socket));
      if (count === undefined) continue;
      const before = former.get(socket);
      // An answer makes the kernel count from the beginning.
      const since = before && before.unanswered <= count ? before.since : now;
      this.sightings.set(socket, { since, unanswered: count });
    }
    return [...this.sightings]
      .filter(([, { since, unanswered: count }]) => count >= fewestUnanswered && now - since >= this.patience)
      .map(([socket]) => socket);
  }
}

/** Both ends of a connection, as `unansweredIn` names them. A link-local address is named without its interface. */
export function connectionName({ localAddress, localPort, remoteAddress, remotePort }: Socket): string {
  const [local, remote] = [localAddress, remoteAddress].map((address) => address?.split('%', 1)[0]);
  return `${local} ${localPort} ${remote} ${remotePort}`;
}

/** Of whole lines of a kernel table: how often the kernel has sent in vain, by the name of the connection. */
export function unansweredIn(lines: string, byteOrder = endianness()): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { groups } of lines.matchAll(waitingLine)) {
    const { local = '', remote = '', timer, resent = '', probed } = groups ?? {};
    const count = timer === '1' ? parseInt(resent, 16) : Number(probed);
    if (count > 0) counts.set(`${endOf(local, byteOrder)} ${endOf(remote, byteOrder)}`, count);
  }
  return counts;
}

/**
 * Address and port of one end. The kernel prints an address as words of 32 bits in the byte order of the machine, so
 * that on most machines the bytes of each word are turned round; a port it prints as the number it is.
 */
function endOf(printed: string, byteOrder: 'LE' | 'BE'): string {
  const [words = '', port = ''] = printed.split(':');
  const bytes = Buffer.from(words, 'hex');
  if (byteOrder === 'LE') bytes.swap32();
  return `${bytes.length === 4 ? bytes.join('.') : sixOf(bytes)} ${parseInt(port, 16)}`;
}

/** In Node's own words, as its sockets name it: the longest run of zeros left out, an IPv4 address inside with dots. */
function sixOf(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16));
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}

async function unansweredConnections(tables: readonly string[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const table of tables) {
    try {
      for await (const lines of wholeLines(table))
        for (const [name, count] of unansweredIn(lines)) counts.set(name, count);
    } catch {
      // Not a Linux, one without IPv6, or one that does not show it.
    }
  }
  return counts;
}

/** The kernel makes the table up while it is read, a page at a time: nobody is held up by a long one. */
async function* wholeLines(path: string): AsyncGenerator<string> {
  const file = await open(path);
  try {
    const buffer = Buffer.allocUnsafe(65_536);
    let rest = '';
    for (let read = 0; read < maxBytes;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return;
      read += bytesRead;
      const text = rest + buffer.toString('latin1', 0, bytesRead);
      const end = text.lastIndexOf('\n') + 1;
      rest = text.slice(end);
      yield text.slice(0, end);
    }
  } finally {
    await file.close();
  }
}
