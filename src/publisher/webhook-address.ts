export type Environment = Readonly<Record<string, string | undefined>>;

/** What the variable is set to where nobody set it. */
const unset = 'http://localhost:10000/webhook/megacmd';

/**
 * Where older notifiers report failed backups: DISCORD_WEBHOOK_URL, then the setting, then what Render and Railway tell
 * a service of its own address. Nobody's address stands in when none of them is there.
 */
export function webhookAddress(environment: Environment, setting?: string): string | undefined {
  const value = (name: string) => environment[name]?.trim() || undefined;
  const named = value('DISCORD_WEBHOOK_URL');
  if (named !== undefined && named !== unset) return named;
  if (setting?.trim()) return setting.trim();
  const service = value('RENDER_SERVICE_NAME');
  const domain = value('RAILWAY_PUBLIC_DOMAIN');
  const host =
    value('RENDER_EXTERNAL_URL') ??
    (service && `https://${service}.onrender.com`) ??
    (domain && `https://${domain}`) ??
    value('RAILWAY_STATIC_URL');
  if (host === undefined) return undefined;
  // Railway gives a bare host there.
  const origin = /^https?:\/\//.test(host) ? host : `https://${host}`;
  return `${origin.replace(/\/+$/, '')}/webhook/megacmd`;
}
