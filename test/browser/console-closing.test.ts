import { createServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Browser } from 'playwright-core';
import { Server } from 'socket.io';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Closing, closingFor } from '../../src/domain/closing.js';
import { type GuildSnapshot } from '../../src/domain/guild-snapshot.js';
import { launchChromium } from '../support/chromium.js';
import { ConsolePage } from '../support/console-page.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** The application with sockets of another server before it, which ends them when the test says so. */
class ClosingServer {
  connections = 0;
  /** What each connection hears from now on, and ends; undefined lets it in. */
  closing: Closing | undefined;
  private readonly http: HttpServer;
  private readonly sockets: Server;

  constructor(private readonly behind: string) {
    this.http = createServer((request, response) => {
      void fetch(`${behind}${request.url}`, { headers: { accept: request.headers.accept ?? '*/*' } }).then(
        async (answer) => {
          response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
          response.end(Buffer.from(await answer.arrayBuffer()));
        },
      );
    });
    this.sockets = new Server(this.http);
    this.sockets.on('connection', (socket) => {
      this.connections += 1;
      socket.on('join', ({ guildId }: { guildId: string }, answer: (said: object) => void) => {
        void this.snapshotOf(guildId).then((snapshot) => {
          answer({ guildId: snapshot.guild.id, cursor: snapshot.cursor, recovered: false, snapshot });
        });
      });
      if (this.closing) this.end(this.closing);
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.http.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  end(closing: Closing): void {
    this.sockets.emit('closing', closing);
    this.sockets.disconnectSockets(true);
  }

  async close(): Promise<void> {
    await this.sockets.close();
  }

  private async snapshotOf(guild: string): Promise<GuildSnapshot> {
    return (await fetch(`${this.behind}/api/v1/guilds/${guild}`)).json() as Promise<GuildSnapshot>;
  }
}

describe('the console before a server that ends its connection', () => {
  let browser: Browser;
  let app: TestApp;
  let server: ClosingServer;
  let url: string;

  beforeAll(async () => {
    browser = await launchChromium();
    app = await startTestApp();
    server = new ClosingServer(app.url);
    url = await server.open();
  });
  afterEach(() => (server.closing = undefined));
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await app?.close();
  });

  it('shows why and when it comes back, keeps what was last known, and tries at once when asked', async () => {
    const tab = await ConsolePage.open(browser, url);
    await tab.untilConnection('live');
    const reason = tab.page.locator('#connection-reason');
    expect(await reason.isVisible()).toBe(false);
    const closing = closingFor('service-full', 3_600);
    server.end(closing);
    await tab.untilConnection('reconnecting');
    expect(await tab.text('#connection-reason')).toBe(closing.message);
    expect(await tab.text('#connection-text')).toMatch(/^Reconnecting in 3[56]\d\d s$/);
    await expect.poll(() => tab.text('#announcer')).toBe(`Connection lost. Reconnecting. ${closing.message}`);
    expect(await tab.member('NNTin').isVisible()).toBe(true);
    await tab.page.getByRole('button', { name: 'Try now' }).click();
    await tab.untilConnection('live');
    expect(await reason.isVisible()).toBe(false);
    expect(tab.complaints).toEqual([]);
    await tab.close();
  });

  it('stays away when it was refused, says so and why, and lets people try again', async () => {
    const tab = await ConsolePage.open(browser, url);
    await tab.untilConnection('live');
    const closing = closingFor('flood');
    const before = server.connections;
    server.end(closing);
    await tab.untilConnection('refused');
    expect([await tab.text('#connection-text'), await tab.text('#connection-reason')]).toEqual([
      'Refused',
      closing.message,
    ]);
    expect(await tab.text('#announcer')).toBe(`Connection refused. ${closing.message}`);
    expect(await tab.member('NNTin').isVisible()).toBe(true);
    // Back on the net, back in view: a page that was only cut off would try now.
    await tab.page.evaluate(`
      window.dispatchEvent(new Event('online'));
      document.dispatchEvent(new Event('visibilitychange'));`);
    expect(await tab.page.locator('#connection[data-state="refused"]').count()).toBe(1);
    expect(server.connections).toBe(before);
    await tab.page.getByRole('button', { name: 'Try now' }).click();
    await tab.untilConnection('live');
    expect(server.connections).toBe(before + 1);
    expect(tab.complaints).toEqual([]);
    await tab.close();
  });

  it('says so in place of a guild that was never entered', async () => {
    const closing = closingFor('flood');
    server.closing = closing;
    const tab = await ConsolePage.open(browser, url);
    await tab.untilConnection('refused');
    await tab.page.getByRole('alert').getByText(closing.message).waitFor();
    server.closing = undefined;
    await tab.page.getByRole('button', { name: 'Try now' }).click();
    await tab.untilConnection('live');
    await tab.member('NNTin').waitFor();
    await tab.close();
  });

  it('has room for the reason on a narrow screen', async () => {
    const tab = await ConsolePage.open(browser, url, { viewport: { width: 390, height: 760 } });
    await tab.untilConnection('live');
    server.end(closingFor('slow-consumer', 3_600));
    await tab.untilConnection('reconnecting');
    expect(await tab.page.locator('#connection-reason').isVisible()).toBe(true);
    expect(await tab.page.evaluate('document.documentElement.scrollWidth - window.innerWidth')).toBe(0);
    await tab.close();
  });
});
