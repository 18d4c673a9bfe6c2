import { type OptionHelp, type SendCommand, sendCommands } from './send-commands.js';

export const otherCommands: Readonly<Record<string, string>> = {
  flush: 'sends what waits in the spool',
  status: 'how this publisher stands, without a secret',
  test: 'sends one notification past the spool, and tells what became of it',
};

export const sendOptions: Readonly<Record<string, OptionHelp>> = {
  'to-user': ['ID', 'a direct message to this user; DISCORD_USER_ID unless given'],
  'to-channel': ['ID', 'into this channel or thread'],
  route: ['NAME', 'where the route of this name leads'],
  guild: ['ID', 'the guild whose room sees what becomes of it'],
  delivery: ['HOW', 'push or pull'],
  priority: ['LEVEL', 'low, normal, high or critical'],
  'not-before': ['TIME', 'ISO 8601 with its zone'],
  'expires-at': ['TIME', 'ISO 8601 with its zone'],
  'collapse-key': ['TEXT', 'only the newest under this key is shown'],
  'group-key': ['TEXT', 'those of a group keep their order'],
  'fallback-user': ['ID', 'gets it if it cannot be delivered'],
  'fallback-channel': ['ID', 'the same, a channel'],
  locale: ['LANGUAGE', 'es or en'],
  'idempotency-key': ['TEXT', 'the same key and content are one notification'],
};

export const commonOptions: Readonly<Record<string, OptionHelp>> = {
  url: ['URL', 'where Guildcast is; GUILDCAST_URL unless given'],
  settings: ['FILE', 'JSON with what the environment does not say; GUILDCAST_SETTINGS unless given'],
  wire: ['NAME', 'native or event-queue'],
  spool: ['FOLDER', 'where notifications wait while Guildcast is away; off for none'],
};

export const flags: Readonly<Record<string, string>> = {
  strict: 'spools nothing: what cannot be sent now ends with 3',
  json: 'answers one line of JSON',
  help: 'shows this',
};

const exits = `Ends with
  0  Guildcast has it
  1  it is refused, or asked wrongly: another try does not help
  2  it is in the spool and goes out later
  3  Guildcast is not reached and nothing was kept: try again
`;

const surroundings = `The key comes from GUILDCAST_KEY or the settings alone: what stands on a command line is seen by
everybody on the machine. So is a webhook's address; make it a route.
`;

export function overview(): string {
  const all = [...Object.entries(sendCommands).map(([name, { summary }]) => [name, summary]), ...pairs(otherCommands)];
  return `guildcast publish COMMAND [options]: notifications to Guildcast.

${columns(all as [string, string][])}
guildcast publish COMMAND --help shows the options.

${surroundings}
${exits}`;
}

export function helpFor(name: string): string {
  const command = sendCommands[name];
  const common = columns([...described(commonOptions), ...flagLines(command ? ['strict', 'json'] : ['json'])]);
  if (!command) return `guildcast publish ${name} [options]: ${otherCommands[name]}.\n\n${common}\n${exitsOf(name)}`;
  const own = columns(described(command.options));
  return `guildcast publish ${usage(name, command)}: ${command.summary}.

${own === '' ? '' : `${own}\n`}${columns(described(sendOptions))}
${common}
${surroundings}
${exits}`;
}

function usage(name: string, { argument, options, required }: SendCommand): string {
  const needed = required.map((option) => `--${option} ${options[option]![0]}`);
  return [name, ...(argument ? [`${argument}|-`] : []), ...needed, '[options]'].join(' ');
}

function exitsOf(name: string): string {
  switch (name) {
    case 'flush':
      return 'Ends with 0 when nothing is left, 1 when Guildcast refused some for good, 2 when some still wait.\n';
    case 'status':
      return 'Ends with 0 when notifications can be published, else with 1.\n';
    default:
      return 'Ends with 0 when Guildcast has it, 1 when it is refused, 3 when Guildcast is not reached.\n';
  }
}

function described(options: Readonly<Record<string, OptionHelp>>): [string, string][] {
  return Object.entries(options).map(([name, [value, says]]) => [`--${name} ${value}`, says]);
}

function flagLines(names: readonly string[]): [string, string][] {
  return names.map((name) => [`--${name}`, flags[name] ?? '']);
}

function pairs(record: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(record);
}

function columns(lines: readonly [string, string][]): string {
  return lines.map(([left, right]) => `  ${left.padEnd(24)} ${right}\n`).join('');
}
