import { limits } from '../../discord/embed-limits.js';
import { Fault } from '../../domain/fault.js';
import { type Locale, type RenderedEmbed, type RenderedMessage } from '../../domain/notification.js';
import { type CompiledText, type Variables } from './compiled-text.js';
import { readColor } from './embed-color.js';
import { RenderBudget } from './render-budget.js';
import { type TemplateBody } from './template-body.js';
import { compileExpression, compileText } from './template-engine.js';
import { TemplateFailure } from './template-failure.js';

const textKeys = ['content', 'author', 'title', 'url', 'description', 'color', 'footer'] as const;
type TextKey = (typeof textKeys)[number];

type Field = NonNullable<RenderedEmbed['fields']>[number];

interface CompiledField {
  place: string;
  name: CompiledText;
  value: CompiledText;
  inline: boolean | undefined;
  each: CompiledText | undefined;
}

/** Hears what does not spoil a message, but was hardly meant, such as a variable that is not there. */
export type Remark = (place: string, words: string) => void;

/** What a template is filled in with. */
export interface Filling {
  variables: Readonly<Record<string, unknown>>;
  /** The moment the message is sent. */
  at: Date;
  /** Of the payload, in characters of JSON. */
  size: number;
  remark?: Remark | undefined;
}

type Entry = NonNullable<Variables['entry']>;

/** One filling under way. */
interface Course {
  variables: Variables;
  budget: RenderBudget;
  remark: Remark | undefined;
}

/** Fields behind the last that is shown are counted, up to so many, and not written. */
const uncounted: Field = { name: '', value: '' };
const mostCounted = 10_000;

/** A template whose every expression was read. */
export class CompiledTemplate {
  private readonly texts = new Map<TextKey, CompiledText>();
  private readonly fields: readonly CompiledField[];
  private readonly faults: { path: string; message: string }[] = [];

  /** @throws Fault `request.invalid`, which names every place that is wrong */
  constructor(
    private readonly body: TemplateBody,
    private readonly locale: Locale,
  ) {
    for (const key of textKeys) {
      const text = body[key];
      if (typeof text === 'string') this.texts.set(key, this.read(key, text, compileText));
    }
    this.fields = (body.fields ?? []).map(({ name, value, inline, each }, index) => {
      const place = `fields.${index}`;
      return {
        place,
        name: this.read(`${place}.name`, name, compileText),
        value: this.read(`${place}.value`, value, compileText),
        inline,
        each: each === undefined ? undefined : this.read(`${place}.each`, each, compileExpression),
      };
    });
    if (typeof body.color === 'string' && !/\{[{%]/.test(body.color) && readColor(body.color) === undefined) {
      this.faults.push({ path: 'color', message: notAColor });
    }
    if (this.faults.length > 0) {
      throw new Fault('request.invalid', 'The template is not valid.', { errors: this.faults });
    }
  }

  /** @throws TemplateFailure when it cannot be filled in, takes more than it may, or says nothing */
  render({ variables, at, size, remark }: Filling): RenderedMessage {
    const course: Course = { variables: { all: variables }, budget: new RenderBudget(size), remark };
    const content = this.fill('content', course);
    const embed = this.embed(course);
    const speaks = [embed.author, embed.title, embed.description, embed.footer].some((text) => text !== undefined);
    const shown = speaks || (embed.fields?.length ?? 0) > 0;
    if (!shown && content === undefined)
      throw new TemplateFailure('template', 'it says nothing about this notification');
    const timestamp = this.body.timestamp === false ? {} : { timestamp: at.toISOString() };
    return {
      ...(content !== undefined && { content }),
      ...(shown && { embeds: [{ ...embed, ...timestamp }] }),
    };
  }

  private embed(course: Course): RenderedEmbed {
    const author = this.fill('author', course);
    const title = this.fill('title', course);
    const url = this.address(course);
    const description = this.fill('description', course);
    const color = this.color(course);
    const footer = this.fill('footer', course);
    const fields = this.filledFields(course);
    return {
      ...(author !== undefined && { author }),
      ...(title !== undefined && { title }),
      ...(url !== undefined && { url }),
      ...(description !== undefined && { description }),
      ...(color !== undefined && { color }),
      ...(fields.length > 0 && { fields }),
      ...(footer !== undefined && { footer }),
    };
  }

  /** Undefined when it comes to nothing. */
  private fill(key: TextKey, course: Course): string | undefined {
    const text = this.texts.get(key);
    return text && (filled(text, key, course).trim() || undefined);
  }

  private address(course: Course): string | undefined {
    const words = this.fill('url', course);
    const address = words === undefined ? undefined : readAddress(words);
    if (words !== undefined && address === undefined) course.remark?.('url', notAnAddress);
    return address;
  }

  private color(course: Course): number | undefined {
    if (typeof this.body.color === 'number') return this.body.color;
    const words = this.fill('color', course);
    const color = words === undefined ? undefined : readColor(words);
    if (words !== undefined && color === undefined) course.remark?.('color', notAColor);
    return color;
  }

  private filledFields(course: Course): Field[] {
    const shown: Field[] = [];
    for (const field of this.fields) {
      for (const entry of entriesOf(field, course)) {
        if (shown.length >= mostCounted) return shown;
        if (shown.length > limits.fields) {
          shown.push(uncounted);
          continue;
        }
        const here = { ...course, variables: { ...course.variables, entry } };
        const value = filled(field.value, `${field.place}.value`, here).trim();
        if (value === '') continue;
        const name = filled(field.name, `${field.place}.name`, here).trim();
        shown.push({ name, value, ...(field.inline !== undefined && { inline: field.inline }) });
      }
    }
    return shown;
  }

  private read(place: string, text: string, compile: (text: string, locale: Locale) => CompiledText): CompiledText {
    try {
      return compile(text, this.locale);
    } catch (error) {
      this.faults.push({ path: place, message: TemplateFailure.at(place, error).reason });
      return compileText('', this.locale);
    }
  }
}

const notAnAddress = 'must begin with http:// or https:// and name a public host: it is left out';
const notAColor = 'must be #rrggbb, a number up to 16777215 or the name of a colour';

function filled(text: CompiledText, place: string, { variables, budget, remark }: Course): string {
  if (remark) for (const name of text.missing(variables)) remark(place, `there is no ${name}`);
  try {
    return text.render(variables, budget);
  } catch (error) {
    throw TemplateFailure.at(place, error);
  }
}

/** What a field is filled in with beside the rest: nothing and once, or each entry of its list. */
function* entriesOf({ place, each }: CompiledField, { variables, budget, remark }: Course): Iterable<Entry> {
  if (!each) {
    yield {};
    return;
  }
  if (remark) for (const name of each.missing(variables)) remark(`${place}.each`, `there is no ${name}`);
  let found: unknown;
  try {
    found = each.evaluate(variables, budget);
  } catch (error) {
    throw TemplateFailure.at(`${place}.each`, error);
  }
  if (typeof found !== 'object' || found === null) return;
  let index = 0;
  if (Array.isArray(found)) for (const item of found as unknown[]) yield { item, index: ++index };
  else for (const [key, item] of Object.entries(found)) yield { item, key, index: ++index };
}

/** Discord refuses the whole message for an address that it does not like. */
function readAddress(words: string): string | undefined {
  if (!/^https?:\/\//i.test(words) || !URL.canParse(words)) return undefined;
  const { href, hostname } = new URL(words);
  return href.length <= 2_048 && hostname.includes('.') ? href : undefined;
}
