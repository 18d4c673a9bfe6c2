import { type Locale, type RenderedEmbed } from '../../domain/notification.js';

export type Embed = RenderedEmbed;

/** How notifications of one type look in Discord. */
export interface NotificationType {
  readonly name: string;

  /** Shows whatever it gets: what is missing or of another kind becomes a default. Who sends cuts what is too long. */
  render(payload: unknown, locale: Locale): Embed;
}
