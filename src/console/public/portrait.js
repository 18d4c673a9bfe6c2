import { el } from './dom.js';
import { readableColors } from './role-color.js';

/** The only place pictures may come from (so says the content security policy); others get the letter. */
const pictures = 'https://cdn.discordapp.com/';

export function initialOf(name) {
  const [first = '?'] = name.replace(/^[^\p{Letter}\p{Number}]+/u, '');
  return first.toUpperCase();
}

export function initialsOf(name) {
  const words = name.match(/[\p{Letter}\p{Number}]+/gu) ?? ['?'];
  return words.slice(0, 2).map(initialOf).join('');
}

/** Gives a node the role's colour: as it is in `--role`, readable in `--on-light` and `--on-dark`. */
export function dye(node, color) {
  const { light, dark } = readableColors(color);
  node.style.setProperty('--role', /^#[0-9a-f]{6}$/i.test(color) ? color : '#99aab5');
  node.style.setProperty('--on-light', light);
  node.style.setProperty('--on-dark', dark);
}

/** Degrees on the colour wheel; those between, dark enough for white letters, would be brown. */
const hues = [278, 245, 215, 190, 165, 305, 335, 10];

/** Gives a guild without a picture a colour of its own, the same one at each visit. */
export function tint(node, id) {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) % 9973;
  node.style.setProperty('--hue', String(hues[sum % hues.length]));
}

/** A picture if there is one, else letters. */
export function fillPortrait(node, url, letters) {
  const shown = url?.startsWith(pictures) ? url : '';
  const key = `${shown} ${letters}`;
  if (node.dataset.shows === key) return;
  node.dataset.shows = key;
  node.textContent = letters;
  if (!shown) return;
  const picture = el('img', { src: shown, alt: '', loading: 'lazy', decoding: 'async', referrerpolicy: 'no-referrer' });
  picture.addEventListener('error', () => picture.remove());
  node.append(picture);
}
