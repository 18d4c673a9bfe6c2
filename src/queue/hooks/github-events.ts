import { z } from 'zod';
import { type Priority } from '../../domain/notification.js';
import { readBody } from './hook-body.js';
import { firstLine } from './hook-text.js';

/** Plain text, not yet made literal. */
interface Told {
  title: string;
  message?: string;
  url?: string | null;
  status?: 'good' | 'bad';
  priority?: Priority;
  /** Of one run, say, only the newest state is worth showing. */
  about?: readonly unknown[];
  fields?: { name: string; value: string }[];
}

type Reader = (body: unknown, place: string) => Told;

const shownCommits = 10;
/** Characters of a text that somebody wrote. */
const excerpt = 500;
const shownId = 7;

const address = z.string().nullish();
const person = z.object({ login: z.string() }).nullish();

function reader<S extends z.ZodType>(form: S, tell: (event: z.output<S>, place: string) => Told): Reader {
  return (body, place) => tell(readBody(form, body), place);
}

function excerptOf(text: string | null | undefined): string | undefined {
  const trimmed = text?.trim() ?? '';
  return trimmed === '' ? undefined : trimmed.length <= excerpt ? trimmed : `${trimmed.slice(0, excerpt)}…`;
}

const push = reader(
  z.object({
    ref: z.string(),
    compare: address,
    created: z.boolean().nullish(),
    deleted: z.boolean().nullish(),
    forced: z.boolean().nullish(),
    commits: z
      .array(z.object({ id: z.string(), message: z.string(), author: z.object({ name: z.string() }).nullish() }))
      .nullish(),
  }),
  ({ ref, compare, created, deleted, forced, commits }, place) => {
    const branch = ref.replace(/^refs\/(heads|tags)\//, '');
    const all = commits ?? [];
    const count = `${all.length} ${all.length === 1 ? 'commit' : 'commits'}`;
    const what = deleted ? 'deleted' : created && all.length === 0 ? 'created' : count;
    const lines = all
      .slice(0, shownCommits)
      .map(({ id, message, author }) => `${id.slice(0, shownId)} ${firstLine(message)}${by(author?.name)}`);
    if (all.length > shownCommits) lines.push(`and ${all.length - shownCommits} more`);
    return {
      title: `${place}: ${what}${forced ? ' (forced)' : ''} on ${branch}`,
      message: lines.join('\n') || undefined,
      url: compare,
      fields: [{ name: 'Ref', value: branch }],
    };
  },
);

function by(name: string | undefined): string {
  return name === undefined ? '' : ` (${name})`;
}

/** Of what GitHub calls a conclusion. */
function outcomeOf(conclusion: string | null | undefined): Pick<Told, 'status' | 'priority'> {
  if (conclusion === 'success') return { status: 'good' };
  const failed = conclusion === 'failure' || conclusion === 'timed_out' || conclusion === 'startup_failure';
  return failed ? { status: 'bad', priority: 'high' } : {};
}

const run = {
  id: z.number(),
  status: z.string().nullish(),
  conclusion: z.string().nullish(),
  head_branch: z.string().nullish(),
  head_sha: z.string().nullish(),
};

function stateOf(conclusion: string | null | undefined, status: string | null | undefined, action: string): string {
  return (conclusion ?? status ?? action).replaceAll('_', ' ');
}

function refFields(
  branch: string | null | undefined,
  sha: string | null | undefined,
): { name: string; value: string }[] {
  return [
    ...(branch ? [{ name: 'Branch', value: branch }] : []),
    ...(sha ? [{ name: 'Commit', value: sha.slice(0, shownId) }] : []),
  ];
}

const workflowRun = reader(
  z.object({
    action: z.string(),
    workflow_run: z.object({
      ...run,
      name: z.string().nullish(),
      display_title: z.string().nullish(),
      run_number: z.number().nullish(),
      html_url: address,
    }),
  }),
  ({ action, workflow_run: { id, status, conclusion, head_branch, head_sha, ...one } }, place) => ({
    title: `${place}: ${one.name ?? 'workflow'} ${stateOf(conclusion, status, action)}`,
    message: excerptOf(one.display_title),
    url: one.html_url,
    ...outcomeOf(conclusion),
    about: [id],
    fields: refFields(head_branch, head_sha),
  }),
);

const checkSuite = reader(
  z.object({
    action: z.string(),
    check_suite: z.object({ ...run, app: z.object({ name: z.string() }).nullish() }),
  }),
  ({ action, check_suite: { id, status, conclusion, head_branch, head_sha, app } }, place) => ({
    title: `${place}: checks${app ? ` of ${app.name}` : ''} ${stateOf(conclusion, status, action)}`,
    ...outcomeOf(conclusion),
    about: [id],
    fields: refFields(head_branch, head_sha),
  }),
);

const release = reader(
  z.object({
    action: z.string(),
    release: z.object({
      tag_name: z.string(),
      name: z.string().nullish(),
      body: z.string().nullish(),
      html_url: address,
      prerelease: z.boolean().nullish(),
    }),
  }),
  ({ action, release: { tag_name, name, body, html_url, prerelease } }, place) => ({
    title: `${place}: ${prerelease ? 'pre-release' : 'release'} ${name?.trim() || tag_name} ${action}`,
    message: excerptOf(body),
    url: html_url,
    fields: [{ name: 'Tag', value: tag_name }],
  }),
);

const topic = { number: z.number(), title: z.string(), html_url: address, body: z.string().nullish(), user: person };

const issues = reader(
  z.object({ action: z.string(), issue: z.object(topic) }),
  ({ action, issue: { number, title, html_url, body } }, place) => ({
    title: `${place}: issue #${number} ${action}`,
    message: [title, action === 'opened' ? excerptOf(body) : undefined].filter(Boolean).join('\n\n'),
    url: html_url,
  }),
);

const pullRequest = reader(
  z.object({
    action: z.string(),
    pull_request: z.object({ ...topic, merged: z.boolean().nullish(), draft: z.boolean().nullish() }),
  }),
  ({ action, pull_request: { number, title, html_url, body, merged, draft } }, place) => {
    // It stays merged when somebody labels or edits it later.
    const merges = merged && action === 'closed';
    return {
      title: `${place}: ${draft ? 'draft ' : ''}pull request #${number} ${merges ? 'merged' : action.replaceAll('_', ' ')}`,
      message: [title, action === 'opened' ? excerptOf(body) : undefined].filter(Boolean).join('\n\n'),
      url: html_url,
      ...(merges && { status: 'good' }),
    };
  },
);

const comment = z.object({ body: z.string().nullish(), html_url: address });

const issueComment = reader(
  z.object({ action: z.string(), issue: z.object(topic), comment }),
  ({ action, issue: { number, title }, comment: { body, html_url } }, place) => ({
    title: `${place}: comment on #${number} ${action}`,
    message: [title, action === 'created' ? excerptOf(body) : undefined].filter(Boolean).join('\n\n'),
    url: html_url,
  }),
);

const pullRequestReview = reader(
  z.object({
    action: z.string(),
    pull_request: z.object(topic),
    review: z.object({ state: z.string(), body: z.string().nullish(), html_url: address }),
  }),
  ({ action, pull_request: { number, title }, review: { state, body, html_url } }, place) => ({
    title: `${place}: review of #${number} ${action === 'submitted' ? state.replaceAll('_', ' ') : action}`,
    message: [title, excerptOf(body)].filter(Boolean).join('\n\n'),
    url: html_url,
    ...(state === 'approved' && { status: 'good' }),
  }),
);

/** Events with a form of their own, by their names; all others are told by their name, place and sender. */
export const githubEvents: ReadonlyMap<string, Reader> = new Map([
  ['push', push],
  ['workflow_run', workflowRun],
  ['check_suite', checkSuite],
  ['release', release],
  ['issues', issues],
  ['issue_comment', issueComment],
  ['pull_request', pullRequest],
  ['pull_request_review', pullRequestReview],
]);
