import { describe, expect, it } from 'vitest';
import { type Locale, type RenderedEmbed } from '../../../src/domain/notification.js';
import { rendererWith } from './templates/template-bench.js';

const at = new Date('2026-01-02T03:04:05.678Z');
const timestamp = '2026-01-02T03:04:05.678Z';

const { renderer } = rendererWith({});

function embedOf(type: string, payload: unknown, locale: Locale = 'es'): RenderedEmbed {
  return renderer.render({ type, payload, locale }, at).embeds![0]!;
}

describe('backup_error', () => {
  it('shows the error in a code block, with codespace and type', () => {
    const payload = { error_type: 'backup_general', error_message: 'disk full', codespace_name: 'cs-1' };
    expect(embedOf('backup_error', payload)).toEqual({
      title: '❌ Error en Backup',
      description: '```\ndisk full\n```',
      color: 0xff0000,
      fields: [
        { name: 'Codespace', value: 'cs-1', inline: true },
        { name: 'Tipo', value: 'backup_general', inline: true },
      ],
      footer: 'd0ce3|tools • Backup Monitor',
      timestamp,
    });
  });

  it.each([
    ['backup_compression', '📦 Error en Compresión de Backup'],
    ['backup_upload', '☁️ Error en Subida a MEGA'],
    ['backup_backup_execution', '❌ Error en Backup'],
  ])('names %s', (error_type, title) => {
    expect(embedOf('backup_error', { error_type }).title).toBe(title);
  });

  it('has a default for each missing key', () => {
    expect(embedOf('backup_error', {})).toMatchObject({
      title: '❌ Error en Backup',
      description: '```\nError desconocido\n```',
      fields: [{ value: 'Desconocido' }, { value: 'general' }],
    });
  });

  it('does not let the message out of its code block', () => {
    const { description } = embedOf('backup_error', { error_message: 'a``` @everyone ````b` c``' });
    expect(description!.split('```')).toHaveLength(3);
    expect(description!.replaceAll('\u200b', '')).toBe('```\na``` @everyone ````b` c``\n```');
  });
});

describe('backup_success', () => {
  it('shows file, size, duration and codespace', () => {
    const payload = { backup_file: 'w.zip', size_mb: 150.57, duration_seconds: 45.2, codespace_name: 'cs-1' };
    expect(embedOf('backup_success', payload)).toEqual({
      title: '✅ Backup Completado',
      color: 0x00ff00,
      fields: [
        { name: 'Archivo', value: '`w.zip`', inline: false },
        { name: 'Tamaño', value: '150.57 MB', inline: true },
        { name: 'Duración', value: '45.2s', inline: true },
        { name: 'Codespace', value: 'cs-1', inline: true },
      ],
      footer: 'd0ce3|tools • Backup Monitor',
      timestamp,
    });
  });

  it('has a default for each missing key, and keeps the file name inside its code', () => {
    expect(embedOf('backup_success', {}).fields!.map(({ value }) => value)).toEqual([
      '`Desconocido`',
      '0 MB',
      '0s',
      'Desconocido',
    ]);
    const { fields } = embedOf('backup_success', { backup_file: 'a`b\n**c**', size_mb: '1.239' });
    expect(fields!.map(({ value }) => value).slice(0, 2)).toEqual(['`aˋb **c**`', '1.24 MB']);
  });
});

describe('minecraft_status', () => {
  it('shows address and players of a server that is online', () => {
    const payload = { status: 'online', ip: 'mc.example', port: 25566, players_online: 3 };
    expect(embedOf('minecraft_status', payload)).toEqual({
      title: '✅ Servidor Minecraft - ONLINE',
      color: 0x00ff00,
      fields: [
        { name: 'IP', value: '`mc.example:25566`', inline: true },
        { name: 'Jugadores', value: '3', inline: true },
      ],
      timestamp,
    });
  });

  it.each([
    [{ status: 'offline' }, '❌ Servidor Minecraft - OFFLINE', []],
    [{ status: 'starting', ip: 'mc', port: 25565 }, '🔄 Servidor Minecraft - STARTING', ['`mc`']],
    [{ status: 'stopping', ip: 'mc' }, '⏹️ Servidor Minecraft - STOPPING', ['`mc`']],
    [{ status: 'online' }, '✅ Servidor Minecraft - ONLINE', ['0']],
    [{}, '❓ Servidor Minecraft - UNKNOWN', []],
  ])('shows %j', (payload, title, values) => {
    const embed = embedOf('minecraft_status', payload);
    expect(embed.title).toBe(title);
    expect(embed.color).toBe(title.includes('ONLINE') ? 0x00ff00 : 0xff0000);
    expect(embed.fields!.map(({ value }) => value)).toEqual(values);
  });
});

describe('codespace_status', () => {
  it('shows the name and one field for each detail', () => {
    const details = { exit_code: 1, machine: 'basicLinux32gb', idle: true, owner: null };
    expect(embedOf('codespace_status', { action: 'started', codespace_name: 'cs-1', details })).toEqual({
      title: '▶️ Codespace STARTED',
      description: '**cs-1**',
      color: 0x00ff00,
      fields: [
        { name: 'Exit Code', value: '1', inline: true },
        { name: 'Machine', value: 'basicLinux32gb', inline: true },
        { name: 'Idle', value: 'True', inline: true },
        { name: 'Owner', value: 'None', inline: true },
      ],
      timestamp,
    });
  });

  it.each([
    [{ action: 'stopped' }, '⏹️ Codespace STOPPED'],
    [{ action: 'error' }, '❌ Codespace ERROR'],
    [{ action: 'moved' }, '🔔 Codespace MOVED'],
    [{}, '🔔 Codespace UNKNOWN'],
  ])('shows %j', (payload, title) => {
    expect(embedOf('codespace_status', payload)).toMatchObject({
      title,
      description: '**Desconocido**',
      color: 0xff0000,
      fields: [],
    });
  });
});

describe('a type that nobody described', () => {
  it('is shown in a readable form', () => {
    const payload = {
      message: 'Build 7 failed',
      branch: 'main',
      took_seconds: 12.5,
      flaky: false,
      log: { lines: ['```'] },
    };
    expect(embedOf('ci.build_failed', payload)).toEqual({
      title: 'Ci Build Failed',
      description: 'Build 7 failed',
      color: 0x5865f2,
      fields: [
        { name: 'Branch', value: 'main', inline: true },
        { name: 'Took Seconds', value: '12.5', inline: true },
        { name: 'Flaky', value: 'false', inline: true },
        { name: 'Log', value: '```\n{\n  "lines": [\n    "`\u200b`\u200b`"\n  ]\n}\n```', inline: false },
      ],
      timestamp,
    });
  });

  it('may bring its own title', () => {
    expect(embedOf('x', { title: 'Hello' })).toMatchObject({ title: 'Hello', fields: [] });
  });
});

it('shows any payload of any type', () => {
  const types = ['backup_error', 'backup_success', 'minecraft_status', 'codespace_status', 'other', '__proto__', '...'];
  const values = [
    undefined,
    null,
    true,
    NaN,
    -1e300,
    '',
    ' ',
    '`',
    'x'.repeat(9000),
    [],
    [[1]],
    {},
    { a: { b: [null] } },
  ];
  const keys = [
    'error_type',
    'backup_file',
    'size_mb',
    'status',
    'ip',
    'port',
    'action',
    'details',
    'title',
    'message',
  ];
  for (const type of types) {
    for (const value of values) {
      const payloads = [value, Object.fromEntries(keys.map((key) => [key, value])), { details: { '': value } }];
      for (const payload of payloads) expect(embedOf(type, payload).title).toMatch(/\S/);
    }
  }
});
