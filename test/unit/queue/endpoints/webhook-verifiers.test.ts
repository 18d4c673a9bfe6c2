import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { newWebhookSecret, signatures } from '../../../../src/queue/endpoints/webhook-secret.js';

const text = readFileSync(path.join(import.meta.dirname, '../../../../docs/webhooks.md'), 'utf8');
const codeOf = (language: string): string => new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(text)?.[1] ?? '';

const body = JSON.stringify({ type: 'größe 🎉' });
const [old, now, other] = [newWebhookSecret(), newWebhookSecret(), newWebhookSecret()];
const timestamp = Math.floor(Date.now() / 1000);
const headersAt = (at: number) => ({
  'webhook-id': 'msg_1',
  'webhook-timestamp': String(at),
  'webhook-signature': signatures([now, old], { id: 'msg_1', timestamp: at, body }),
});
const unsigned = { 'webhook-id': 'msg_1', 'webhook-timestamp': String(timestamp) };

/** Each with whether a verifier must take it. */
const cases: [secret: string, headers: Record<string, string>, body: string, right: boolean][] = [
  [now, headersAt(timestamp), body, true],
  [old, headersAt(timestamp), body, true],
  [other, headersAt(timestamp), body, false],
  [now, headersAt(timestamp), `${body} `, false],
  [now, headersAt(timestamp - 600), body, false],
  [now, headersAt(timestamp + 600), body, false],
  [now, { ...headersAt(timestamp), 'webhook-id': 'msg_2' }, body, false],
  [now, { ...headersAt(timestamp), 'webhook-timestamp': 'soon' }, body, false],
  [now, { ...unsigned, 'webhook-signature': 'v1, v2,x' }, body, false],
  [now, unsigned, body, false],
];
const expected = cases.map(([, , , right]) => right);

describe('the verifiers in docs/webhooks.md', () => {
  it('in Node take what is signed and nothing else', () => {
    const program = `${codeOf('js')}
      const cases = ${JSON.stringify(cases)};
      console.log(JSON.stringify(cases.map(([secret, headers, body]) => verify(secret, headers, body))));`;
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
    expect(JSON.parse(printed)).toEqual(expected);
  });

  it.skipIf(spawnSync('python3', ['--version']).error)('in Python take what is signed and nothing else', () => {
    const program = `${codeOf('python')}
import json, sys
print(json.dumps([verify(one[0], one[1], one[2].encode()) for one in json.load(sys.stdin)]))`;
    const printed = execFileSync('python3', ['-c', program], { encoding: 'utf8', input: JSON.stringify(cases) });
    expect(JSON.parse(printed)).toEqual(expected);
  });
});
