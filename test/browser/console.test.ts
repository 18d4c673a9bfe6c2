import { type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.js';
import { ConsolePage } from '../support/console-page.js';
import { CuttableProxy } from '../support/cuttable-proxy.js';
import { joinOf, memberOf, messageOf, presenceOf } from '../support/events.js';
import { type GuildcastProcess, startGuildcast } from '../support/guildcast-process.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';

const dworld = '232769614004748288';
const docs = '482241773318701056';
const vegeta = memberOf('123456789012345001', { displayName: 'vegeta897', roleColor: '#ff6b6b' });

let browser: Browser;

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser?.close());

describe('the console before a guild that stands still', () => {
  let app: TestApp;
  let proxy: CuttableProxy;

  beforeAll(async () => {
    app = await startTestApp();
    proxy = await CuttableProxy.to(app.url);
  });
  afterAll(async () => {
    await proxy.close();
    await app.close();
  });

  it('lists the guilds, and shows the members of the default one with status and colour', async () => {
    const tab = await ConsolePage.open(browser, app.url);
    await tab.untilConnection('live');
    expect(await tab.page.locator('.guild-name').allInnerTexts()).toEqual([
      'D-World',
      'OAuth2 Protected Server',
      'Docs (WIP)',
      'My Repos',
    ]);
    expect(new URL(tab.page.url()).hash).toBe('#/guild/dworld');
    expect(await tab.page.title()).toBe('D-World · Guildcast');
    const rows = await tab.page.locator('.member').evaluateAll((nodes) =>
      nodes.map((node) => {
        const row = node as unknown as { innerText: string; dataset: { status: string } };
        return [row.innerText.split('\n').at(-2), row.dataset.status];
      }),
    );
    expect(rows).toEqual([
      ['Cog-Creators', 'idle'],
      ['d-zone-org', 'dnd'],
      ['NNTin', 'online'],
      ['vegeta897', 'online'],
    ]);
    const portrait = tab.member('vegeta897').locator('.portrait');
    expect(await tab.style(portrait, 'border-top-color')).toBe('rgb(255, 107, 107)');
    expect([await tab.text('#count-online'), await tab.text('#count-members')]).toEqual(['4', '4']);
    expect(await tab.text('#source')).toBe('Demo data');
    expect(tab.complaints).toEqual([]);
    await tab.close();
  });

  it('moves a member whose status changes, and tells every event in words', async () => {
    const tab = await ConsolePage.open(browser, `${app.url}/#/guild/dworld`);
    await tab.untilConnection('live');
    await app.log.append(presenceOf(dworld, vegeta, 'offline'));
    await tab.page.locator('[data-group="away"]').getByText('vegeta897', { exact: true }).waitFor();
    expect(await tab.text('#count-online')).toBe('3');
    await app.log.append(messageOf(dworld, vegeta, 'so long'));
    const notification = {
      id: '7',
      type: 'backup_error',
      target: 'user' as const,
      attempts: 3,
      reason: 'DMs closed',
    };
    await app.log.append({ type: 'notification.dead', guildId: dworld, data: notification });
    await tab.line('DMs closed').waitFor();
    expect(await tab.lines()).toEqual([
      'Notification backup_error to a user was given up after 3 attempts',
      'vegeta897 in #general',
      'vegeta897 went offline',
    ]);
    await app.log.append(presenceOf(dworld, vegeta, 'online'));
    await tab.page.locator('[data-group="here"]').getByText('vegeta897', { exact: true }).waitFor();
    await tab.close();
  });

  it('takes names and messages for text, whatever is in them', async () => {
    const tab = await ConsolePage.open(browser, `${app.url}/#/guild/dworld`);
    await tab.untilConnection('live');
    const name = '<img src=x onerror="document.title=1">';
    const hostile = memberOf('123456789012345777', { displayName: name, avatarUrl: 'https://evil.example/pixel.png' });
    await app.log.append(joinOf(dworld, hostile));
    await app.log.append(messageOf(dworld, hostile, '<script>document.title = 2</script><b>hi</b>'));
    await tab.line('<script>document.title = 2</script><b>hi</b>').waitFor();
    await tab.member(name).waitFor();
    expect(await tab.page.locator('.member img, .feed-line img, .feed-line b, .feed-line script').count()).toBe(0);
    expect(tab.complaints).toEqual([]);
    await tab.close();
  });

  it('takes up where it was after a cut, without a hole', async () => {
    const tab = await ConsolePage.open(browser, `${proxy.url}/#/guild/dworld`);
    await tab.untilConnection('live');
    await app.log.append(messageOf(dworld, vegeta, 'before the cut'));
    await tab.line('before the cut').waitFor();
    proxy.cut();
    await tab.untilConnection('reconnecting');
    for (const text of ['one', 'two', 'three']) await app.log.append(messageOf(dworld, vegeta, `missed ${text}`));
    proxy.mend();
    await tab.untilConnection('live');
    await app.log.append(messageOf(dworld, vegeta, 'after the cut'));
    await tab.line('after the cut').waitFor();
    expect(await tab.page.locator('#feed-lines .feed-quote, #feed-lines .feed-note').allInnerTexts()).toEqual([
      'after the cut',
      'missed three',
      'missed two',
      'missed one',
      'Reconnected. Nothing was missed.',
      'before the cut',
    ]);
    await tab.close();
  });

  it('asks at a guarded guild, says why it refuses, and lets a key in', async () => {
    const tab = await ConsolePage.open(browser, app.url);
    await tab.untilConnection('live');
    await tab.page.getByRole('link', { name: 'OAuth2 Protected Server' }).click();
    await tab.page.getByRole('heading', { name: 'OAuth2 Protected Server is guarded' }).waitFor();
    expect(await tab.page.locator('.member:visible').count()).toBe(0);
    await tab.page.getByRole('textbox', { name: 'Key' }).fill('not-a-key');
    await tab.page.keyboard.press('Enter');
    await tab.page.getByRole('alert').getByText('This key is not known here.').waitFor();
    await tab.page.getByRole('textbox', { name: 'Key' }).fill(testKeys.read);
    await tab.page.keyboard.press('Enter');
    await tab.page.getByRole('heading', { name: 'OAuth2 Protected Server', exact: true }).waitFor();
    expect(await tab.member('NNTin').count()).toBe(1);
    await tab.page.reload();
    await tab.page.getByRole('heading', { name: 'OAuth2 Protected Server is guarded' }).waitFor();
    expect(tab.complaints).toEqual([]);
    await tab.close();
  });

  it('makes few rows for many members, and the rest when they come into view', async () => {
    await fetch(`${app.url}/api/v1/guilds/docs`);
    for (let number = 1; number <= 2_000; number += 1) {
      const name = `Member ${String(number).padStart(4, '0')}`;
      await app.log.append(
        joinOf(docs, memberOf(String(600_000_000_000_000_000n + BigInt(number)), { displayName: name })),
      );
    }
    const tab = await ConsolePage.open(browser, `${app.url}/#/guild/docs`);
    await tab.untilConnection('live');
    expect(await tab.text('#count-members')).toBe('2,001');
    expect(await tab.page.locator('.member').count()).toBeLessThan(500);
    expect(await tab.member('Member 0700').count()).toBe(0);
    await expect
      .poll(async () => {
        await tab.page.locator('.member').last().scrollIntoViewIfNeeded();
        return tab.member('Member 0700').count();
      })
      .toBe(1);
    await tab.page.getByLabel('Find a member').fill('1999');
    await tab.member('Member 1999').waitFor();
    expect(await tab.page.locator('.member').count()).toBe(1);
    await tab.close();
  });

  it('has a dark face, and keeps its text readable in both', async () => {
    const shades = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      const tab = await ConsolePage.open(browser, app.url, { colorScheme, viewport: { width: 390, height: 760 } });
      await tab.untilConnection('live');
      shades.push({
        page: await tab.style(tab.page.locator('.main'), 'background-color'),
        name: await tab.style(tab.member('NNTin').locator('.member-name'), 'color'),
      });
      // Narrow screens show one of the two at a time, and nothing hangs over the edge.
      await tab.page.getByRole('button', { name: 'Events' }).click();
      expect(await tab.page.locator('.main').isVisible()).toBe(false);
      const overhang = await tab.page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
      expect(overhang).toBe(0);
      await tab.close();
    }
    expect(shades[0]).not.toEqual(shades[1]);
  });
});

describe('the console before the program itself', () => {
  let program: GuildcastProcess;

  const start = async (port = '0') => {
    program = await startGuildcast({ env: { PORT: port, MOCK_SEED: '1', MOCK_PACE: '10' } });
  };
  beforeAll(() => start());
  afterAll(() => program?.kill());

  it('sees events arrive by themselves, and the program killed and started again', async () => {
    const tab = await ConsolePage.open(browser, program.url);
    await tab.untilConnection('live');
    await tab.page.locator('#feed-lines > .feed-line').nth(2).waitFor();
    expect(tab.complaints).toEqual([]);

    await program.kill();
    await tab.untilConnection('reconnecting');
    await expect.poll(() => tab.text('#connection-text')).toMatch(/^Reconnecting in \d+ s$/);

    await start(new URL(program.url).port);
    await tab.untilConnection('live', 30_000);
    await tab.line('Reconnected with a new snapshot').waitFor();
    await tab.page.locator('#feed-lines > .feed-line:first-child').waitFor();
    expect(tab.complaints.filter((complaint) => complaint.startsWith('uncaught'))).toEqual([]);
    await tab.close();
  }, 60_000);
});
