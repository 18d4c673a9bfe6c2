import { type FaultCode } from '../../domain/fault.js';
import { type Words } from './command-words.js';

/** What the bot answers when a command comes to nothing. */
export const sentences = {
  guildsOnly: {
    en: 'This works inside a server only.',
    es: 'Esto funciona solo dentro de un servidor.',
  },
  notShown: {
    en: 'This server is not shown on the web.',
    es: 'Este servidor no se muestra en la web.',
  },
  managersOnly: {
    en: 'Only those who may manage this server can do that.',
    es: 'Solo quienes pueden gestionar este servidor pueden hacer eso.',
  },
  unknown: {
    en: 'The bot does not know this command any more. Discord may still show it for a while.',
    es: 'El bot ya no conoce este comando. Discord puede mostrarlo todavía un rato.',
  },
  tooLate: {
    en: 'This takes too long now. Please look later whether it was done.',
    es: 'Esto tarda demasiado ahora. Mira más tarde si se ha hecho.',
  },
  failed: {
    en: 'Something went wrong here. Please try again later.',
    es: 'Algo ha ido mal aquí. Inténtalo más tarde.',
  },
} as const satisfies Record<string, Words>;

export function tooFast(seconds: number): Words {
  return {
    en: `That was a lot at once. Please try again in ${seconds} s.`,
    es: `Han sido muchos a la vez. Inténtalo de nuevo en ${seconds} s.`,
  };
}

/** The faults that a command may meet, to those who gave it. */
export const faultSentences: Partial<Record<FaultCode, Words>> = {
  'request.conflict': {
    en: 'That is taken already by another server.',
    es: 'Otro servidor ya lo tiene.',
  },
  'request.invalid': {
    en: 'This value is not possible.',
    es: 'Este valor no es posible.',
  },
  'guild.not_found': sentences.notShown,
  'guild.unavailable': {
    en: 'The server cannot be read now. Please try again later.',
    es: 'El servidor no se puede leer ahora. Inténtalo más tarde.',
  },
  'service.unavailable': {
    en: 'This cannot be done now. Please try again later.',
    es: 'Esto no se puede hacer ahora. Inténtalo más tarde.',
  },
};
