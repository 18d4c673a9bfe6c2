// Guildcast with a Discord of its own: no token, no network, and people who live in it.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { FakeDiscord } from '../fake-discord/fake-discord.js';
import { DemoLife } from './demo-life.js';

const help = `npm run demo:discord -- [options]

Starts Guildcast beside a fake Discord on this machine, with two guilds of people who come, go and talk. All settings of
.env.example hold; unless set, DATA_DIR is ./data/demo-discord.

  --members 60    people in each guild, up to 100000
  --pause 1500    milliseconds between two things that happen in a guild
  --help          this text
`;

function wholeNumber(text: string, name: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new Error(`--${name} must be a whole number from ${least} to ${most}`);
  }
  return value;
}

function readOptions(): { members: number; pause: number } | undefined {
  const { values } = parseArgs({
    options: {
      members: { type: 'string', default: '60' },
      pause: { type: 'string', default: '1500' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    members: wholeNumber(values.members, 'members', 1, 100_000),
    pause: wholeNumber(values.pause, 'pause', 10, 3_600_000),
  };
}

async function main(): Promise<void> {
  const options = readOptions();
  if (!options) return void process.stdout.write(help);
  const discord = await FakeDiscord.start({ token: 'demo.discord.token', botUser: { username: 'guildcast' } });
  const life = new DemoLife(discord, options);
  const [guild] = life.guilds;
  const somebody = guild && life.people(guild)[0];

  const program = spawn(process.execPath, [path.join(import.meta.dirname, '../../main.js')], {
    stdio: 'inherit',
    env: {
      DATA_DIR: './data/demo-discord',
      ...process.env,
      DISCORD_TOKEN: discord.token,
      DISCORD_API_URL: discord.apiUrl,
      DATA_PROVIDERS: 'discord-gateway',
      GUILDS: '*',
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => program.kill(signal));
  const silence = tellSent(discord);
  program.once('exit', (code, signal) => {
    life.stop();
    silence();
    void discord.stop();
    process.exitCode = code ?? (signal === null ? 0 : 1);
  });
  life.start();
  process.stdout.write(`A fake Discord is at ${discord.apiUrl}; ${somebody} is somebody to send a notification to.\n`);
}

/** What the bot writes, so that whoever posts a notification sees it arrive. Answers how to stop. */
function tellSent(discord: FakeDiscord): () => void {
  let told = 0;
  const timer = setInterval(() => {
    for (; told < discord.sent.length; told += 1) {
      const { userId, channelId, content, embeds } = discord.sent[told]!;
      const place = userId === undefined ? `channel ${channelId}` : `user ${userId}`;
      process.stdout.write(`In the fake Discord the bot wrote to ${place}: ${content} ${JSON.stringify(embeds)}\n`);
    }
  }, 200);
  return () => clearInterval(timer);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
