import { describe, expect, it } from 'vitest';
import { cleanContent } from '../../../src/discord/clean-content.js';

const names = {
  user: (id: string) => (id === '100000000000000001' ? 'Ada' : undefined),
  role: (id: string) => (id === '100000000000000002' ? 'ops' : undefined),
  channel: (id: string) => (id === '100000000000000003' ? 'general' : undefined),
};

describe('cleanContent', () => {
  it.each([
    ['hi <@100000000000000001> and <@!100000000000000001>', 'hi @Ada and @Ada'],
    ['<@&100000000000000002> look', '@ops look'],
    ['see <#100000000000000003>', 'see #general'],
    ['</play now:100000000000000009> <a:party:100000000000000008> <:ok:100000000000000007>', '/play now :party: :ok:'],
    ['a < b > c <@abc> @everyone', 'a < b > c <@abc> @everyone'],
  ])('writes %j as %j', (content, clean) => {
    expect(cleanContent(content, names)).toBe(clean);
  });

  it('lets no id through, known or not', () => {
    const clean = cleanContent('<@999999999999999999> <@&999999999999999999> <#999999999999999999>', names);
    expect(clean).toBe('@unknown-user @unknown-role #unknown');
  });
});
