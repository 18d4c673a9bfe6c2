import { type Wire } from '../letter.js';

/** Why a letter, or several that were sent together, did not go out. Texts hold no secret. */
export type Setback =
  /** Not as it is. `lasting`: no later try can help; otherwise it may go out once somebody mended the key. */
  | {
      kind: 'refused';
      status: number;
      reason: string;
      lasting: boolean;
      fault?: string;
      errors?: { path: string; message: string }[];
    }
  /** Not now. `ownFault`: Guildcast is there and failed at this very letter. */
  | { kind: 'unreachable'; reason: string; retryAfterMs?: number; ownFault?: boolean };

/** What an answer, or none, means for a letter. */
export type Verdict = { kind: 'accepted'; id: string } | Setback;

/** The same for letters that were sent together: all of them are taken, with ids in their order, or none. */
export type BatchVerdict = { kind: 'accepted'; ids: string[] } | Setback;

export interface Answer {
  status: number;
  retryAfter: string | null;
  text: string;
}

/** A refusal in either of Guildcast's two forms. */
interface Refusal {
  reason: string;
  fault?: string;
  errors?: { path: string; message: string }[];
}

/** Refusals that say nothing about the letter: the key is wrong, the server was slow, or too much came at once. */
const keyRefusals = [401, 403];
const laterStatuses = [408, 425, 429];

export function judge(answer: Answer, wire: Wire): Verdict {
  const body = readObject(answer.text);
  const id = body && wasTaken(answer) ? idIn(body, wire) : undefined;
  return id === undefined ? setbackIn(answer, body) : { kind: 'accepted', id };
}

/** Of an answer to so many letters of the native wire. */
export function judgeBatch(answer: Answer, count: number): BatchVerdict {
  const body = readObject(answer.text);
  const ids = body && wasTaken(answer) ? idsIn(body) : [];
  return ids.length === count ? { kind: 'accepted', ids } : setbackIn(answer, body);
}

function wasTaken({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

function setbackIn(answer: Answer, body: Record<string, unknown> | undefined): Setback {
  const { status } = answer;
  const refusal = body && refusalIn(body);
  const retryAfterMs = millisecondsIn(answer.retryAfter);
  if (status >= 500 || laterStatuses.includes(status)) {
    const reason = `Guildcast cannot take it now (${status}${refusal ? `: ${refusal.reason}` : ''}).`;
    return { kind: 'unreachable', reason, retryAfterMs, ownFault: status === 500 && refusal !== undefined };
  }
  if (keyRefusals.includes(status)) {
    return { kind: 'refused', status, lasting: false, ...(refusal ?? { reason: 'The key is refused.' }) };
  }
  if (refusal !== undefined && status >= 400) return { kind: 'refused', status, lasting: true, ...refusal };
  // A proxy in front that takes no body of this size takes it at no other time either.
  if (status === 413) return { kind: 'refused', status, lasting: true, reason: 'It is too large.' };
  // A page that some hotel or proxy shows in place of Guildcast is no receipt.
  return { kind: 'unreachable', reason: `What answers at this address (${status}) does not answer as Guildcast does.` };
}

function idIn(body: Record<string, unknown>, wire: Wire): string | undefined {
  if (wire === 'native') return typeof body.id === 'string' ? body.id : undefined;
  return body.success === true && Number.isInteger(body.event_id) ? String(body.event_id) : undefined;
}

function idsIn({ notifications }: Record<string, unknown>): string[] {
  if (!Array.isArray(notifications)) return [];
  return notifications.flatMap((one: unknown) => {
    const id = typeof one === 'object' && one !== null ? idIn(one as Record<string, unknown>, 'native') : undefined;
    return id ?? [];
  });
}

function refusalIn({ type, title, detail, code, errors, success, error }: Record<string, unknown>) {
  if (success === false && typeof error === 'string') return { reason: error } satisfies Refusal;
  if (typeof type !== 'string' || !type.startsWith('urn:guildcast:')) return undefined;
  const texts = [detail, title].filter((text) => typeof text === 'string' && text !== '') as string[];
  const refusal: Refusal = { reason: texts[0] ?? 'It is refused.', fault: typeof code === 'string' ? code : undefined };
  if (Array.isArray(errors)) refusal.errors = errors.filter(isFieldFault);
  return refusal;
}

function isFieldFault(value: unknown): value is { path: string; message: string } {
  if (typeof value !== 'object' || value === null) return false;
  const { path, message } = value as Record<string, unknown>;
  return typeof path === 'string' && typeof message === 'string';
}

function readObject(text: string): Record<string, unknown> | undefined {
  try {
    const read: unknown = JSON.parse(text);
    return typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Seconds or a date; nothing longer than an hour is believed. */
function millisecondsIn(retryAfter: string | null): number | undefined {
  if (retryAfter === null) return undefined;
  const wait = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - Date.now();
  return wait > 0 ? Math.min(wait, 3_600_000) : undefined;
}
