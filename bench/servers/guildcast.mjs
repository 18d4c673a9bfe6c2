// The real application, with two ways in for the benchmark: events are appended to its log over IPC, and a data source
// that knows a large guild stands beside the demo guilds.
import { readConfig } from '../../dist/app.config.js';
import { openApp } from '../../dist/app.open.js';
import { EventLog } from '../../dist/event-log/event-log.js';
import { DataProvider } from '../../dist/providers/data-provider.js';
import { providerNames, providerRegistry } from '../../dist/providers/provider-registry.js';
import { largeGuild, largeMembers, presenceChanges } from './large-guild.mjs';
import { serve } from './serve.mjs';

/** Made when somebody asks: who measures something else should not carry it. */
let members;

class LargeGuildProvider extends DataProvider {
  name = 'large';
  // Its events are appended here, and nothing is to be compared.
  live = true;

  listGuilds() {
    return Promise.resolve([this.describe()]);
  }

  loadGuild(guildId) {
    if (guildId !== largeGuild.id) return Promise.resolve(undefined);
    members ??= largeMembers();
    return Promise.resolve({ guild: this.describe(), members, partial: [] });
  }

  describe() {
    const { id, name, alias } = largeGuild;
    return { id, name, iconUrl: null, suggested: { alias } };
  }
}
providerRegistry.large = { provider: LargeGuildProvider, settings: providerRegistry['discord-gateway'].settings };
providerNames.push('large');

const most = '1000000';
const config = readConfig({
  ...process.env,
  PORT: '0',
  LOG_LEVEL: 'error',
  LOG_FORMAT: 'json',
  DATA_PROVIDERS: 'mock,large',
  MOCK_PACE: '0',
  RATE_LIMIT_HTTP_PER_MINUTE: most,
  RATE_LIMIT_SOCKET_PER_MINUTE: most,
  RATE_LIMIT_JOINS_PER_MINUTE: most,
  MAX_CONNECTIONS_PER_ADDRESS: most,
  API_KEYS: 'admin=benchmark-key-of-nobody',
});
const app = await openApp(config, { say: () => undefined });
const log = app.nest.get(EventLog, { strict: false });

const guildId = '232769614004748288';
const author = {
  id: '123456789012345001',
  username: 'vegeta897',
  displayName: 'vegeta897',
  roleColor: '#ff6b6b',
  bot: false,
};
let changes;

serve(Number(new URL(app.url).port), {
  publish: (text) => {
    const data = {
      id: '900000000000000001',
      channelId: '527964146659229701',
      channelName: 'general',
      author,
      content: text,
      attachments: 0,
      createdAt: new Date().toISOString(),
    };
    void log.append({ type: 'message.created', guildId, data });
  },
  change: () => {
    changes ??= presenceChanges(members);
    void log.append({ type: 'presence.updated', guildId: largeGuild.id, data: changes.next().value });
  },
});
