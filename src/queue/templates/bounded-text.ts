/** Characters that are kept: more than any text of a message may have, so that one that is cut shows it. */
const most = 8_192;

/** Where a template writes to. What comes behind all that a message could show is dropped, and costs nothing. */
export class BoundedText {
  buffer = '';

  /** A list is written by its items, an object as JSON. */
  write(value: unknown): void {
    if (!Array.isArray(value)) return this.append(value);
    for (const [place, item] of value.entries()) {
      if (this.buffer.length >= most) return;
      if (place > 0) this.append(', ');
      if (Array.isArray(item)) this.append(JSON.stringify(item));
      else this.append(item);
    }
  }

  private append(value: unknown): void {
    if (this.buffer.length < most) this.buffer += written(value).slice(0, most - this.buffer.length);
  }
}

/** As `BoundedText` writes it. */
export function textOf(value: unknown): string {
  const text = new BoundedText();
  text.write(value);
  return text.buffer;
}

function written(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
