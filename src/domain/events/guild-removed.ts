import { z } from 'zod';
import { actor } from '../actor.js';
import { door } from '../guild.js';

/**
 * Why somebody has to leave a room whose guild is still there: its door was changed, its password was, they are no member
 * any more, their login is over, or nobody could confirm for long that they may be inside.
 */
export const lettingOut = z.enum(['door-changed', 'password-changed', 'not-a-member', 'login-ended', 'unconfirmed']);
export type LettingOut = z.infer<typeof lettingOut>;

/**
 * The room has ended for whoever gets this: the guild is no longer shown, the bot left it, or it was deleted; with a
 * `reason` it is still there, behind `door` where that changed.
 */
export const guildRemoved = z.object({ actor, reason: lettingOut.optional(), door: door.optional() });
