import { ApiError, type FormFault, invalidForm } from './api-error.js';

/** A message as the bot posts it, once it is known to be within Discord's limits. */
export interface MessageForm {
  content: string;
  embeds: unknown[];
  components: unknown[];
  nonce?: string | number;
  enforceNonce: boolean;
  allowedMentions?: AllowedMentions;
  flags: number;
}

export interface AllowedMentions {
  parse?: string[];
  users?: string[];
  roles?: string[];
}

type Fields = Record<string, unknown>;

const embedTexts: readonly [path: readonly string[], limit: number][] = [
  [['title'], 256],
  [['description'], 4096],
  [['footer', 'text'], 2048],
  [['author', 'name'], 256],
];

/** Collects what is wrong with a form, so that all of it is answered at once. */
class Inspection {
  readonly faults: FormFault[] = [];

  blame(path: string, code: string, message: string): void {
    this.faults.push({ path, code, message });
  }

  /** Lengths are UTF-16 units: never fewer than Discord counts. Answers the length, 0 for what is no text. */
  text(path: string, value: unknown, limit: number, required = false): number {
    if (value === undefined || value === null || value === '') {
      if (required) this.blame(path, 'BASE_TYPE_REQUIRED', 'This field is required');
      return 0;
    }
    if (typeof value !== 'string') {
      this.blame(path, 'STRING_TYPE_CONVERT', 'Could not interpret value as string.');
      return 0;
    }
    if (value.length > limit) this.blame(path, 'BASE_TYPE_MAX_LENGTH', `Must be ${limit} or fewer in length.`);
    return value.length;
  }

  list(path: string, value: unknown, limit: number): Fields[] {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) {
      this.blame(path, 'LIST_TYPE_CONVERT', 'Only iterables may be used in a ListType');
      return [];
    }
    if (value.length > limit) this.blame(path, 'BASE_TYPE_MAX_LENGTH', `Must be ${limit} or fewer in length.`);
    return value.filter((item: unknown, n) => {
      if (isFields(item)) return true;
      this.blame(`${path}.${n}`, 'MODEL_TYPE_CONVERT', 'Only dictionaries may be used in a ModelType');
      return false;
    }) as Fields[];
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Answers how many characters of the message's 6000 the embed takes. */
function inspectEmbed(inspection: Inspection, path: string, embed: Fields): number {
  let characters = 0;
  for (const [keys, limit] of embedTexts) {
    const value = keys.reduce<unknown>((node, key) => (isFields(node) ? node[key] : undefined), embed);
    characters += inspection.text(`${path}.${keys.join('.')}`, value, limit);
  }
  for (const [n, field] of inspection.list(`${path}.fields`, embed.fields, 25).entries()) {
    characters += inspection.text(`${path}.fields.${n}.name`, field.name, 256, true);
    characters += inspection.text(`${path}.fields.${n}.value`, field.value, 1024, true);
  }
  const { color, timestamp } = embed;
  if (color !== undefined && color !== null) {
    if (!Number.isInteger(color)) inspection.blame(`${path}.color`, 'NUMBER_TYPE_COERCE', 'Value is not int.');
    else if ((color as number) > 0xffffff || (color as number) < 0)
      inspection.blame(`${path}.color`, 'NUMBER_TYPE_MAX', 'int value should be less than or equal to 16777215.');
  }
  const isTime = typeof timestamp === 'string' && !Number.isNaN(Date.parse(timestamp));
  if (timestamp !== undefined && timestamp !== null && !isTime)
    inspection.blame(`${path}.timestamp`, 'DATE_TIME_TYPE_PARSE', 'Could not parse the value as a date.');
  return characters;
}

function inspectAllowedMentions(inspection: Inspection, value: unknown): AllowedMentions | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isFields(value)) {
    inspection.blame('allowed_mentions', 'MODEL_TYPE_CONVERT', 'Only dictionaries may be used in a ModelType');
    return undefined;
  }
  const parse = Array.isArray(value.parse) ? (value.parse as unknown[]) : [];
  for (const [n, kind] of parse.entries()) {
    if (!['users', 'roles', 'everyone'].includes(kind as string))
      inspection.blame(`allowed_mentions.parse.${n}`, 'BASE_TYPE_CHOICES', 'Must be one of users, roles, everyone.');
  }
  for (const kind of ['users', 'roles']) {
    const ids = value[kind];
    if (parse.includes(kind) && Array.isArray(ids) && ids.length > 0)
      inspection.blame(
        'allowed_mentions',
        'MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE',
        `parse:["${kind}"] and ${kind}: [ids...] are mutually exclusive.`,
      );
  }
  return value;
}

function inspectNonce(inspection: Inspection, nonce: unknown): string | number | undefined {
  if (nonce === undefined || nonce === null) return undefined;
  if (typeof nonce === 'number' && Number.isSafeInteger(nonce)) return nonce;
  inspection.text('nonce', nonce, 25);
  return typeof nonce === 'string' ? nonce : undefined;
}

/** Discord drops an embed that shows nothing. */
function isBlank(embed: Fields): boolean {
  return !['title', 'description', 'fields', 'footer', 'author', 'image', 'thumbnail'].some((key) => {
    const value = embed[key];
    return Array.isArray(value) ? value.length > 0 : Boolean(value);
  });
}

function asFields(body: unknown): Fields {
  if (isFields(body)) return body;
  throw new ApiError(400, 50109, 'The request body contains invalid JSON.');
}

/** Throws 50035 with everything that is over a limit, 50006 when nothing is left to send. */
export function messageForm(body: unknown): MessageForm {
  const fields = asFields(body);
  const inspection = new Inspection();
  inspection.text('content', fields.content, 2000);
  const embeds = inspection.list('embeds', fields.embeds, 10);
  const characters = embeds.reduce((sum, embed, n) => sum + inspectEmbed(inspection, `embeds.${n}`, embed), 0);
  if (characters > 6000)
    inspection.blame('embeds', 'MAX_EMBED_SIZE_EXCEEDED', 'Embed size exceeds maximum size of 6000');
  const form: MessageForm = {
    content: typeof fields.content === 'string' ? fields.content : '',
    embeds,
    components: inspection.list('components', fields.components, 40),
    nonce: inspectNonce(inspection, fields.nonce),
    enforceNonce: fields.enforce_nonce === true,
    allowedMentions: inspectAllowedMentions(inspection, fields.allowed_mentions),
    flags: typeof fields.flags === 'number' ? fields.flags : 0,
  };
  if (inspection.faults.length > 0) throw invalidForm(inspection.faults);
  if (form.content.trim() === '' && embeds.every(isBlank) && form.components.length === 0)
    throw new ApiError(400, 50006, 'Cannot send an empty message');
  return form;
}

/** For an edit: fields that are absent stay as they are in `former`. */
export function editedForm(former: Partial<MessageForm>, body: unknown): MessageForm {
  return messageForm({
    content: former.content,
    embeds: former.embeds,
    components: former.components,
    ...asFields(body),
  });
}
