// How the servers of benchmarks start the real application.
import { readConfig } from '../../dist/app.config.js';
import { openApp } from '../../dist/app.open.js';
import { providerNames, providerRegistry } from '../../dist/providers/provider-registry.js';

const most = '1000000';

/**
 * The application on a free port, without limits on what one address may do. `sources` are data sources by their names,
 * beside the built-in ones; `env` are settings.
 */
export function openForBenchmark({ sources, env }) {
  for (const [name, provider] of Object.entries(sources)) {
    providerRegistry[name] = { provider, settings: providerRegistry['discord-gateway'].settings };
    providerNames.push(name);
  }
  const config = readConfig({
    ...process.env,
    PORT: '0',
    LOG_LEVEL: 'error',
    LOG_FORMAT: 'json',
    RATE_LIMIT_HTTP_PER_MINUTE: most,
    RATE_LIMIT_SOCKET_PER_MINUTE: most,
    RATE_LIMIT_JOINS_PER_MINUTE: most,
    MAX_CONNECTIONS_PER_ADDRESS: most,
    API_KEYS: 'admin=benchmark-key-of-nobody',
    ...env,
  });
  return openApp(config, { say: () => undefined });
}
