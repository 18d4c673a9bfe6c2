import { execFile } from 'node:child_process';
import { createServer } from 'node:https';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Certificates, makeCertificates, type Pair } from '../../support/certificates.js';
import { namespacesBarred, NetworkNamespace } from '../../support/network-namespace.js';
import { HttpServer } from './http-server.js';
import { faultOf, httpProvider, serveTown } from './source-parts.js';

const run = promisify(execFile);
const asker = path.join(import.meta.dirname, '../../support/json-asker.mjs');

interface Outcome {
  answers: unknown[];
  connectedTo: string[];
}

let certificates: Certificates;
beforeAll(() => {
  certificates = makeCertificates();
});
afterAll(() => certificates.remove());

describe('the source http and certificates', () => {
  let secure: HttpServer;
  const start = async (pair: Pair): Promise<string> => {
    secure = await HttpServer.start((listener) => createServer(pair, listener), 'https');
    serveTown(secure);
    return `https://localhost:${secure.port}/servers`;
  };

  /** What a program says that trusts the authority of the test. */
  async function ask(url: string): Promise<unknown> {
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: certificates.authority };
    const { stdout } = await run(process.execPath, [asker, JSON.stringify({ questions: [{ url }] })], { env });
    return (JSON.parse(stdout) as Outcome).answers[0];
  }

  it.each([
    ['expired', 'its certificate has expired (CERT_HAS_EXPIRED)'],
    ['otherName', 'its certificate is for another name (ERR_TLS_CERT_ALTNAME_INVALID)'],
    ['selfSigned', 'its certificate is signed by itself (DEPTH_ZERO_SELF_SIGNED_CERT)'],
  ] as const)('says in one sentence what is wrong with one, and tells its server nothing: %s', async (which, words) => {
    const url = await start(certificates[which]);
    try {
      expect(await ask(url)).toBe(`${new URL(url).origin} cannot be asked: ${words}`);
      expect(secure.connections).toBe(1);
      expect(secure.requests).toEqual([]);
    } finally {
      await secure.close();
    }
  });

  it('believes one that is right, from an authority that it knows', async () => {
    const url = await start(certificates.good);
    const source = httpProvider(secure, { HTTP_SOURCE_GUILDS_URL: url });
    try {
      expect(await ask(url)).toHaveProperty('300000000000000001');
      expect(await faultOf(source.listGuilds())).toMatch(/signed by an authority that is not trusted \([A-Z_]+\)$/);
    } finally {
      await source.onApplicationShutdown();
      await secure.close();
    }
  });
});

// A public address that is ours alone: on a machine of its own, which nothing else is connected to.
describe.skipIf(namespacesBarred())('a name whose address changes', () => {
  it('is not followed from a public address to a private one, and nothing is connected to there', async () => {
    const machine = await NetworkNamespace.open();
    try {
      await machine.run('ip', 'link', 'set', 'lo', 'up');
      for (const address of ['93.184.216.34/32', '10.0.0.5/32'])
        await machine.run('ip', 'address', 'add', address, 'dev', 'lo');
      const url = 'http://town.example:8080/servers';
      const questions = [
        { url, addresses: ['93.184.216.34'] },
        { url, addresses: ['127.0.0.1'] },
        { url, addresses: ['10.0.0.5', '127.0.0.1'] },
        { url, addresses: ['10.0.0.5', '93.184.216.34'] },
        { url, addresses: ['::ffff:10.0.0.5'] },
      ];
      const { answers, connectedTo } = JSON.parse(
        await machine.run(process.execPath, asker, JSON.stringify({ serve: 8080, questions })),
      ) as Outcome;
      const refusal = expect.stringMatching(
        /^http:\/\/town\.example:8080 cannot be asked: town\.example is not an address of the public internet/,
      ) as string;
      expect(answers).toEqual([{ well: true }, refusal, refusal, { well: true }, refusal]);
      expect(connectedTo).toEqual(['93.184.216.34', '93.184.216.34']);
    } finally {
      await machine.close();
    }
  });
});
