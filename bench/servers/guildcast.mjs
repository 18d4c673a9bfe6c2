// The real application, with one way in for the benchmark: events are appended to its log over IPC.
import { readConfig } from '../../dist/app.config.js';
import { openApp } from '../../dist/app.open.js';
import { EventLog } from '../../dist/event-log/event-log.js';
import { serve } from './serve.mjs';

const most = '1000000';
const config = readConfig({
  ...process.env,
  PORT: '0',
  LOG_LEVEL: 'warn',
  LOG_FORMAT: 'json',
  MOCK_PACE: '0',
  RATE_LIMIT_HTTP_PER_MINUTE: most,
  RATE_LIMIT_SOCKET_PER_MINUTE: most,
  RATE_LIMIT_JOINS_PER_MINUTE: most,
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

serve(Number(new URL(app.url).port), (text) => {
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
});
