import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { useHttpSource } from './http-fixture.js';
import { HttpServer } from './http-server.js';
import { faultOf, serveTown, townId } from './source-parts.js';

const fixture = useHttpSource();

describe('the source http and certificates', () => {
  it('does not believe a certificate that signed itself', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'guildcast-tls-'));
    try {
      const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(folder, name)) as [string, string];
      const how = [
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=127.0.0.1',
      ];
      execFileSync('openssl', ['req', '-x509', ...how, '-keyout', key, '-out', cert], { stdio: 'ignore' });
      const pair = { key: readFileSync(key), cert: readFileSync(cert) };
      const secure = await HttpServer.start((listener) => createTlsServer(pair, listener), 'https');
      try {
        serveTown(secure);
        expect(await faultOf(fixture.provider({}, secure).listGuilds())).toMatch(/certificate is signed by itself/);
        expect(secure.requests).toEqual([]);
      } finally {
        await secure.close();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('the source http and private addresses', () => {
  it.each(['127.0.0.1', 'localhost', '2130706433', '0x7f.1', '0', '[::ffff:127.0.0.1]', '[::1]', '[::]'])(
    'never connects to %s',
    async (host) => {
      serveTown(fixture.server);
      const at = `http://${host}:${fixture.server.port}`;
      const source = fixture.provider({
        HTTP_SOURCE_GUILDS_URL: `${at}/servers`,
        HTTP_SOURCE_GUILD_URL: `${at}/users/{guildId}`,
        HTTP_SOURCE_ALLOW_PRIVATE: 'false',
      });
      expect(await faultOf(source.listGuilds())).toMatch(/not an address of the public internet/);
      expect(await faultOf(source.loadGuild(townId))).toMatch(/not an address of the public internet/);
      expect(fixture.server.connections).toBe(0);
    },
  );

  it('connects to this machine by its name where that is allowed', async () => {
    serveTown(fixture.server);
    const source = fixture.provider({ HTTP_SOURCE_GUILDS_URL: `http://localhost:${fixture.server.port}/servers` });
    expect(await source.listGuilds()).toHaveLength(2);
  });

  it('says when nobody has that name, and when nobody listens', async () => {
    // Longer than a name may be: nobody has to be asked.
    const unknown = `${'x'.repeat(64)}.invalid`;
    const nobody = fixture.provider({ HTTP_SOURCE_GUILDS_URL: `http://${unknown}/servers` });
    expect(await faultOf(nobody.listGuilds())).toMatch(
      /x\.invalid cannot be asked: its name is not known \(ENOTFOUND\)/,
    );
    const closed = await HttpServer.start();
    const deaf = fixture.provider({}, closed);
    await closed.close();
    expect(await faultOf(deaf.listGuilds())).toMatch(/nobody listens there \(ECONNREFUSED\)/);
  });
});
