/**
 * refused: Guildcast does not take it · invalid: never sent, since it cannot be right · not-configured: no address, no key
 * or nobody to send it to · settings: the settings themselves cannot be read · unreachable: not reached, and nothing is
 * spooled · spool-full, spool-unwritable: not reached, and the spool cannot keep it, or cannot be looked into · closed: the
 * publisher is closed.
 */
export type PublishFailure =
  'refused' | 'invalid' | 'not-configured' | 'settings' | 'unreachable' | 'spool-full' | 'spool-unwritable' | 'closed';

export interface PublishErrorDetails {
  /** The HTTP status of a refusal. */
  status?: number;
  /** Guildcast's name of the refusal, such as `access.scope_missing`. */
  fault?: string;
  /** What is wrong with which field. */
  errors?: { path: string; message: string }[];
  cause?: unknown;
}

/** Why a notification was not published. The message is for people and holds no secret. */
export class PublishError extends Error {
  readonly status?: number;
  readonly fault?: string;
  readonly errors?: { path: string; message: string }[];

  constructor(
    readonly code: PublishFailure,
    message: string,
    { status, fault, errors, cause }: PublishErrorDetails = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'PublishError';
    this.status = status;
    this.fault = fault;
    this.errors = errors;
  }
}
