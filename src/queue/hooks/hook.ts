import { type IncomingHttpHeaders } from 'node:http';
import { type Priority } from '../../domain/notification.js';

/** A request as its sender sent it. */
export interface HookDelivery {
  headers: IncomingHttpHeaders;
  /** The bytes that are signed. */
  raw: Buffer;
}

/** How a sender shows that it knows the secret. */
export interface HookSignature {
  /** Lower case. A request without it is not signed. */
  readonly header: string;

  /** Takes as long for a wrong signature as for a right one. Anything that is no signature is a wrong one. */
  matches(delivery: HookDelivery, secret: string, now: Date): boolean;
}

/** What a sender's request tells. Texts are the sender's own: whoever shows them makes no markup of them. */
export interface HookNotification {
  payload: HookPayload;
  /** Where the route names none. */
  priority?: Priority;
  /** What it is about, however its sender names that: of one thing only the newest is worth showing. */
  about?: readonly unknown[];
  /** Names the request, so that one that is repeated tells nothing twice. */
  delivery?: string;
}

export interface HookPayload {
  title: string;
  message?: string;
  status?: 'good' | 'bad';
  url?: string;
  tags?: string[];
  fields?: { name: string; value: string; inline?: boolean }[];
  /** What else a template may want to know. */
  [more: string]: unknown;
}

/** A program that tells what happens by requests of its own form. Its name stands in the address and is the type of the notification. */
export interface Hook {
  readonly name: string;

  /** Left out where the sender signs nothing: a key is needed then. */
  readonly signature?: HookSignature;

  /**
   * `body` is any JSON. Undefined for what is to be answered and not told.
   * @throws Fault `request.invalid` for what the sender would not send
   */
  read(body: unknown, headers: IncomingHttpHeaders): HookNotification | undefined;
}
