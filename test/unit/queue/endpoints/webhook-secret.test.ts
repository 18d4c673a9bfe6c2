import { createHash } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { fingerprintOf, newWebhookSecret, signatures } from '../../../../src/queue/endpoints/webhook-secret.js';

describe('the signature of a webhook', () => {
  it('is that of the published example', () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const parts = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1_614_265_330, body: '{"test": 2432232314}' };
    expect(signatures([secret], parts)).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it('is one for each secret, in their order, and each satisfies who knows its secret alone', () => {
    const secrets = [newWebhookSecret(), newWebhookSecret(), newWebhookSecret()];
    const body = JSON.stringify({ type: 'größe', data: '\u2028 🎉' });
    const timestamp = Math.floor(Date.now() / 1000);
    const signature = signatures(secrets, { id: 'msg_1', timestamp, body });
    expect(signature).toBe(secrets.map((secret) => signatures([secret], { id: 'msg_1', timestamp, body })).join(' '));
    const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': String(timestamp), 'webhook-signature': signature };
    for (const secret of secrets) expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
    expect(() => new Webhook(newWebhookSecret()).verify(body, headers)).toThrow(/No matching signature/);
    expect(() => new Webhook(secrets[0]!).verify(`${body} `, headers)).toThrow(/No matching signature/);
    const other = { ...headers, 'webhook-id': 'msg_2' };
    expect(() => new Webhook(secrets[0]!).verify(body, other)).toThrow(/No matching signature/);
  });
});

describe('a secret', () => {
  it('is 24 to 64 random bytes behind whsec_', () => {
    const made = Array.from({ length: 20 }, () => newWebhookSecret());
    expect(new Set(made).size).toBe(made.length);
    for (const secret of made) {
      const [, text = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
      const bytes = Buffer.from(text, 'base64');
      expect(bytes.toString('base64')).toBe(text);
      expect(bytes.length).toBeGreaterThanOrEqual(24);
      expect(bytes.length).toBeLessThanOrEqual(64);
    }
  });

  it('is known by the start of its SHA-256', () => {
    const secret = newWebhookSecret();
    const digest = createHash('sha256').update(secret).digest('hex');
    expect(fingerprintOf(secret)).toBe(digest.slice(0, 12));
    expect(fingerprintOf(newWebhookSecret())).not.toBe(fingerprintOf(secret));
  });
});
