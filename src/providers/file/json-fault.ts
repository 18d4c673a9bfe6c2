const whitespace = /[\t\n\r ]*/y;
const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;
const escape = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

/** What may come next: a value, a key, the colon behind it, or what stands behind a value. */
type Wanted = 'value' | 'key' | 'colon' | 'next';

/**
 * Where a text stops being JSON: the index of the first character that cannot stand there, the length of a text that
 * ends too early, undefined for JSON. `JSON.parse` does not tell that for every fault.
 */
export function jsonFaultAt(text: string): number | undefined {
  const open: ('{' | '[')[] = [];
  let wanted: Wanted = 'value';
  let fresh = false;
  for (let at = 0; ;) {
    at += lengthAt(whitespace, text, at);
    const char = text.charAt(at);
    const top = open.at(-1);
    if (char === '') return wanted === 'next' && top === undefined ? undefined : at;
    const closes = char === (top === '{' ? '}' : ']') && top !== undefined;
    if (closes && (wanted === 'next' || fresh)) {
      open.pop();
      wanted = 'next';
      fresh = false;
      at += 1;
      continue;
    }
    let length = 1;
    fresh = false;
    if (wanted === 'colon' && char === ':') wanted = 'value';
    else if (wanted === 'next' && char === ',' && top !== undefined) wanted = top === '{' ? 'key' : 'value';
    else if (wanted === 'value' && (char === '{' || char === '[')) {
      open.push(char);
      wanted = char === '{' ? 'key' : 'value';
      fresh = true;
    } else if ((wanted === 'value' || wanted === 'key') && char === '"') {
      const end = endOfString(text, at);
      if (text.charAt(end) !== '"') return end;
      length = end + 1 - at;
      wanted = wanted === 'key' ? 'colon' : 'next';
    } else if (wanted === 'value') {
      length = lengthAt(scalar, text, at);
      if (length === 0) return at;
      wanted = 'next';
    } else return at;
    at += length;
  }
}

/** The index of the quote that ends the string, or of the character that cannot stand in it. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ;) {
    const code = text.charCodeAt(at);
    if (code === 0x5c) {
      const length = lengthAt(escape, text, at);
      if (length === 0) return at;
      at += length;
    } else if (code >= 0x20 && code !== 0x22) at += 1;
    else return at;
  }
}

function lengthAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0].length ?? 0;
}
