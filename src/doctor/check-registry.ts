import { channelsCheck } from './checks/channels.check.js';
import { clockCheck } from './checks/clock.check.js';
import { databaseCheck } from './checks/database.check.js';
import { discordCheck } from './checks/discord.check.js';
import { diskCheck } from './checks/disk.check.js';
import { guildsCheck } from './checks/guilds.check.js';
import { intentsCheck } from './checks/intents.check.js';
import { keysCheck } from './checks/keys.check.js';
import { nodeCheck } from './checks/node.check.js';
import { originsCheck } from './checks/origins.check.js';
import { proxyCheck } from './checks/proxy.check.js';
import { redisCheck } from './checks/redis.check.js';
import { sessionCheck } from './checks/session.check.js';
import { settingsCheck } from './checks/settings.check.js';
import { sourcesCheck } from './checks/sources.check.js';
import { type DoctorCheck } from './doctor-check.js';

/** Every check there is, in the order of its findings. */
export const checkRegistry: readonly DoctorCheck[] = [
  settingsCheck,
  nodeCheck,
  diskCheck,
  databaseCheck,
  clockCheck,
  discordCheck,
  sessionCheck,
  intentsCheck,
  guildsCheck,
  channelsCheck,
  sourcesCheck,
  originsCheck,
  proxyCheck,
  redisCheck,
  keysCheck,
];
