import { describe, expect, it } from 'vitest';
import { GuildAdmission } from '../../../src/discord/guild-admission.js';

describe('GuildAdmission', () => {
  it('shows nothing when nobody has chosen', () => {
    expect(new GuildAdmission(undefined).admits('81384788765712384')).toBe(false);
  });

  it('shows the chosen guilds alone', () => {
    const admission = new GuildAdmission(['81384788765712384']);
    expect(admission.admits('81384788765712384')).toBe(true);
    expect(admission.admits('81384788765712385')).toBe(false);
  });

  it('shows all for *', () => {
    expect(new GuildAdmission('*').admits('81384788765712385')).toBe(true);
  });
});
