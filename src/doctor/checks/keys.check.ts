import { hasAdminKey } from '../../access/access.config.js';
import { type DoctorCheck } from '../doctor-check.js';
import { ok, warn } from '../finding.js';

/** Of a key of at least 16 characters. */
const fewestDifferent = 8;
const wellKnown = /pass(word|wort)|change.?me|secret|example|letmein|qwerty|12345|abcdef|guildcast|(^|\W)(test|admin)/i;

export const keysCheck: DoctorCheck = {
  name: 'keys',
  examine({ config }) {
    const { API_KEYS: entries } = config;
    const kept = hasAdminKey(entries) ? '' : 'the admin key is the one in the file admin.key of DATA_DIR';
    const weak = entries.flatMap(({ key }, index) => (isGuessable(key) ? [index + 1] : []));
    if (weak.length > 0) {
      return warn(
        `The key of ${weak.length === 1 ? 'entry' : 'entries'} ${weak.join(', ')} of API_KEYS can be guessed.`,
        'Make keys by chance, such as with openssl rand -base64 24.',
      );
    }
    if (entries.length === 0) return ok(`API_KEYS is empty: ${kept}.`);
    return ok(`API_KEYS has ${entries.length === 1 ? 'one key' : `${entries.length} keys`}${kept && `; ${kept}`}.`);
  },
};

function isGuessable(key: string): boolean {
  return new Set(key).size < fewestDifferent || wellKnown.test(key);
}
