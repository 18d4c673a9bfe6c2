import 'reflect-metadata';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Logger } from '@nestjs/common';
import { banner, hiddenGuildsNotice } from './app.banner.js';
import { readConfig, type AppConfig } from './app.config.js';
import { type OpenApp } from './app.open.js';
import { version } from './telemetry/version.js';
import { StartupError } from './database/startup-error.js';
import { makeSample } from './providers/postgres/sample-schema.js';
import { type PostgresSettings } from './providers/postgres/postgres-settings.js';
import { DiscordStatus } from './discord/discord-status.js';

const help = `Guildcast ${version}: live Discord guilds on the web, notifications into Discord.

  node dist/main.js [--help] [--version]
  node dist/main.js db:sample [--print]   makes the tables of the data source postgres, with a few sample rows and
                                          triggers, in the database at POSTGRES_SOURCE_URL, or prints the SQL
  node dist/main.js doctor [--json]       looks at this installation, running or not, and says what is wrong and what
                                          to do; ends with 1 when something failed
  node dist/main.js publish [--help]      sends notifications to a Guildcast, this or another

Settings come from the environment, or from a file .env in the working directory. All of them, with their
defaults, are in .env.example. The usual ones:

  HOST, PORT         where to listen (127.0.0.1, 3000; port 0 takes a free one)
  DATA_DIR           where the embedded database lives (./data)
  DATABASE_URL       a Postgres of yours instead of the embedded one
  DISCORD_TOKEN      the token of your bot; without one the demo guilds are shown
  GUILDS             which of the bot's guilds to show: ids separated by commas, or *
  API_KEYS           scope=key, separated by commas; scopes: admin, publish, mention, consume, read, metrics
`;

const unknownCommand = 'There is no such command: --help names those there are.';

const logger = new Logger('Guildcast');

/** Milliseconds that deliveries get to end by themselves, besides the time over which connections are closed. */
const drainTime = 10_000;

const options = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
  print: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (values.help) return void process.stdout.write(help);
  if (values.version) return void process.stdout.write(`${version}\n`);
  const command = positionals.length > 1 ? 'none' : positionals[0];
  const sample = command === 'db:sample';
  const doctor = command === 'doctor';
  const known = command === undefined || sample || doctor;
  if (!known || (values.print && !sample) || (values.json && !doctor)) throw new StartupError(unknownCommand);
  if (existsSync('.env')) process.loadEnvFile();
  if (doctor) return examine(values);
  const config = readConfig(process.env);
  if (sample) return say(await makeSample(config.providers.settings as PostgresSettings, values));

  // Asked to stop while still starting: the start is finished first, so that nothing is left half open.
  let stop: (signal: NodeJS.Signals) => void = () => (stopEarly = true);
  let stopEarly = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop(signal));

  // Not earlier: who only asks for help, or has a setting wrong, should not wait for all of the program to load.
  const { openApp } = await import('./app.open.js');
  const app = await openApp(config, { say });
  let stopping = false;
  stop = () => {
    if (stopping) return;
    stopping = true;
    void drain(app, config);
  };
  if (stopEarly) return stop('SIGTERM');
  announce(config, app);
}

/** A promise that nobody waited for, such as one inside a library, is a fault to mend but no reason to stop serving. */
process.on('unhandledRejection', (reason) => {
  logger.error('A fault that nobody caught', reason instanceof Error ? reason.stack : String(reason));
});

async function examine({ json }: { json?: boolean }): Promise<void> {
  // What sources and libraries tell the log is no part of the answer.
  Logger.overrideLogger(false);
  const { runDoctor } = await import('./doctor/doctor.command.js');
  const color = process.stdout.isTTY && !process.env.NO_COLOR;
  const readSettings = () => readConfig(process.env);
  const { text, code } = await runDoctor({ readConfig: readSettings, environment: process.env, json, color });
  // Whatever still hangs is not waited for.
  process.stdout.write(text, () => process.exit(code));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function announce(config: AppConfig, app: OpenApp): void {
  const data = config.DATABASE_URL ? `Postgres at ${hostOf(config.DATABASE_URL)}` : path.resolve(config.DATA_DIR);
  say(banner({ version, url: app.url, sources: config.providers.names, data, adminKey: app.adminKey }));
  const status = app.nest.get(DiscordStatus, { strict: false });
  void status.settled().then(() => {
    const notice = hiddenGuildsNotice(status);
    if (notice !== undefined) say(notice);
  });
}

/** Host, port and name alone: user and password stay out of sight. */
function hostOf(databaseUrl: string): string {
  const { host, pathname } = new URL(databaseUrl);
  return host + pathname;
}

async function drain(app: OpenApp, { DRAIN_SECONDS }: AppConfig): Promise<void> {
  say('Stopping: letting connections and deliveries end.');
  const late = setTimeout(
    () => {
      process.stderr.write('Some connections did not end in time and were cut.\n');
      process.exit(1);
    },
    drainTime + DRAIN_SECONDS * 1000,
  );
  try {
    await app.close();
    clearTimeout(late);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`Guildcast did not stop cleanly: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

try {
  await main();
} catch (error) {
  // A fault the operator can mend is one sentence; anything else is ours, and its stack helps to find it.
  const known = error instanceof StartupError || (error instanceof Error && 'code' in error && isUsage(error.code));
  process.stderr.write(`${known ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}

function isUsage(code: unknown): boolean {
  return typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS');
}
