// The real application, with two ways in for the benchmark: events are appended to its log over IPC, and a data source
// that knows a large guild stands beside the demo guilds.
import { EventLog } from '../../dist/event-log/event-log.js';
import { DataProvider } from '../../dist/providers/data-provider.js';
import { largeGuild, largeMembers, presenceChanges } from './large-guild.mjs';
import { openForBenchmark } from './open.mjs';
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

const app = await openForBenchmark({
  sources: { large: LargeGuildProvider },
  env: { DATA_PROVIDERS: 'mock,large', MOCK_PACE: '0' },
});
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
