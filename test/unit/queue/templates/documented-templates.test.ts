import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NotificationPreview } from '../../../../src/queue/templates/notification-preview.js';
import { type TemplateBody, templateBody } from '../../../../src/queue/templates/template-body.js';
import { templateFilters } from '../../../../src/queue/templates/template-filters.js';
import { rendererWith } from './template-bench.js';

const page = readFileSync('docs/templates.md', 'utf8');
const examples = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json]) => JSON.parse(json!) as unknown);
const [english, spanish, request, answer] = examples as [TemplateBody, TemplateBody, Record<string, unknown>, object];

function previewWith(templates: Record<string, TemplateBody>) {
  return new NotificationPreview({ QUEUE_MAX_PAYLOAD_BYTES: 65_536 }, rendererWith(templates).renderer);
}

describe('the page about templates', () => {
  it('shows templates that work', () => {
    expect([templateBody.safeParse(english).success, templateBody.safeParse(spanish).success]).toEqual([true, true]);
    const [, body] = /-d '(\{[\s\S]*?\})'\n/.exec(page)!;
    const published = JSON.parse(body!) as { type: string; payload: Record<string, unknown> };
    const preview = previewWith({ 'en:deploy': english, 'es:deploy': spanish });
    const { message, by } = preview.show({ ...published, locale: 'en' });
    expect(by).toEqual({ kind: 'template', type: 'deploy', locale: 'en' });
    expect(message.embeds![0]).toMatchObject({
      title: 'Deployed shop 1.4.2',
      color: 0x57f287,
      description: '- Fix prices',
      fields: [
        { name: 'Version', value: '`1.4.2`' },
        { name: 'Done', value: '<t:1769882400:R>' },
        { name: 'Lint', value: 'passed' },
        { name: 'Unit', value: 'passed' },
      ],
      footer: 'by nobody in particular',
    });
    expect(preview.show({ ...published, locale: 'es' }).message.embeds![0]!.title).toBe('Desplegado shop 1.4.2');
  });

  it('shows what a preview answers', () => {
    const { template, ...notification } = request as { template: TemplateBody; type: string; payload: object };
    const { by, ...shown } = previewWith({}).show({ ...notification, payload: { ...notification.payload } }, template);
    const timeless = (value: object): unknown =>
      JSON.parse(JSON.stringify(value).replaceAll(/"timestamp":"[^"]*"/g, '"timestamp":""'));
    expect(timeless({ ...shown, template: by })).toEqual(timeless(answer));
  });

  it('names every filter there is', () => {
    const said = page.slice(page.indexOf('- **Filters for Discord**'), page.indexOf('A value may hold markup'));
    const names = new Set([...said.matchAll(/`([a-z_]{3,})`/g)].map(([, name]) => name));
    expect([...names].sort()).toEqual([...templateFilters.keys()].sort());
  });
});
