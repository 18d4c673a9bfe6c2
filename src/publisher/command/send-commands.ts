import {
  backupError,
  backupSuccess,
  codespaceStatus,
  type CodespaceStatus,
  minecraftStatus,
  type MinecraftStatus,
} from '../event-payloads.js';
import { type Notification } from '../notification.js';
import { UsageError } from './usage-error.js';

/** What stands behind an option: a word for its value, and what it says. */
export type OptionHelp = readonly [value: string, says: string];

export interface SendCommand {
  summary: string;
  /** What comes without a name, such as `TEXT`. */
  argument?: string;
  options: Readonly<Record<string, OptionHelp>>;
  required: readonly string[];
  /** Options that may be given more than once. */
  repeated?: readonly string[];
  notification(values: SendValues): Notification;
}

/** Read from the command line, `-` replaced by what came on the standard input. */
export interface SendValues {
  argument: string;
  text: (option: string) => string;
  optional: (option: string) => string | undefined;
  number: (option: string) => number | undefined;
  list: (option: string) => string[];
}

export const sendCommands: Readonly<Record<string, SendCommand>> = {
  'backup-error': {
    summary: 'a backup failed',
    options: {
      type: ['TYPE', 'what failed, such as compression or upload'],
      message: ['TEXT', 'why; - reads it from the standard input'],
      file: ['NAME', 'the backup'],
    },
    required: ['type', 'message'],
    notification: ({ text, optional }) =>
      backupError({ type: text('type'), message: text('message'), file: optional('file') }),
  },
  'backup-success': {
    summary: 'a backup is done',
    options: {
      file: ['NAME', 'the backup'],
      'size-mb': ['NUMBER', 'its size'],
      duration: ['SECONDS', 'how long it took'],
    },
    required: ['file', 'size-mb', 'duration'],
    notification: ({ text, number }) =>
      backupSuccess({ file: text('file'), sizeMb: number('size-mb')!, durationSeconds: number('duration')! }),
  },
  'minecraft-status': {
    summary: 'how a Minecraft server stands',
    options: {
      status: ['STATUS', 'online, offline, starting or stopping'],
      ip: ['HOST', 'where it is'],
      port: ['NUMBER', '25565 unless given'],
      players: ['NUMBER', 'how many are online'],
    },
    required: ['status'],
    notification: ({ text, optional, number }) =>
      minecraftStatus({
        status: text('status') as MinecraftStatus['status'],
        ip: optional('ip'),
        port: number('port'),
        playersOnline: number('players'),
      }),
  },
  'codespace-status': {
    summary: 'what became of a codespace',
    options: {
      action: ['ACTION', 'started, stopped or error'],
      detail: ['NAME=VALUE', 'shown beside it; may be given more than once'],
    },
    required: ['action'],
    repeated: ['detail'],
    notification: ({ text, list }) =>
      codespaceStatus({
        action: text('action') as CodespaceStatus['action'],
        details: Object.fromEntries(list('detail').map(pair)),
      }),
  },
  message: {
    summary: 'a message in your words',
    argument: 'TEXT',
    options: {},
    required: [],
    notification: ({ argument }) => ({ message: { content: argument } }),
  },
  event: {
    summary: 'a notification of any type',
    options: {
      type: ['TYPE', 'decides how it looks; an unknown one is shown in a plain form'],
      payload: ['JSON', 'an object; - reads it from the standard input'],
    },
    required: ['type'],
    notification: ({ text, optional }) => ({ type: text('type'), payload: objectIn(optional('payload') ?? '{}') }),
  },
};

function pair(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError('--detail must be NAME=VALUE.');
  return [text.slice(0, at), text.slice(at + 1)];
}

function objectIn(json: string): object {
  try {
    return JSON.parse(json) as object;
  } catch {
    throw new UsageError('The payload is not JSON.');
  }
}
