import { describe, expect, it } from 'vitest';
import { limits, withinLimits } from '../../src/discord/embed-limits.js';
import { locales } from '../../src/domain/notification.js';
import { renderGeneric } from '../../src/queue/types/generic.type.js';
import { builtInTypes } from '../../src/queue/types/type-registry.js';

const texts = [
  '',
  ' ',
  '`',
  '```',
  'x'.repeat(9_000),
  '@everyone',
  '\0',
  '\ud800',
  '😀'.repeat(3_000),
  '__proto__',
  'constructor',
];
const values: unknown[] = [undefined, null, true, 0, -1e300, NaN, [], [[1]], {}, { a: { b: [null] } }, ...texts];
const keys = ['error_type', 'error_message', 'codespace_name', 'backup_file', 'size_mb', 'duration_seconds'];
const moreKeys = [
  'status',
  'ip',
  'port',
  'players_online',
  'action',
  'details',
  'title',
  'message',
  'toString',
  '__proto__',
];

const payloads: unknown[] = values.flatMap((value) => [
  value,
  Object.fromEntries([...keys, ...moreKeys].map((key) => [key, value])),
  { details: { '': value, b: value } },
  { details: Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`key_${index}`, value])) },
]);

const types = [
  ...builtInTypes,
  ...['deploy', '...', '__proto__'].map((name) => ({
    name,
    render: (payload: unknown) => renderGeneric(name, payload),
  })),
];

describe.each(types.map((type) => [type.name, type] as const))('notifications of the type %s', (_, type) => {
  it.each(locales)('show any payload in %s', (locale) => {
    for (const payload of payloads) {
      const embed = type.render(payload, locale);
      expect(embed.title).toMatch(/\S/);
      expect(embed.color).toBeGreaterThan(0);
      const [sent] = withinLimits({ embeds: [embed] }).embeds!;
      expect(sent!.title).toMatch(/\S/);
      expect(sent!.title!.length).toBeLessThanOrEqual(limits.title);
      expect(JSON.stringify(embed)).not.toMatch(/\[object|undefined|native code/);
    }
  });

  it('changes nothing of the payload', () => {
    const payload = { details: { a: [1] }, status: 'online', title: 't', message: 'm' };
    const before = structuredClone(payload);
    for (const locale of locales) type.render(payload, locale);
    expect(payload).toEqual(before);
  });
});

describe.each(builtInTypes.map((type) => [type.name, type] as const))('the forms of %s', (_, type) => {
  it('differ by their words alone', () => {
    const [es, en] = locales.map((locale) => type.render({ status: 'online', ip: 'a', details: { b: 1 } }, locale));
    expect(en!.color).toBe(es!.color);
    expect(en!.fields?.map(({ inline }) => inline)).toEqual(es!.fields?.map(({ inline }) => inline));
    expect(JSON.stringify(en)).not.toMatch(/Desconocido|Jugadores|Archivo|Tipo|Servidor|Completado|Error en/);
  });
});
