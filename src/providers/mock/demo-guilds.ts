import { type Channel } from '../../domain/channel.js';
import { type Door } from '../../domain/guild.js';
import { type Member } from '../../domain/member.js';
import { type Status } from '../../domain/presence.js';

/** The guilds, members and ids that d-back's mock data made known to d-zone clients and their guides. */
export interface DemoGuild {
  id: string;
  alias: string;
  name: string;
  default: boolean;
  door: Door;
  /** A member's id is this and three digits. */
  memberPrefix: string;
  members: Member[];
}

type Row = [username: string, status: Status, roleColor: string];

function demoMember(prefix: string, number: number, [username, status, roleColor]: Row): Member {
  return {
    id: `${prefix}${String(number).padStart(3, '0')}`,
    username,
    displayName: username,
    avatarUrl: null,
    bot: false,
    roleColor,
    roleIds: [],
    status,
    activities: [],
    voiceChannelId: null,
    joinedAt: null,
  };
}

function demoGuild(
  guild: Omit<DemoGuild, 'members' | 'default' | 'door'> & Partial<DemoGuild>,
  rows: Row[],
): DemoGuild {
  return {
    default: false,
    door: 'open',
    ...guild,
    members: rows.map((row, index) => demoMember(guild.memberPrefix, index + 1, row)),
  };
}

/** The channel that all demo messages are written in. */
export const demoChannel: Channel = { id: '527964146659229701', name: 'general', kind: 'text' };

export const demoPhrases = [
  'hello',
  'how are you?',
  'this is a test message',
  'D-Zone rocks!',
  "what's up?",
  'anyone up for a game tonight?',
  'the build is green again',
  'good morning everyone',
] as const;

/** People who come by and go again; numbered from 901 so that they never meet a resident's id. */
export const demoVisitors: readonly Row[] = [
  ['wandering-cube', 'online', '#1dd1a1'],
  ['curious-pixel', 'idle', '#c8d6e5'],
  ['night-owl', 'dnd', '#8395a7'],
  ['first-timer', 'online', '#f368e0'],
];

export function demoVisitor(guild: DemoGuild, index: number): Member {
  const row = demoVisitors[index];
  if (!row) throw new RangeError(`there is no visitor ${index}`);
  return demoMember(guild.memberPrefix, 901 + index, row);
}

export const demoGuilds: readonly DemoGuild[] = [
  demoGuild(
    { id: '232769614004748288', alias: 'dworld', name: 'D-World', default: true, memberPrefix: '123456789012345' },
    [
      ['vegeta897', 'online', '#ff6b6b'],
      ['Cog-Creators', 'idle', '#4ecdc4'],
      ['d-zone-org', 'dnd', '#45b7d1'],
      ['NNTin', 'online', '#96ceb4'],
    ],
  ),
  demoGuild({ id: '482241773318701056', alias: 'docs', name: 'Docs (WIP)', memberPrefix: '223456789012345' }, [
    ['nntin.xyz/me', 'online', '#feca57'],
  ]),
  demoGuild(
    {
      id: '123456789012345678',
      alias: 'oauth',
      name: 'OAuth2 Protected Server',
      door: 'discord',
      memberPrefix: '323456789012345',
    },
    [['NNTin', 'online', '#ff9ff3']],
  ),
  demoGuild({ id: '987654321098765432', alias: 'repos', name: 'My Repos', memberPrefix: '423456789012345' }, [
    ['me', 'online', '#54a0ff'],
    ['nntin.github.io', 'idle', '#5f27cd'],
    ['d-zone', 'online', '#00d2d3'],
    ['d-back', 'dnd', '#ff6348'],
    ['d-cogs', 'online', '#ff4757'],
    ['Cubify-Reddit', 'offline', '#3742fa'],
    ['Dota-2-Emoticons', 'idle', '#2ed573'],
    ['Dota-2-Reddit-Flair-Mosaic', 'online', '#ffa502'],
    ['Red-kun', 'dnd', '#ff3838'],
    ['Reply-Dota-2-Reddit', 'online', '#ff9f43'],
    ['Reply-LoL-Reddit', 'idle', '#0abde3'],
    ['crosku', 'online', '#006ba6'],
    ['dev-tracker-reddit', 'offline', '#8e44ad'],
    ['discord-logo', 'online', '#7289da'],
    ['discord-twitter-bot', 'idle', '#1da1f2'],
    ['discord-web-bridge', 'dnd', '#2c2f33'],
    ['pasteindex', 'online', '#f39c12'],
    ['pasteview', 'idle', '#e74c3c'],
    ['shell-kun', 'online', '#1abc9c'],
    ['tracker-reddit-discord', 'offline', '#9b59b6'],
    ['twitter-backend', 'online', '#1da1f2'],
  ]),
];
