import { type Figure } from './figure.js';
import { members } from './members.js';
import { messagesPerMinute } from './messages-per-minute.js';
import { online } from './online.js';
import { silence } from './silence.js';

/** The one list of figures: everything that an alert rule can watch. */
export const figures = { online, members, messagesPerMinute, silence } as const satisfies Record<string, Figure>;

export type FigureName = keyof typeof figures;
export const figureNames = Object.keys(figures) as [FigureName, ...FigureName[]];

export function isFigureName(name: string): name is FigureName {
  return Object.hasOwn(figures, name);
}
