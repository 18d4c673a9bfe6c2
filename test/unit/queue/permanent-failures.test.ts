import { describe, expect, it } from 'vitest';
import { isPermanentFailure } from '../../../src/queue/permanent-failures.js';

describe('what consumers say of failures', () => {
  it.each([
    'Usuario no encontrado',
    ' usuario no encontrado ',
    'User not found',
    'Unknown User',
    '404 Not Found (error code: 10013): Unknown User',
    "invalid literal for int() with base 10: 'ada'",
    'Cannot send messages to this user',
    '403 Forbidden (error code: 50007): Cannot send messages to this user',
    '403 Forbidden (error code: 50278): Cannot send messages to this user due to having no mutual guilds',
    'Tipo desconocido: custom_event',
    'Unknown event type: x',
  ])('is final: %s', (reason) => {
    expect(isPermanentFailure(reason)).toBe(true);
  });

  it.each([
    '',
    "'dict' object has no attribute 'to_dict'",
    '503 Service Unavailable (error code: 0): upstream connect error',
    '429 Too Many Requests (error code: 0): Unknown User',
    '403 Forbidden (error code: 50013): Missing Permissions',
    '500 Internal Server Error: the backup said "Usuario no encontrado"',
    'Server disconnected',
    'El Tipo desconocido: x',
  ])('may pass: %s', (reason) => {
    expect(isPermanentFailure(reason)).toBe(false);
  });
});
