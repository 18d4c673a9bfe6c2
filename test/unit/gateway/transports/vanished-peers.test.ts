import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectionName, unansweredIn, VanishedPeers } from '../../../../src/gateway/transports/vanished-peers.js';

// Printed by a kernel of a little-endian machine. The peers at 10.9.0.2, fd00:9::2 and fe80::… had been unplugged for
// seven seconds, those on the loopback lived.
const table6 = `
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:1B58 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3462394 1 00000000dc204434 100 0 0 10 0
   1: 0000000000000000FFFF00000100090A:1B58 0000000000000000FFFF00000200090A:D46C 01 00001E78:00000000 01:0000011E 00000005     0        0 3462735 2 0000000090efeb75 326 0 0 1 -1
   2: 000080FE00000000FFCCAD9C213A07FE:1B58 000080FE00000000FF2C3AB8336E29FE:9048 01 00001D4C:00000000 01:00000128 00000004     0        0 3462742 2 00000000e08afdec 326 0 0 1 -1
   3: 00000000000000000000000001000000:1B58 00000000000000000000000001000000:C16C 01 00000000:00000000 00:00000000 00000000     0        0 3462740 2 0000000055d48e9e 20 0 0 18 -1
   4: 0000000000000000FFFF00000100007F:1B58 0000000000000000FFFF00000100007F:804A 01 00000000:00000000 00:00000000 00000000     0        0 3462739 2 0000000074652d87 20 0 0 18 -1
   5: 090000FD000000000000000001000000:1B58 090000FD000000000000000002000000:8B5C 01 00001D4C:00000000 01:00000128 00000004     0        0 3462741 2 000000008315ffdc 326 0 0 1 -1
`.slice(1);

const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode \n';

/** As a kernel prints it: the connection of 10.9.0.1:7000 and 10.9.0.2:59388. */
const line = ({ timer = '01', resent = 0, probed = 0, state = '01' }) =>
  `   1: 0100090A:1B58 0200090A:E7FC ${state} 00000384:00000000 ${timer}:00000026 ` +
  `${resent.toString(16).toUpperCase().padStart(8, '0')}  1000 ${String(probed).padStart(8)} 3001986 2 0000000009f74b78 40 0 0 1 -1\n`;
const name = '10.9.0.1 7000 10.9.0.2 59388';

describe('a table of the kernel', () => {
  it('tells who leaves segments unanswered, in the words of the sockets of Node', () => {
    expect(unansweredIn(table6, 'LE')).toEqual(
      new Map([
        ['::ffff:10.9.0.1 7000 ::ffff:10.9.0.2 54380', 5],
        ['fe80::9cad:ccff:fe07:3a21 7000 fe80::b83a:2cff:fe29:6e33 36936', 4],
        ['fd00:9::1 7000 fd00:9::2 35676', 4],
      ]),
    );
  });

  it('counts retransmissions in hexadecimal, and probes of a closed window in decimal', () => {
    expect(unansweredIn(head + line({ resent: 18 }), 'LE')).toEqual(new Map([[name, 18]]));
    expect(unansweredIn(head + line({ timer: '04', probed: 12 }), 'LE')).toEqual(new Map([[name, 12]]));
  });

  it.each([
    ['nothing to wait for', line({ timer: '00', resent: 0 })],
    ['a segment that was sent once', line({ resent: 0 })],
    ['a window that is closed, and answers', line({ timer: '04', probed: 0 })],
    ['a keepalive', line({ timer: '02', probed: 3 })],
    ['the wait at its end', line({ timer: '03', state: '06', resent: 0 })],
    ['no table', 'nothing\n'.repeat(3)],
    ['no line', ''],
  ])('tells nothing of a connection with %s', (_, lines) => {
    expect(unansweredIn(lines, 'LE').size).toBe(0);
  });

  it('prints addresses the other way round on a big-endian machine', () => {
    const four = line({ resent: 3 }).replace('0100090A', '0A090001').replace('0200090A', '0A090002');
    const six =
      '  10: 20010DB8000000000001000000000001:01BB 20010DB8000000000000000000000002:C350 01 00000001:00000000 01:00000128 00000002     0        0 1 2 0 326 0 0 1 -1\n';
    expect(unansweredIn(four + six, 'BE')).toEqual(
      new Map([
        [name, 3],
        ['2001:db8::1:0:0:1 443 2001:db8::2 50000', 2],
      ]),
    );
  });
});

describe('peers', () => {
  const socket = {
    localAddress: '10.9.0.1',
    localPort: 7000,
    remoteAddress: '10.9.0.2',
    remotePort: 59_388,
  } as Socket;
  let folder: string;
  let table: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'guildcast-peers-'));
    table = path.join(folder, 'tcp');
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** What is told at each look, one second after another. */
  async function looks(peers: VanishedPeers, lines: string[], sockets = [socket]): Promise<Socket[][]> {
    const told = [];
    for (const [second, text] of lines.entries()) {
      await writeFile(table, head + text);
      told.push(await peers.among(sockets, second * 1000));
    }
    return told;
  }
  const resent = (...counts: number[]) => counts.map((count) => line({ resent: count }));

  it('have vanished once nothing was answered from one look to one that is late enough', async () => {
    const peers = new VanishedPeers(2_000, [table]);
    expect(await looks(peers, resent(0, 1, 4, 5, 5))).toEqual([[], [], [], [socket], [socket]]);
  });

  it('have not vanished when they answered in between', async () => {
    const peers = new VanishedPeers(1_000, [table]);
    expect(await looks(peers, resent(4, 0, 5, 2))).toEqual([[], [], [], []]);
  });

  it('have not vanished for one segment that was lost', async () => {
    const peers = new VanishedPeers(1_000, [table]);
    expect(await looks(peers, resent(1, 1, 1))).toEqual([[], [], []]);
  });

  it('have vanished as well when they did not read before', async () => {
    const peers = new VanishedPeers(1_000, [table]);
    const probed = [0, 1, 1, 2].map((count) => line({ timer: '04', probed: count }));
    expect(await looks(peers, probed)).toEqual([[], [], [], [socket]]);
  });

  it('are told of the sockets that were asked about, and of no others', async () => {
    const peers = new VanishedPeers(0, [table]);
    const others = [
      { ...socket, remotePort: 59_389 },
      { ...socket, remoteAddress: '10.9.0.3' },
      { ...socket, localPort: 7001 },
      { ...socket, localAddress: '10.9.0.9' },
      {},
    ] as Socket[];
    expect(await looks(peers, resent(5), others)).toEqual([[]]);
    expect(await looks(peers, resent(5), [...others, socket])).toEqual([[socket]]);
  });

  it('have not vanished for what an earlier connection between the same ends left unanswered', async () => {
    const peers = new VanishedPeers(1_000, [table]);
    expect(await looks(peers, resent(4, 5))).toEqual([[], [socket]]);
    expect(await peers.among([{ ...socket } as Socket], 9_000)).toEqual([]);
  });

  it('are found in a table of many pages', async () => {
    const many = Array.from({ length: 2_000 }, () => line({ timer: '00' }).replace('E7FC', 'E7FB'));
    const peers = new VanishedPeers(0, [table]);
    expect(await looks(peers, [many.join('') + line({ resent: 2 }) + many.join('')])).toEqual([[socket]]);
  });

  it('are unknown where there is no table, or none that can be read', async () => {
    await writeFile(table, head + line({ resent: 5 }));
    const nowhere = [path.join(folder, 'nothing'), folder];
    expect(await new VanishedPeers(0, nowhere).among([socket], 0)).toEqual([]);
    expect(await new VanishedPeers(0, [...nowhere, table]).among([socket], 0)).toEqual([socket]);
  });

  it('are looked for once at a time', async () => {
    await writeFile(table, head + line({ resent: 5 }));
    const peers = new VanishedPeers(0, [table]);
    expect(await Promise.all([peers.among([socket], 0), peers.among([socket], 0)])).toEqual([[socket], []]);
    expect(await peers.among([socket], 0)).toEqual([socket]);
  });
});

describe.skipIf(!existsSync('/proc/net/tcp'))('the tables of this kernel', () => {
  const ended: (() => void)[] = [];
  afterEach(() => {
    for (const end of ended.splice(0)) end();
  });

  /** The server's side of a connection, and the client's. */
  async function connection(listen: string, to: string): Promise<[Socket, Socket]> {
    const server = createServer().listen(0, listen);
    ended.push(() => server.close());
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, to);
    const [served] = (await once(server, 'connection')) as [Socket];
    ended.push(
      () => client.destroy(),
      () => served.destroy(),
    );
    return [served, client];
  }

  it.for([
    ['/proc/net/tcp', '127.0.0.1', '127.0.0.1'],
    ['/proc/net/tcp6', '::1', '::1'],
    ['/proc/net/tcp6', '::', '127.0.0.1'],
  ])('in %s name a connection of %s to %s as Node does', async ([table = '', listen = '', to = ''], { skip }) => {
    const [served] = await connection(listen, to).catch((error: unknown) => {
      // A machine may have no IPv6, or none on its loopback.
      if (listen.includes(':')) skip(String(error));
      throw error;
    });
    const text = await readFile(table, 'latin1');
    // As if this kernel had lost every peer.
    const lost = text.replaceAll(/ \d\d:[\dA-F]{8} [\dA-F]{8} /g, ' 01:00000001 00000007 ');
    expect(unansweredIn(lost).get(connectionName(served))).toBe(7);
  });

  it('do not take a peer that is there and does not read for one that has vanished', async () => {
    const [served, client] = await connection('127.0.0.1', '127.0.0.1');
    client.pause();
    served.write(Buffer.alloc(16 * 1024 * 1024));
    const port = (number = 0) => number.toString(16).toUpperCase().padStart(4, '0');
    const probing = new RegExp(`:${port(served.localPort)} [\\dA-F]{8}:${port(served.remotePort)} 01 \\S+ 04:`);
    await vi.waitFor(async () => expect(await readFile('/proc/net/tcp', 'latin1')).toMatch(probing));
    const peers = new VanishedPeers(0);
    for (let look = 0; look < 3; look += 1) expect(await peers.among([served])).toEqual([]);
  });
});
