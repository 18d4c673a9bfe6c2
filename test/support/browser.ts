/** The part of a browser that logins need: cookies, and redirects that are not followed by themselves. */
export class Browser {
  readonly cookies = new Map<string, string>();
  /** Every `Set-Cookie` line that came. */
  readonly setCookies: string[] = [];

  constructor(
    private readonly url: string,
    private readonly headers: Record<string, string> = {},
  ) {}

  get cookie(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** An address of ours as a path, or as Discord sends browsers back: the host is replaced by where the test listens. */
  async open(address: string, { method = 'GET', headers = {} } = {}): Promise<Response> {
    const { pathname, search } = new URL(address, this.url);
    const response = await fetch(this.url + pathname + search, {
      method,
      redirect: 'manual',
      headers: { ...this.headers, ...headers, ...(this.cookie !== '' && { cookie: this.cookie }) },
    });
    for (const line of response.headers.getSetCookie()) this.keep(line);
    return response;
  }

  /** Where the answer leads. */
  async follow(address: string): Promise<string> {
    const response = await this.open(address);
    const location = response.headers.get('location');
    if (response.status !== 302 || location === null) throw new Error(`${response.status}: ${await response.text()}`);
    return location;
  }

  private keep(line: string): void {
    this.setCookies.push(line);
    const [pair = '', ...attributes] = line.split('; ');
    const [name = '', value = ''] = pair.split('=');
    const over = attributes.some((attribute) => /^Expires=Thu, 01 Jan 1970/i.test(attribute));
    if (over) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}
