/**
 * Every refusal a client can meet, by its stable code. Transports turn a fault into their own form: problem+json on
 * HTTP, an error frame on sockets. The message is for people and never holds a secret.
 */
export const faultCodes = {
  'request.invalid': { status: 400, title: 'The request is not valid' },
  'request.too_large': { status: 413, title: 'The request is too large' },
  'request.unknown_type': { status: 400, title: 'Unknown message type' },
  'request.conflict': { status: 409, title: 'The request conflicts with the present state' },
  'request.not_acceptable': { status: 406, title: 'No such form of answer' },
  'idempotency.mismatch': { status: 422, title: 'The idempotency key was used for another body' },
  'access.key_required': { status: 401, title: 'A key is required' },
  'access.key_unknown': { status: 401, title: 'The key is not known' },
  'access.signature_wrong': { status: 401, title: 'The signature is not right' },
  'access.scope_missing': { status: 403, title: 'The key may not do this' },
  'guild.not_found': { status: 404, title: 'No such guild' },
  'guild.guarded': { status: 403, title: 'The guild is guarded' },
  'guild.unavailable': { status: 503, title: 'The guild cannot be read now' },
  'member.not_found': { status: 404, title: 'No such member' },
  'notification.not_found': { status: 404, title: 'No such notification' },
  'resource.not_found': { status: 404, title: 'Nothing here' },
  'rate.limited': { status: 429, title: 'Too many requests' },
  'service.unavailable': { status: 503, title: 'The service cannot do this now' },
  'service.failed': { status: 500, title: 'Something went wrong here' },
} as const satisfies Record<string, { status: number; title: string }>;

export type FaultCode = keyof typeof faultCodes;

export interface FaultDetails {
  /** Seconds after which another try makes sense. */
  retryAfter?: number;
  /** What is wrong with which field, for `request.invalid`. */
  errors?: { path: string; message: string }[];
}

export class Fault extends Error {
  constructor(
    readonly code: FaultCode,
    message: string,
    readonly details: FaultDetails = {},
  ) {
    super(message);
    this.name = 'Fault';
  }
}
