import { type DoctorCheck } from '../doctor-check.js';
import { ok, skipped, warn } from '../finding.js';

/** What is not seen without it. */
const effects: Record<string, string> = {
  members: 'nobody is seen to join or leave, and lists of members cannot be read',
  presences: 'everybody seems to be offline',
  'message-content': 'messages come without their text',
};

export const intentsCheck: DoctorCheck = {
  name: 'intents',
  async examine({ config, discord }) {
    const { names } = config.providers;
    const session = names.includes('discord-gateway');
    if (!session && !names.includes('discord-rest')) return skipped('No source reads guilds from Discord.');
    const reading = await discord();
    if (!reading || reading.fault) return skipped('Discord did not tell which intents are switched on.');
    // Over REST lists of members alone want one.
    const missing = reading.missingIntents.filter(({ name }) => session || name === 'members');
    if (missing.length === 0) return ok('The privileged intents that are needed are switched on.');
    return missing.map(({ name, label }) =>
      warn(
        `The ${label} is switched off: ${effects[name] ?? 'something is not seen'}.`,
        `Switch on ${label} in the developer portal under Bot → Privileged Gateway Intents, then start again.`,
      ),
    );
  },
};
