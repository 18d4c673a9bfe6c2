import { createPublisher } from '../index.js';
import { largestBody } from '../letter.js';
import { type Published } from '../notification.js';
import { PublishError, type PublishFailure } from '../publish-error.js';
import { type Publisher } from '../publisher.js';
import { type PublisherStatus } from '../publisher-status.js';
import { type Environment } from '../webhook-address.js';
import { type PublishOrder, readOrder } from './publish-arguments.js';
import { helpFor, overview } from './publish-help.js';
import { UsageError } from './usage-error.js';

export interface PublishCall {
  /** What stands after `publish`. */
  args: readonly string[];
  environment: Environment;
  /** The standard input, read only where `-` asks for it. */
  input: AsyncIterable<Buffer | string>;
}

/** 0: done · 1: refused or asked wrongly · 2: spooled · 3: not reached, and nothing was kept. */
type ExitCode = 0 | 1 | 2 | 3;

interface Outcome {
  /** For programs. */
  facts: object;
  text: string;
  code: ExitCode;
}

/** Failures after which another try may help, and nothing was kept. */
const passing: readonly PublishFailure[] = ['unreachable', 'spool-full', 'spool-unwritable'];

/** `guildcast publish …`: what to print where, and what to end with. Loads nothing but the publisher. */
export async function runPublish(call: PublishCall): Promise<{ out: string; err: string; code: ExitCode }> {
  let json = false;
  let sends = false;
  try {
    const order = readOrder(call.args);
    ({ json, sends } = order);
    if (order.command === undefined) return { out: overview(), err: '', code: order.help ? 0 : 1 };
    if (order.help) return { out: helpFor(order.command), err: '', code: 0 };
    const { facts, text, code } = await carryOut(order, call);
    return { out: `${json ? JSON.stringify(facts) : text}\n`, err: '', code };
  } catch (error) {
    if (!(error instanceof PublishError) && !(error instanceof UsageError)) throw error;
    const { message } = error;
    const { code: failure, status, fault } = error instanceof PublishError ? error : { code: 'usage' as const };
    const code = sends && failure !== 'usage' && passing.includes(failure) ? 3 : 1;
    if (json)
      return { out: `${JSON.stringify({ state: 'failed', failure, status, fault, message })}\n`, err: '', code };
    return { out: '', err: `${message}\n`, code };
  }
}

async function carryOut(order: PublishOrder, { environment, input }: PublishCall): Promise<Outcome> {
  const notification = await order.notification(() => readInput(input));
  const publisher = publisherFor(order, environment);
  try {
    if (notification !== undefined) return await published(await publisher.publish(notification), publisher);
    switch (order.command) {
      case 'flush':
        return await flushed(publisher);
      case 'test':
        return await published(await publisher.sendTest(), publisher);
      default:
        return reported(await publisher.status());
    }
  } finally {
    await publisher.close();
  }
}

/** The command line comes before the environment. */
function publisherFor(order: PublishOrder, environment: Environment): Publisher {
  const spool = order.strict ? 'off' : order.common('spool');
  const given = { GUILDCAST_URL: order.common('url'), GUILDCAST_WIRE: order.common('wire'), GUILDCAST_SPOOL: spool };
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const file = order.common('settings') ?? environment.GUILDCAST_SETTINGS;
  return createPublisher(file === undefined || file === '' ? {} : file, { ...environment, ...said });
}

async function published(result: Published, publisher: Publisher): Promise<Outcome> {
  switch (result.state) {
    case 'accepted':
      return { facts: result, text: `Accepted as ${result.id}.`, code: 0 };
    case 'fallback':
      return { facts: result, text: 'Neither Guildcast nor the spool could take it; the webhook did.', code: 0 };
    case 'spooled': {
      const { trouble } = await publisher.status();
      const text = `Spooled as ${result.spoolId}. ${trouble ?? 'Others wait before it.'}`;
      return { facts: { ...result, reason: trouble }, text, code: 2 };
    }
  }
}

async function flushed(publisher: Publisher): Promise<Outcome> {
  const facts = await publisher.flush();
  const { accepted, rejected, waiting, reason } = facts;
  const text = `${accepted} accepted, ${rejected} refused, ${waiting} waiting.${reason ? ` ${reason}` : ''}`;
  return { facts, text, code: rejected > 0 ? 1 : waiting > 0 ? 2 : 0 };
}

function reported(status: PublisherStatus): Outcome {
  const { spool } = status;
  const lines = [
    ['Guildcast', status.url ?? 'GUILDCAST_URL is not set'],
    ['Key', status.key ? 'set' : 'GUILDCAST_KEY is not set'],
    ['To', status.userId ?? (status.route && `route ${status.route}`) ?? 'nobody: DISCORD_USER_ID is not set'],
    ['Codespace', status.codespaceName],
    ['Wire', status.wire],
    ['Fallback', status.fallback ?? 'none'],
    ['Spool', spool?.folder ?? 'none'],
    ['Waiting', spool ? `${spool.waiting}${spool.oldest ? `, the oldest since ${spool.oldest}` : ''}` : '0'],
    ['Refused', String(spool?.rejected ?? 0)],
  ];
  const text = lines.map(([name, value]) => `${name!.padEnd(11)}${value}`).join('\n');
  return { facts: status, text, code: status.enabled ? 0 : 1 };
}

async function readInput(input: PublishCall['input']): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    length += bytes.length;
    if (length > largestBody) throw new UsageError(`The standard input is longer than ${largestBody} bytes.`);
  }
  return Buffer.concat(chunks).toString('utf8');
}
