// Role colours are chosen by people for one theme or the other; here each becomes readable on both.

/** The backgrounds on which a name is hardest to read: rows under the pointer (`--hover` in theme.css). */
const backgrounds = { light: '#efeff6', dark: '#262833' };

/** WCAG AA for text. */
const wantedContrast = 4.5;

const made = new Map();

/** @returns {{ light: string, dark: string }} the colour as text in each theme */
export function readableColors(color) {
  let colors = made.get(color);
  if (!colors) {
    colors = { light: towards(color, backgrounds.light, 0), dark: towards(color, backgrounds.dark, 255) };
    made.set(color, colors);
  }
  return colors;
}

/** The colour itself where it can be read, else the least mixture with black or white that can. */
function towards(color, background, end) {
  const from = channels(color);
  const against = luminance(channels(background));
  for (let share = 0; share <= 100; share += 4) {
    const mixed = from.map((value) => Math.round(value + ((end - value) * share) / 100));
    if (contrast(luminance(mixed), against) >= wantedContrast) return toHex(mixed);
  }
  return toHex([end, end, end]);
}

export function contrastOf(a, b) {
  return contrast(luminance(channels(a)), luminance(channels(b)));
}

function contrast(a, b) {
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function luminance(rgb) {
  const [red, green, blue] = rgb.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function channels(color) {
  const number = Number.parseInt(/^#[0-9a-f]{6}$/i.test(color) ? color.slice(1) : '99aab5', 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
}

function toHex(rgb) {
  return `#${rgb.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}
