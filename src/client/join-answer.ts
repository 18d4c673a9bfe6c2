import { parseCursor } from '../domain/cursor.js';
import { type GuildSnapshot } from '../domain/guild-snapshot.js';
import { type ClientFault, readError } from './client-fault.js';

/** Without a snapshot the missed events follow; with one, everything starts anew from it. */
export interface JoinAnswer {
  guildId: string;
  cursor: string;
  snapshot: GuildSnapshot | undefined;
}

const notOurs: ClientFault = { code: 'service.failed', message: 'The answer to the join cannot be understood.' };

/** What the server says to a `join`, or why it refuses. */
export function readJoinAnswer(answer: unknown): JoinAnswer | { fault: ClientFault } {
  if (typeof answer !== 'object' || answer === null) return { fault: notOurs };
  const fault = readError(answer);
  if (fault) return { fault };
  const { guildId, cursor, recovered, snapshot } = answer as Record<string, unknown>;
  if (typeof guildId !== 'string' || typeof cursor !== 'string' || !parseCursor(cursor)) return { fault: notOurs };
  if (recovered === true) return { guildId, cursor, snapshot: undefined };
  return isSnapshot(snapshot) ? { guildId, cursor, snapshot } : { fault: notOurs };
}

/** Only that it is one: what is in it, the server has checked. */
function isSnapshot(value: unknown): value is GuildSnapshot {
  if (typeof value !== 'object' || value === null) return false;
  const { guild, members } = value as Record<string, unknown>;
  return typeof guild === 'object' && guild !== null && Array.isArray(members);
}
