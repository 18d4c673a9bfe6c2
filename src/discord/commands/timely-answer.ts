import { setTimeout as wait } from 'node:timers/promises';
import { DiscordAPIError, MessageFlags, type RepliableInteraction, RESTJSONErrorCodes } from 'discord.js';

/** Discord gives 3 s for the first sign; then the wait is shown, in milliseconds. The rest is for the way there. */
const patience = 1_500;
const longestText = 2_000;

/**
 * Answers with what `work` comes to, for the eyes of the user alone; when it takes its time, Discord shows meanwhile
 * that it is being thought about. Nobody is mentioned, whatever the text says.
 * @throws DiscordAPIError when Discord does not take the answer
 */
export async function answerInTime(interaction: RepliableInteraction, work: Promise<string>): Promise<void> {
  const soon = new AbortController();
  const early = await Promise.race([
    work,
    wait(patience, undefined, { signal: soon.signal, ref: false }).catch(() => undefined),
  ]).finally(() => soon.abort());
  if (early !== undefined) {
    await onceAtLeast(() => interaction.reply({ ...message(early), flags: MessageFlags.Ephemeral }));
    return;
  }
  await onceAtLeast(() => interaction.deferReply({ flags: MessageFlags.Ephemeral }));
  // discord.js itself says so only when it heard that Discord took it.
  interaction.deferred = true;
  await interaction.editReply(message(await work));
}

function message(text: string): { content: string; allowedMentions: { parse: [] } } {
  const content = text.length > longestText ? `${text.slice(0, longestText - 1)}…` : text;
  return { content, allowedMentions: { parse: [] } };
}

/** A sign that may have been lost on its way, or whose answer was, is given again: Discord takes it once. */
async function onceAtLeast(sign: () => Promise<unknown>): Promise<void> {
  try {
    await sign().catch((error: unknown) => {
      if (error instanceof DiscordAPIError) throw error;
      return sign();
    });
  } catch (error) {
    const { InteractionHasAlreadyBeenAcknowledged: taken } = RESTJSONErrorCodes;
    if (!(error instanceof DiscordAPIError && error.code === taken)) throw error;
  }
}
