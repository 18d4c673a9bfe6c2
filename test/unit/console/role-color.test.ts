import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { consoleModule } from '../../support/console-modules.js';

const { contrastOf, readableColors } = await consoleModule('role-color.js');

/** As the style sheet has them: light first, then dark. */
const [light = '', dark = ''] = [
  ...readFileSync(new URL('../../../src/console/public/theme.css', import.meta.url), 'utf8').matchAll(
    /--hover: (#[0-9a-f]{6});/g,
  ),
].map(([, color]) => color);

describe('role colours', () => {
  it('measures contrast as WCAG does', () => {
    expect(contrastOf('#000000', '#ffffff')).toBeCloseTo(21, 5);
    expect(contrastOf('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
  });

  it.each(['#000000', '#ffffff', '#feca57', '#2c2f33', '#99aab5', '#0000ff', '#ff0000', '#00ff00', '#5f27cd'])(
    'makes %s readable in both themes',
    (color) => {
      const readable = readableColors(color);
      expect(contrastOf(readable.light, light)).toBeGreaterThanOrEqual(4.5);
      expect(contrastOf(readable.dark, dark)).toBeGreaterThanOrEqual(4.5);
    },
  );

  it('leaves a colour alone that can be read as it is', () => {
    expect(readableColors('#5f27cd').light).toBe('#5f27cd');
    expect(readableColors('#feca57').dark).toBe('#feca57');
  });

  it('takes something that is no colour for the default one', () => {
    expect(readableColors('red; background: url(//x)')).toEqual(readableColors('#99aab5'));
  });
});
