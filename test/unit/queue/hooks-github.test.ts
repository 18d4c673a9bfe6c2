import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/domain/fault.js';
import { githubHook } from '../../../src/queue/hooks/github.hook.js';
import { githubBodies } from '../../support/hook-bodies.js';

function read(event: string, body: unknown, more: Record<string, string> = {}) {
  return githubHook.read(body, { 'x-github-event': event, ...more });
}

const secret = "It's a Secret to Everybody";

function matches(raw: string, signature: string | undefined, using = secret): boolean | undefined {
  const headers = signature === undefined ? {} : { 'x-hub-signature-256': signature };
  return githubHook.signature?.matches({ headers, raw: Buffer.from(raw) }, using, new Date());
}

describe('the signature of GitHub', () => {
  it("is the one of the sender's own example", () => {
    const documented = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    expect(matches('Hello, World!', documented)).toBe(true);
    expect(matches('Hello, World!', documented.toUpperCase().replace('SHA256', 'sha256'))).toBe(true);
  });

  it('is refused for another secret, another body, and whatever is no signature', () => {
    const right = createHmac('sha256', secret).update('Hello, World!').digest('hex');
    expect(matches('Hello, World!', `sha256=${right}`)).toBe(true);
    expect(matches('Hello, World!', `sha256=${right}`, 'another secret')).toBe(false);
    expect(matches('Hello, World?', `sha256=${right}`)).toBe(false);
    for (const wrong of [
      undefined,
      '',
      'sha256=',
      `sha1=${right}`,
      `sha256=${right.slice(2)}`,
      `sha256=${right}00`,
      'ü',
    ]) {
      expect(matches('Hello, World!', wrong)).toBe(false);
    }
    expect(matches('Hello, World!', `sha256=${'0'.repeat(64)}`)).toBe(false);
  });
});

describe('events of GitHub', () => {
  it('tells nothing of a ping', () => {
    expect(read('ping', githubBodies.ping)).toBeUndefined();
  });

  it('names what was pushed, and makes no markup of what strangers wrote', () => {
    const told = read('push', githubBodies.push, { 'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958' });
    expect(told?.payload).toMatchObject({
      title: 'Codertocat/Hello-World: 2 commits on main',
      url: 'https://github.com/Codertocat/Hello-World/compare/6113728f27ae...0d1a26e67d8f',
      tags: ['github', 'push'],
      event: 'push',
      repository: 'Codertocat/Hello-World',
      sender: 'Codertocat',
    });
    expect(told?.payload.message).toBe(
      '0d1a26e Update README.md (Codertocat)\n' + 'f95f852 Fix [the](https://evil.example) *parser* (mona)',
    );
    expect(told?.delivery).toBe('72d3162e-cc78-11e3-81ab-4c9367dc0958');
    expect(told?.about).toBeUndefined();
  });

  it('tells the states of one run as the same thing, and a failed one before others', () => {
    const failed = read('workflow_run', githubBodies.workflow_run);
    expect(failed).toMatchObject({
      payload: { title: 'Codertocat/Hello-World: Build failure', status: 'bad', message: 'Update README.md' },
      priority: 'high',
    });
    const begun = structuredClone(githubBodies.workflow_run) as Record<string, unknown>;
    begun.action = 'requested';
    begun.workflow_run = { ...githubBodies.workflow_run.workflow_run, status: 'in_progress', conclusion: null };
    const told = read('workflow_run', begun);
    expect(told?.payload.title).toBe('Codertocat/Hello-World: Build in progress');
    expect(told?.payload.status).toBeUndefined();
    expect(told?.priority).toBeUndefined();
    expect(told?.about).toEqual(failed?.about);
    const other = { ...githubBodies.workflow_run, workflow_run: { ...githubBodies.workflow_run.workflow_run, id: 2 } };
    expect(read('workflow_run', other)?.about).not.toEqual(failed?.about);
  });

  it.each([
    ['check_suite', 'Codertocat/Hello-World: checks of octocoders-linter success', 'good'],
    ['release', 'Codertocat/Hello-World: release 0.0.1 published', undefined],
    ['issues', 'Codertocat/Hello-World: issue #1 opened', undefined],
    ['issue_comment', 'Codertocat/Hello-World: comment on #1 created', undefined],
    ['pull_request', 'Codertocat/Hello-World: pull request #2 merged', 'good'],
    ['pull_request_review', 'Codertocat/Hello-World: review of #2 approved', 'good'],
    ['star', 'Codertocat/Hello-World: star created', undefined],
  ] as const)('has a readable title for %s', (event, title, status) => {
    const told = read(event, githubBodies[event]);
    expect(told?.payload.title).toBe(title);
    expect(told?.payload.status).toBe(status);
    expect(told?.payload.fields?.at(-1)).toEqual({ name: 'By', value: 'Codertocat', inline: true });
  });

  it('says that a pull request is merged when it is, and not of all that happens to it later', () => {
    const { pull_request: event } = githubBodies;
    expect(read('pull_request', { ...event, action: 'labeled' })?.payload).toMatchObject({
      title: 'Codertocat/Hello-World: pull request #2 labeled',
      status: undefined,
    });
    const closed = { ...event, pull_request: { ...event.pull_request, merged: false } };
    expect(read('pull_request', closed)?.payload.title).toBe('Codertocat/Hello-World: pull request #2 closed');
  });

  it('tells an event that nobody has heard of, also without a repository', () => {
    expect(read('something_new', {})?.payload.title).toBe('GitHub: something new');
    expect(read('something_new', { organization: { login: 'octo-org' } })?.payload.title).toBe(
      'octo-org: something new',
    );
  });

  it('shows a deleted branch, a created tag and no more than ten commits', () => {
    const { push } = githubBodies;
    expect(read('push', { ...push, deleted: true, commits: [] })?.payload.title).toMatch(/: deleted on main$/);
    const tagged = read('push', { ...push, ref: 'refs/tags/v1', created: true, commits: [] });
    expect(tagged?.payload.title).toMatch(/: created on v1$/);
    const many = read('push', { ...push, commits: Array<unknown>(12).fill(push.commits[0]) });
    expect(many?.payload.message?.split('\n')).toHaveLength(11);
    expect(many?.payload.message).toMatch(/\nand 2 more$/);
  });

  it.each([
    ['a list', 'push', []],
    ['nothing', 'push', null],
    ['a text', 'push', 'push'],
    ['no ref', 'push', { commits: [] }],
    ['commits that are none', 'push', { ref: 'refs/heads/main', commits: [1, null] }],
    ['a run that is a text', 'workflow_run', { action: 'completed', workflow_run: 'x' }],
    ['an issue without a number', 'issues', { action: 'opened', issue: { title: 'x' } }],
    ['a repository that is a number', 'star', { repository: 7 }],
    ['a prototype', 'issues', JSON.parse('{"__proto__": {"action": "opened"}}')],
  ])('refuses %s', (_name, event, body) => {
    expect(() => read(event, body)).toThrow(Fault);
  });

  it.each(['', '../push', 'push\u0000', 'a'.repeat(65), 'Push'])('refuses the event %j', (event) => {
    expect(() => read(event, githubBodies.push)).toThrow(/X-GitHub-Event/);
  });
});
