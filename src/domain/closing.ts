/**
 * Why a server ends a connection of its own accord, by the code of a WebSocket close frame. The codes are split as
 * Centrifugo splits them: after 3000–3499 a client comes back, after 3500–3999 the same would only happen again.
 */
export const closeReasons = {
  shutdown: { code: 3001, message: 'This service stops; it, or another instance, will be back.' },
  'service-full': { code: 3002, message: 'There is no room for another connection now.' },
  'address-full': { code: 3003, message: 'Too many connections come from this address.' },
  'slow-consumer': { code: 3008, message: 'Too much waits to be read. Come back with the cursor of the last event.' },
  silent: { code: 3502, message: 'Nothing was asked for in time.' },
  flood: { code: 3503, message: 'Messages kept coming faster than they may.' },
} as const satisfies Record<string, { code: number; message: string }>;

export type CloseReason = keyof typeof closeReasons;

/** What a client hears before its connection ends: a `closing` message on socket.io, the last event of a stream. */
export interface Closing {
  code: number;
  reason: CloseReason;
  /** For people. */
  message: string;
  /** Seconds after which another try makes sense. */
  retryAfter?: number;
}

export function closingFor(reason: CloseReason, retryAfter?: number): Closing {
  const { code, message } = closeReasons[reason];
  return { code, reason, message, ...(retryAfter !== undefined && { retryAfter }) };
}

/** Whether a client that was closed with this code should try again. Codes below 3000 are those of the protocol. */
export function comesBack(code: number): boolean {
  return code < 3500 || code > 3999;
}
