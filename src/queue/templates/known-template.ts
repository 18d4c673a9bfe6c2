import { type Locale, type RenderedMessage } from '../../domain/notification.js';
import { CompiledTemplate, type Filling } from './compiled-template.js';
import { type NotificationTemplateEntity } from './notification-template.entity.js';
import { templateBody } from './template-body.js';
import { TemplateFailure } from './template-failure.js';

/** Milliseconds for which a template that took more than it may is not tried again: it costs as much each time. */
const rest = 60_000;
/** Milliseconds between two words about the same template. */
const silence = 60_000;

type Row = Pick<NotificationTemplateEntity, 'type' | 'locale' | 'revision' | 'body'>;

/** A stored template as the delivery uses it. */
export class KnownTemplate {
  readonly type: string;
  readonly locale: Locale;
  readonly revision: string;
  private readonly compiled: CompiledTemplate | TemplateFailure;
  private restsUntil = -Infinity;
  private toldAt = -Infinity;
  private failures = 0;

  constructor({ type, locale, revision, body }: Row) {
    this.type = type;
    this.locale = locale;
    this.revision = revision;
    this.compiled = compiledOf(body, locale);
  }

  /** Why it can never be used: somebody has written the row who does not know what a template is. */
  get unreadable(): TemplateFailure | undefined {
    return this.compiled instanceof TemplateFailure ? this.compiled : undefined;
  }

  /** False while it is not to be tried. */
  get ready(): boolean {
    return !this.unreadable && performance.now() >= this.restsUntil;
  }

  /** @throws TemplateFailure */
  render(filling: Filling): RenderedMessage {
    if (this.compiled instanceof TemplateFailure) throw this.compiled;
    return this.compiled.render(filling);
  }

  /** Notes that it failed. `first` is true for the first time, `worthNoting` when nothing was said of it for a while. */
  failed({ exhausting }: TemplateFailure): { first: boolean; worthNoting: boolean } {
    const now = performance.now();
    if (exhausting) this.restsUntil = now + rest;
    this.failures += 1;
    const worthNoting = now - this.toldAt >= silence;
    if (worthNoting) this.toldAt = now;
    return { first: this.failures === 1, worthNoting };
  }
}

function compiledOf(body: unknown, locale: Locale): CompiledTemplate | TemplateFailure {
  const read = templateBody.safeParse(body);
  if (!read.success) return new TemplateFailure('template', 'it does not have the form of one');
  try {
    return new CompiledTemplate(read.data, locale);
  } catch {
    return new TemplateFailure('template', 'it has expressions that cannot be read');
  }
}
