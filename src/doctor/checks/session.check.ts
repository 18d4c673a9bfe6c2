import { type DoctorCheck } from '../doctor-check.js';
import { fail, ok, skipped, warn } from '../finding.js';

export const sessionCheck: DoctorCheck = {
  name: 'session',
  examine({ session }) {
    if (!session)
      return skipped('Whether the bot is connected, the running Guildcast alone knows (/api/v1/admin/doctor).');
    const { state, detail } = session.current();
    switch (state) {
      case 'off':
        return skipped(
          detail === undefined ? 'Without a token there is no session.' : `There is no session: ${detail}.`,
        );
      case 'ready':
        return ok('Discord answers the bot.');
      case 'connecting':
        return warn(
          detail ?? 'The bot is not connected yet.',
          'Wait: it tries again by itself. If it lasts, look at what is said of discord above.',
        );
      case 'refused':
        return fail(detail ?? 'Discord refused the bot.', 'Change what Discord refused, then start again.');
    }
  },
};
