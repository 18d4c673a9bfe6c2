import { vi } from 'vitest';
import { type Member } from '../../src/domain/member.js';
import { type DataProvider } from '../../src/providers/data-provider.js';
import { MockProvider } from '../../src/providers/mock.provider.js';
import { memberOf } from './events.js';
import { type TestApp } from './test-app.js';

const names = ['Zoë', 'Юлия', '未来', 'İpek', 'ﷺ', '🦊 fox', 'naïve "quoted\\"'];

/** So many members, no two alike, with names of many scripts. */
export function membersOf(count: number): Member[] {
  return Array.from({ length: count }, (_, n) =>
    memberOf(String(700_000_000_000_000_000n + BigInt(n)), {
      displayName: `${names[n % names.length]} ${n}`,
      roleColor: `#${((n * 7919) % 0xffffff).toString(16).padStart(6, '0')}`,
      status: n % 3 ? 'online' : 'idle',
    }),
  );
}

/** Makes one of the demo guilds as large as that, for as long as the mocks live. */
export function enlarge({ app }: TestApp, guildId: string, members: readonly Member[]): void {
  const source = app.get<DataProvider>(MockProvider, { strict: false });
  const load = source.loadGuild.bind(source);
  vi.spyOn(source, 'loadGuild').mockImplementation(async (id, ...rest) => {
    const snapshot = await load(id, ...rest);
    return snapshot && id === guildId ? { ...snapshot, members } : snapshot;
  });
}
