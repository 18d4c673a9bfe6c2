/**
 * What a consumer says when no other try can help. It can only tell the text of its exception: its own sentences, and
 * those that discord.py and discord.js make of Discord's error codes. All else is tried again over the whole schedule.
 */
const permanent: readonly RegExp[] = [
  // Nobody has this id.
  /^usuario no encontrado\.?$/i,
  /^user not found\.?$/i,
  /^(?:\d{3} [^()]*\(error code: 10013\): )?unknown user$/i,
  /^invalid literal for int\(\) with base 10: /i,
  // The person takes no direct messages from this bot: 50007, or 50278 without a common guild.
  /^(?:\d{3} [^()]*\(error code: 50007\): )?cannot send messages to this user$/i,
  /^(?:\d{3} [^()]*\(error code: 50278\): )?cannot send messages to this user due to having no mutual guilds\.?$/i,
  // The consumer has no message for this type.
  /^tipo desconocido: /i,
  /^unknown (?:event )?type: /i,
];

/** Whether this failure ends all tries. */
export function isPermanentFailure(reason: string): boolean {
  const text = reason.trim();
  return permanent.some((pattern) => pattern.test(text));
}
