const address = /(https?:\/\/[^\s<>"'`\])]+)/;

/**
 * Text of strangers, such as the title of an issue, as Discord shows it literally: no link hides behind other words, and no
 * mark opens a block. Addresses stay what they are.
 */
export function literal(text: string): string {
  return text
    .split(address)
    .map((part, index) => (index % 2 === 1 ? part : escaped(part)))
    .join('');
}

function escaped(text: string): string {
  return text.replace(/[\\*_~`|<>[\]]/g, '\\$&').replace(/^(\s*)([#+-])/gm, '$1\\$2');
}

/** The first line, without what surrounds it. */
export function firstLine(text: string): string {
  return text.trim().split(/\r?\n/, 1)[0]?.trim() ?? '';
}
