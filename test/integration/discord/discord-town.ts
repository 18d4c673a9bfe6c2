import { type FakeDiscord } from '../../../src/testing/fake-discord/index.js';

export const token = 'MTA.secret-token.of-this-test';

export function settings(discord: FakeDiscord, more: Record<string, string> = {}): Record<string, string> {
  return { DISCORD_TOKEN: token, DISCORD_API_URL: discord.apiUrl, GUILDS: '*', ...more };
}

export function town(discord: FakeDiscord) {
  const guild = discord.addGuild({ name: 'Town' });
  const green = guild.addRole({ name: 'green', color: 0x00ff00, position: 5 });
  const red = guild.addRole({ name: 'red', color: 0xff0000, position: 9 });
  const plain = guild.addRole({ name: 'plain', position: 12 });
  const ada = guild.addMember({
    username: 'ada',
    nick: 'Countess',
    roles: [green.id, red.id, plain.id],
    status: 'online',
    activities: [{ name: 'Chess', details: 'endgame' }],
  }).user;
  const bob = guild.addMember({ username: 'bob', globalName: 'Bobby' }).user;
  const robot = guild.addMember({ username: 'robot', bot: true, status: 'dnd' }).user;
  const general = guild.addChannel({ name: 'general' });
  return { guild, green, red, plain, ada, bob, robot, general };
}
