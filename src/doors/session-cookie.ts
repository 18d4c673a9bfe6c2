/** Behind TLS the name binds the cookie to this host and to TLS: no neighbouring host can plant one. */
export function sessionCookieName(publicUrl: string): string {
  return named('guildcast_session', publicUrl);
}

/** The cookie of a browser that is on its way through Discord. */
export function loginCookieName(publicUrl: string): string {
  return named('guildcast_login', publicUrl);
}

function named(name: string, publicUrl: string): string {
  return publicUrl.startsWith('https:') ? `__Host-${name}` : name;
}

/** The value of a cookie of ours: 43 letters, digits, dashes and underscores. Undefined for anything else. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const value = pair.trim();
    if (value.startsWith(`${name}=`)) return /^[\w-]{43}$/.exec(value.slice(name.length + 1))?.[0];
  }
  return undefined;
}
