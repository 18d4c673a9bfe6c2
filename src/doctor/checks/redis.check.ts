import { type DoctorCheck } from '../doctor-check.js';
import { ok, warn } from '../finding.js';

export const redisCheck: DoctorCheck = {
  name: 'redis',
  examine({ config }) {
    if (config.REDIS_URL === undefined) return ok('No Redis is set, and none is needed.');
    return warn(
      'REDIS_URL is set, but this version runs as one process and does not use Redis.',
      'Take REDIS_URL away, and do not start a second process on the same guilds.',
    );
  },
};
