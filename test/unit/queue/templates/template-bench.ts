import { type Logger } from '@nestjs/common';
import { type DataSource } from 'typeorm';
import { vi } from 'vitest';
import { type PgListener } from '../../../../src/database/pg-listener.js';
import { type Locale, type RenderedMessage } from '../../../../src/domain/notification.js';
import { CompiledTemplate, type Filling } from '../../../../src/queue/templates/compiled-template.js';
import { KnownTemplate } from '../../../../src/queue/templates/known-template.js';
import { NotificationTemplateStore } from '../../../../src/queue/templates/notification-template.store.js';
import { type TemplateBody } from '../../../../src/queue/templates/template-body.js';
import { NotificationRenderer } from '../../../../src/queue/types/notification-renderer.js';

export const at = new Date('2026-01-02T03:04:05.678Z');
export const timestamp = '2026-01-02T03:04:05.678Z';

/** A template filled in with a payload alone. */
export function fill(
  body: TemplateBody,
  variables: Record<string, unknown> = {},
  { locale = 'en', ...more }: { locale?: Locale } & Partial<Filling> = {},
): RenderedMessage {
  const size = JSON.stringify(variables).length;
  return new CompiledTemplate(body, locale).render({ variables, at, size, ...more });
}

/** One text of a template, filled in. */
export function fillText(text: string, variables: Record<string, unknown> = {}, locale: Locale = 'en'): string {
  return fill({ content: `|${text}|` }, variables, { locale }).content!.slice(1, -1);
}

/** A renderer over templates as they might be stored, and what was noted about them. */
export function rendererWith(templates: Record<string, unknown>, QUEUE_LOCALE: Locale = 'es') {
  const notes: unknown[][] = [];
  const dataSource = {
    query: (_: string, parameters: unknown[]) => {
      notes.push(parameters);
      return Promise.resolve();
    },
  } as unknown as DataSource;
  const store = new NotificationTemplateStore(dataSource, undefined as unknown as PgListener);
  const known = new Map(
    Object.entries(templates).map(([name, body]) => {
      const [locale, type] = name.split(':') as [Locale, string];
      return [name, new KnownTemplate({ type, locale, revision: name, body })];
    }),
  );
  vi.spyOn(store, 'find').mockImplementation((type, locale) => known.get(`${locale}:${type}`));
  const { logger } = store as unknown as { logger: Logger };
  const warned = vi.spyOn(logger, 'warn').mockImplementation(() => undefined);
  return { renderer: new NotificationRenderer({ QUEUE_LOCALE }, store), notes, warned };
}
