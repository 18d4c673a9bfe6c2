import { describe, expect, it } from 'vitest';
import { type TemplateBody } from '../../../../src/queue/templates/template-body.js';
import { NotificationPreview } from '../../../../src/queue/templates/notification-preview.js';
import { rendererWith } from './template-bench.js';

function previewWith(templates: Record<string, TemplateBody> = {}) {
  const { renderer, notes, warned } = rendererWith(templates);
  return { preview: new NotificationPreview({ QUEUE_MAX_PAYLOAD_BYTES: 65_536 }, renderer), notes, warned };
}

describe('a preview', () => {
  it('shows the message as it is sent, and as Discord reads it', () => {
    const { preview } = previewWith({
      'es:deploy': { content: 'Hola', title: '{{ service }}', footer: 'f', author: 'a', timestamp: false },
    });
    expect(preview.show({ type: 'deploy', payload: { service: 'shop' } })).toEqual({
      message: { content: 'Hola', embeds: [{ author: 'a', title: 'shop', footer: 'f' }] },
      discord: {
        content: 'Hola',
        embeds: [{ author: { name: 'a' }, title: 'shop', footer: { text: 'f' } }],
        allowed_mentions: { parse: [] },
      },
      by: { kind: 'template', type: 'deploy', locale: 'es' },
      warnings: [],
    });
  });

  it('tries a template in place of those that are stored, in the language of the notification', () => {
    const { preview } = previewWith({ 'en:deploy': { title: 'stored' } });
    const trial = { title: '{{ when | date: "%B" }} {{ notification.priority }}', timestamp: false };
    const request = { type: 'deploy', payload: { when: '2026-01-02' } };
    const { message, by } = preview.show({ ...request, locale: 'en' }, trial);
    expect([message.embeds, by]).toEqual([[{ title: 'January normal' }], { kind: 'trial' }]);
    expect(preview.show(request, trial).message.embeds).toEqual([{ title: 'enero normal' }]);
  });

  it('tells why a template is not used, what is missing and what is cut, and notes nothing', () => {
    const { preview, notes, warned } = previewWith({
      'es:deploy': { title: '{{ zone }}{{ "2026-01-02" | date: "%H", "No/Where" }}' },
    });
    const { by, warnings } = preview.show(
      { type: 'deploy', payload: { message: 'm'.repeat(5_000) } },
      { title: '{{ missing }}' },
    );
    expect(by).toEqual({ kind: 'generic' });
    expect(warnings).toEqual([
      'title: there is no missing',
      'template: the template cannot be used: it says nothing about this notification',
      'title: there is no zone',
      expect.stringMatching(/^title: the template cannot be used: .*No\/Where/),
      'description: cut from 5000 to 4096 characters',
    ]);
    expect(notes).toEqual([]);
    expect(warned).not.toHaveBeenCalled();
  });

  it('tells of everything that Discord has no room for', () => {
    const { preview } = previewWith();
    const field = (index: number, value = 'v') => ({ name: `n${index}`, value });
    const message = {
      content: 'c'.repeat(2_001),
      embeds: [
        {
          author: 'a'.repeat(257),
          title: 't'.repeat(257),
          footer: 'f'.repeat(2_049),
          fields: [field(0, 'v'.repeat(1_025)), ...Array.from({ length: 29 }, (_, index) => field(index + 1))],
        },
      ],
    };
    expect(preview.show({ message }).warnings).toEqual([
      'content: cut from 2001 to 2000 characters',
      'author: cut from 257 to 256 characters',
      'title: cut from 257 to 256 characters',
      'footer: cut from 2049 to 2048 characters',
      'fields: 24 of 30 are sent',
      'fields.0.value: cut from 1025 to 1024 characters',
    ]);
    const long = { description: 'd'.repeat(4_096), footer: 'f'.repeat(1_904) };
    expect(preview.show({ message: { embeds: [{ ...long, fields: [field(0, 'v'.repeat(100))] }] } }).warnings).toEqual([
      expect.stringMatching(/^footer: cut from 1904 to \d+ characters$/),
      'fields: 0 of 1 are sent',
    ]);
    expect(preview.show({ message: { embeds: [long, { title: 'x' }] } }).warnings).toEqual([
      expect.stringMatching(/^embeds\.0\.footer: cut/),
      'embeds.1.title: there is no room left for it',
    ]);
    const many = Array.from({ length: 12 }, () => ({ title: 'x' }));
    expect(preview.show({ message: { embeds: many } }).warnings).toEqual(['embeds: 10 of 12 are sent']);
    const twice = preview.show({ message: { embeds: [{ title: 'x' }, { title: 't'.repeat(300) }] } });
    expect(twice.warnings).toEqual(['embeds.1.title: cut from 300 to 256 characters']);
  });

  it('says so when nothing would be sent', () => {
    expect(previewWith().preview.show({ message: { content: ' ' } })).toMatchObject({ message: {}, discord: null });
  });

  it('refuses what publishing would refuse, and a template that cannot be read', () => {
    const { preview } = previewWith();
    expect(() => preview.show({ type: 'x', payload: { a: 'x'.repeat(65_536) } })).toThrow(
      expect.objectContaining({ code: 'request.too_large' }),
    );
    expect(() => preview.show({ message: { content: 'x'.repeat(65_536) } })).toThrow(/message is larger/);
    let deep: unknown = {};
    for (let depth = 0; depth < 40; depth += 1) deep = { deep };
    expect(() => preview.show({ type: 'x', payload: { deep } })).toThrow(
      expect.objectContaining({ code: 'request.invalid' }),
    );
    expect(() => preview.show({ type: 'x', payload: {} }, { title: '{{' })).toThrow(
      expect.objectContaining({ code: 'request.invalid' }),
    );
  });

  it('shows what the database would give back', () => {
    const { preview } = previewWith({ 'es:deploy': { title: '{{ text }}|', timestamp: false } });
    expect(preview.show({ type: 'deploy', payload: { text: 'a\0b' } }).message.embeds![0]!.title).toBe('a\ufffdb|');
  });

  it('keeps to so many warnings', () => {
    const fields = Array.from({ length: 25 }, (_, index) => ({
      name: `{{ a${index} }}`,
      value: `{{ b${index} }}x{{ c${index} }}`,
    }));
    expect(previewWith().preview.show({ type: 'x', payload: {} }, { fields }).warnings).toHaveLength(50);
  });
});
