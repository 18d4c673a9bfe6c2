import { expect, it } from 'vitest';
import { readClosing } from '../../../src/client/closing-message.js';
import { type CloseReason, closeReasons, closingFor } from '../../../src/domain/closing.js';

it.each(Object.keys(closeReasons) as CloseReason[])('takes %s as the server sends it', (reason) => {
  expect(readClosing(closingFor(reason))).toEqual(closingFor(reason));
  expect(readClosing(closingFor(reason, 7))).toEqual(closingFor(reason, 7));
});

const shutdown = closingFor('shutdown');

it.each([
  ['other words', { ...shutdown, message: 'A new version comes.' }, { message: 'A new version comes.' }],
  ['words that are none', { ...shutdown, message: { html: '<b>' } }, { message: shutdown.message }],
  ['a time that is none', { ...shutdown, retryAfter: '5' }, { message: shutdown.message }],
  ['a time in the past', { ...shutdown, retryAfter: -5 }, { message: shutdown.message }],
  ['fields of a newer server', { ...shutdown, detail: 'x' }, { message: shutdown.message }],
])('takes from %s what it can use', (_name, content, { message }) => {
  expect(readClosing(content)).toEqual({ code: 3001, reason: 'shutdown', message });
});

it.each([
  undefined,
  null,
  'shutdown',
  3001,
  [],
  {},
  { code: 3001 },
  { reason: 'shutdown' },
  { ...shutdown, code: 3503 },
  { ...shutdown, code: '3001' },
  { ...shutdown, code: 1001 },
  { ...shutdown, reason: 'lunch' },
  { ...shutdown, reason: ['shutdown'] },
  { code: 3599, reason: 'lunch', message: 'Later.' },
  { code: undefined, reason: 'toString' },
  { code: undefined, reason: '__proto__' },
])('makes nothing of %j', (content) => {
  expect(readClosing(content)).toBeUndefined();
});
