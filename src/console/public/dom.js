// Names and messages are other people's: everything here goes in as text, never as markup.

const svgNamespace = 'http://www.w3.org/2000/svg';

/** Attributes by name; `text` sets the content, a false or undefined value leaves the attribute out. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'text') node.textContent = value;
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children);
  return node;
}

/** A drawing from the sprite in index.html. */
export function icon(name) {
  const svg = document.createElementNS(svgNamespace, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(svgNamespace, 'use');
  use.setAttribute('href', `#icon-${name}`);
  svg.append(use);
  return svg;
}

export function byId(id) {
  return document.getElementById(id);
}

/** Leaves the node alone when nothing changes, so that no reader is told the same twice. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Runs `work` once before the next paint, however often it is called until then. */
export function oncePerFrame(work) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      work();
    });
  };
}

export function calmly() {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

const clockForm = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** `at` is ISO 8601. */
export function clock(at) {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? '' : clockForm.format(date);
}

const numberForm = new Intl.NumberFormat('en');

export function number(value) {
  return numberForm.format(value);
}

export function plural(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}
