import { parseArgs } from 'node:util';
import { type Notification, type PublishOptions, type Target } from '../notification.js';
import { commonOptions, otherCommands, sendOptions } from './publish-help.js';
import { type SendCommand, sendCommands, type SendValues } from './send-commands.js';
import { UsageError } from './usage-error.js';

type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

/** What the command line asks for. */
export interface PublishOrder {
  /** Undefined: the list of commands. */
  command?: string;
  /** Whether it sends something of its own. */
  sends: boolean;
  help: boolean;
  json: boolean;
  strict: boolean;
  /** An option that all commands have. */
  common(name: string): string | undefined;
  /** Undefined for a command that sends none. `input` reads the standard input, at most once. */
  notification(input: () => Promise<string>): Promise<Notification | undefined>;
}

/** @throws UsageError */
export function readOrder(args: readonly string[]): PublishOrder {
  const [first, ...rest] = args;
  const command = first?.startsWith('-') ? undefined : first;
  const known =
    command !== undefined && (Object.hasOwn(sendCommands, command) || Object.hasOwn(otherCommands, command));
  if (command !== undefined && !known) {
    throw new UsageError(`There is no command "${command}": guildcast publish --help names those there are.`);
  }
  const sends = command === undefined ? undefined : sendCommands[command];
  const { values, positionals } = parsed(command === undefined ? args : rest, sends);
  return {
    command,
    sends: sends !== undefined || command === 'test',
    help: values.help === true,
    json: values.json === true,
    strict: values.strict === true,
    common: (name) => textOf(values, name),
    notification: async (input) => sends && notificationOf(sends, values, positionals, input),
  };
}

function parsed(args: readonly string[], sends: SendCommand | undefined): { values: Values; positionals: string[] } {
  const names = { ...commonOptions, ...(sends && { ...sendOptions, ...sends.options }) };
  const texts = Object.keys(names).map((name) => {
    return [name, { type: 'string', multiple: sends?.repeated?.includes(name) ?? false }] as const;
  });
  const options = {
    ...Object.fromEntries(texts),
    ...(sends && { strict: { type: 'boolean' } as const }),
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: sends?.argument !== undefined, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function notificationOf(
  command: SendCommand,
  values: Values,
  positionals: readonly string[],
  input: () => Promise<string>,
): Promise<Notification> {
  const missing = command.required.filter((name) => values[name] === undefined);
  if (missing.length > 0) throw new UsageError(`Missing: ${missing.map((name) => `--${name}`).join(', ')}.`);
  if (command.argument !== undefined && positionals.length !== 1) {
    throw new UsageError(`Give one ${command.argument}, or - to read it from the standard input.`);
  }
  const own = Object.keys(command.options);
  const dashes = own.filter((name) => values[name] === '-').length + positionals.filter((text) => text === '-').length;
  if (dashes > 1) throw new UsageError('Only one thing can be read from the standard input.');
  // The line break that every program puts at its end is none of the text.
  const read = dashes === 1 ? (await input()).replace(/\r?\n$/, '') : '';
  const filled = (text: string | undefined) => (text === '-' ? read : text);
  const ofCommand: SendValues = {
    argument: filled(positionals[0]) ?? '',
    text: (name) => filled(textOf(values, name)) ?? '',
    optional: (name) => filled(textOf(values, name)),
    number: (name) => numberOf(name, filled(textOf(values, name))),
    list: (name) => (values[name] as string[] | undefined) ?? [],
  };
  return { ...optionsOf(values), ...command.notification(ofCommand) };
}

function optionsOf(values: Values): PublishOptions {
  const text = (name: string) => textOf(values, name);
  const route = text('route');
  const target = targetOf(text('to-user'), text('to-channel'));
  if (target !== undefined && route !== undefined) throw new UsageError(oneOnly);
  return {
    ...{ target, route, guildId: text('guild'), locale: text('locale') as PublishOptions['locale'] },
    delivery: text('delivery') as PublishOptions['delivery'],
    priority: text('priority') as PublishOptions['priority'],
    ...{ notBefore: text('not-before'), expiresAt: text('expires-at') },
    ...{ collapseKey: text('collapse-key'), groupKey: text('group-key'), idempotencyKey: text('idempotency-key') },
    fallback: targetOf(text('fallback-user'), text('fallback-channel')),
  };
}

const oneOnly = 'Name one place alone.';

function targetOf(userId: string | undefined, channelId: string | undefined): Target | undefined {
  if (userId !== undefined && channelId !== undefined) throw new UsageError(oneOnly);
  if (userId !== undefined) return { userId };
  return channelId === undefined ? undefined : { channelId };
}

function textOf(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? NaN : Number(text);
  if (!Number.isFinite(value)) throw new UsageError(`--${name} must be a number.`);
  return value;
}
