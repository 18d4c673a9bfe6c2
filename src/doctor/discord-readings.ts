import { DiscordExamination } from '../discord/discord-examination.js';
import { readChannels } from './guild-channels.js';
import { type DoctorConfig, type Installation } from './installation.js';
import { sharedReading } from './shared-reading.js';

/** Milliseconds for what Discord is asked. */
const patience = 9_000;

/** Asked at most once in `keptMs` milliseconds, and not before a check wants it. */
export function discordReadings(config: DoctorConfig, keptMs: number): Pick<Installation, 'discord' | 'channels'> {
  const examination = new DiscordExamination(config);
  const discord = sharedReading(() => examination.read(AbortSignal.timeout(patience)), keptMs);
  const channels = sharedReading(async () => readChannels(config, await discord(), examination), keptMs);
  return { discord, channels };
}
