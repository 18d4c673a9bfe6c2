import { afterEach, describe, expect, it, vi } from 'vitest';
import { at, rendererWith, timestamp } from './template-bench.js';

const own = (words: string) => ({ title: words, timestamp: false });
const titleOf = ({
  embeds,
  content,
}: {
  embeds?: { title?: string | undefined }[] | undefined;
  content?: string | undefined;
}) => embeds?.[0]?.title ?? content;

describe('what a notification is rendered by', () => {
  afterEach(() => vi.useRealTimers());

  it.each([
    [
      'a template of its language',
      { 'es:deploy': own('ES'), 'en:deploy': own('EN') },
      'deploy',
      'en',
      'EN',
      'template',
    ],
    [
      'one of the usual language',
      { 'es:deploy': own('ES'), 'en:deploy': own('EN') },
      'deploy',
      undefined,
      'ES',
      'template',
    ],
    [
      'one of another language rather than the plain form',
      { 'es:deploy': own('ES') },
      'deploy',
      'en',
      'ES',
      'template',
    ],
    ['one of another type never', { 'es:other': own('ES') }, 'deploy', 'es', 'Deploy', 'generic'],
    ['a template before a form of ours', { 'en:backup_error': own('Mine') }, 'backup_error', 'en', 'Mine', 'template'],
    [
      'a form of ours before another language',
      { 'es:backup_error': own('Mío') },
      'backup_error',
      'en',
      '❌ Backup Error',
      'built-in',
    ],
    ['a form of ours', {}, 'backup_error', 'es', '❌ Error en Backup', 'built-in'],
    ['the usual language where its own is none', { 'es:deploy': own('ES') }, 'deploy', 'fr', 'ES', 'template'],
    ['the plain form', {}, 'constructor', null, 'Constructor', 'generic'],
  ])('%s', (...row) => {
    const [, templates, type, locale, title, kind] = row;
    const { renderer } = rendererWith(templates);
    const { message, by } = renderer.tell({ type, payload: {}, ...(locale !== undefined && { locale }) }, at);
    expect(titleOf(message)).toBe(title);
    expect(by.kind).toBe(kind);
    expect(renderer.render({ type, payload: {}, locale: locale ?? null }, at)).toEqual(message);
  });

  it('takes the language of the settings', () => {
    const { renderer } = rendererWith({ 'es:deploy': own('ES'), 'en:deploy': own('EN') }, 'en');
    expect(titleOf(renderer.render({ type: 'deploy', payload: {} }, at))).toBe('EN');
    expect(titleOf(renderer.render({ type: 'backup_success', payload: {} }, at))).toBe('✅ Backup Completed');
  });

  it('sends a ready message as it is', () => {
    const message = { content: 'ready', embeds: [{ title: '{{ x }}' }] };
    const { renderer } = rendererWith({ 'es:deploy': own('ES') });
    expect(renderer.tell({ type: 'deploy', payload: {}, message }, at)).toEqual({ message, by: { kind: 'message' } });
  });

  it('tells a template of the notification, beside its payload', () => {
    const title =
      '{{ a }}/{{ payload.a }}/{{ notification.id }}/{{ notification.type }}/{{ notification.priority }}/{{ notification.createdAt }}/{{ guild.id }}';
    const { renderer } = rendererWith({ 'es:deploy': own(title) });
    const payload = { a: 1, notification: 'mine', guild: 'mine' };
    expect(
      titleOf(renderer.render({ type: 'deploy', payload, id: '7', createdAt: at, priority: 'high', guildId: '9' }, at)),
    ).toBe(`1/1/7/deploy/high/${timestamp}/9`);
    expect(titleOf(renderer.render({ type: 'deploy', payload: [1] }, at))).toBe('///deploy///');
  });

  it('uses a form of ours when a template fails, says so once, and notes why', () => {
    const { renderer, notes, warned } = rendererWith({
      'es:backup_error': own('{{ "2026-01-02" | date: "%H", zone }}'),
      'en:deploy': own('{{ missing }}'),
    });
    vi.useFakeTimers();
    const render = (type: string) =>
      titleOf(renderer.render({ type, payload: { zone: 'Secret/Zone' }, locale: null }, at));
    expect(render('backup_error')).toBe('❌ Error en Backup');
    expect(render('backup_error')).toBe('❌ Error en Backup');
    expect(notes).toEqual([[expect.stringMatching(/^title: .*Secret\/Zone/), 'backup_error', 'es', 'es:backup_error']]);
    expect(warned.mock.calls).toEqual([[expect.stringMatching(/backup_error \(es\).*title/)]]);
    expect(JSON.stringify(warned.mock.calls)).not.toContain('Secret');
    expect(render('deploy')).toBe('Deploy');
    expect(notes[1]).toEqual(['template: it says nothing about this notification', 'deploy', 'en', 'en:deploy']);
    // What failed for one notification is tried with the next.
    expect(titleOf(renderer.render({ type: 'backup_error', payload: { zone: 'UTC' } }, at))).toBe('00');
    vi.advanceTimersByTime(60_001);
    render('backup_error');
    expect(notes).toHaveLength(3);
    expect(warned).toHaveBeenCalledTimes(2);
  });

  it('uses one of another language when the first fails', () => {
    const { renderer } = rendererWith({ 'es:deploy': own('{{ missing }}'), 'en:deploy': own('EN') });
    expect(titleOf(renderer.render({ type: 'deploy', payload: {} }, at))).toBe('EN');
  });

  it('lets a template rest that took more than it may, and tries it again later', () => {
    const { renderer, notes } = rendererWith({
      'es:deploy': own('{% if heavy %}{% for i in (1..9999) %}{% endfor %}{% endif %}fine'),
    });
    vi.useFakeTimers();
    const render = (heavy: boolean) => titleOf(renderer.render({ type: 'deploy', payload: { heavy } }, at));
    expect(render(false)).toBe('fine');
    expect(render(true)).toBe('Deploy');
    expect(render(false)).toBe('Deploy');
    vi.advanceTimersByTime(60_001);
    expect(render(false)).toBe('fine');
    expect(notes).toHaveLength(1);
  });

  it.each([
    ['no object', 7],
    ['an unknown key', { title: 'x', script: 'y' }],
    ['an expression that cannot be read', { title: '{{ a' }],
  ])('never uses what somebody else wrote into the table: %s', (_, body) => {
    const { renderer } = rendererWith({ 'es:deploy': body });
    expect(titleOf(renderer.render({ type: 'deploy', payload: {} }, at))).toBe('Deploy');
  });
});
