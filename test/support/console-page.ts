import { type Browser, type BrowserContextOptions, type Locator, type Page } from 'playwright-core';

/** The console in a browser tab, with everything that went wrong in it. */
export class ConsolePage {
  /** Errors and warnings in the browser's console, uncaught exceptions, violations of the content security policy. */
  readonly complaints: string[] = [];

  private constructor(readonly page: Page) {
    page.setDefaultTimeout(15_000);
    page.on('pageerror', (error) => this.complaints.push(`uncaught: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text());
    });
  }

  static async open(browser: Browser, address: string, options: BrowserContextOptions = {}): Promise<ConsolePage> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    const opened = new ConsolePage(await context.newPage());
    await opened.page.goto(address);
    return opened;
  }

  /** Waits for a state of the connection, such as `live`. */
  async untilConnection(state: string, timeout = 15_000): Promise<void> {
    await this.page.locator(`#connection[data-state="${state}"]`).waitFor({ timeout });
  }

  member(name: string): Locator {
    return this.page.locator('.member', { has: this.page.getByText(name, { exact: true }) });
  }

  /** Newest first. */
  line(text: string): Locator {
    return this.page.locator('#feed-lines > li', { hasText: text });
  }

  async lines(): Promise<string[]> {
    return this.page.locator('#feed-lines .feed-words').allInnerTexts();
  }

  async text(selector: string): Promise<string> {
    return (await this.page.locator(selector).innerText()).trim();
  }

  async style(locator: Locator, property: string): Promise<string> {
    return locator.evaluate(
      // Runs in the page, whose types this project does not have.
      (node, name) =>
        (globalThis as unknown as { getComputedStyle(of: unknown): { getPropertyValue(name: string): string } })
          .getComputedStyle(node)
          .getPropertyValue(name),
      property,
    );
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}
