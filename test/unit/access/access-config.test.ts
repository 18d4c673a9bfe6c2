import { describe, expect, it } from 'vitest';
import { accessConfig, hasAdminKey } from '../../../src/access/access.config.js';

const long = 'abcdefghijklmnop';

function faultsOf(text: string): string[] {
  const result = accessConfig.safeParse({ API_KEYS: text });
  return result.success ? [] : result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

describe('API_KEYS', () => {
  it('is empty when unset', () => {
    expect(accessConfig.parse({}).API_KEYS).toEqual([]);
  });

  it('reads scopes and keys, several of one scope, with = inside the key', () => {
    const text = ` admin=${long}, publish=a=b=${long}== ,publish=${long}2,`;
    expect(accessConfig.parse({ API_KEYS: text }).API_KEYS).toEqual([
      { scope: 'admin', key: long },
      { scope: 'publish', key: `a=b=${long}==` },
      { scope: 'publish', key: `${long}2` },
    ]);
  });

  it('reports each fault with its place, and never the key', () => {
    const faults = faultsOf(`${long}X, owner=${long}Y, read=short-key-Z, admin=${long} with blanks, publish=${long}`);
    expect(faults).toHaveLength(4);
    expect(faults[0]).toMatch(/^API_KEYS: entry 1: must be written scope=key/);
    expect(faults[1]).toMatch(/^API_KEYS: entry 2: no such scope; .*admin, publish, mention, consume, read/);
    expect(faults[2]).toMatch(/^API_KEYS: entry 3: .*at least 16 characters/);
    expect(faults[3]).toMatch(/^API_KEYS: entry 4: .*printable/);
    for (const fault of faults) expect(fault).not.toMatch(/abcdef|short-key|owner|blanks/);
  });

  it('refuses a key that is not ASCII', () => {
    expect(faultsOf(`read=${long}é`)).toHaveLength(1);
  });

  it('tells whether an admin key is among them', () => {
    expect(hasAdminKey([{ scope: 'publish', key: long }])).toBe(false);
    expect(hasAdminKey([{ scope: 'admin', key: long }])).toBe(true);
  });
});
