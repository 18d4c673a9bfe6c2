/** Node gives the bytes of a header as latin1. Most send UTF-8; what is none was meant as latin1. */
function decoded(value: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'latin1'));
  } catch {
    return value;
  }
}

const encodedWord = /=\?([\w-]{1,40})(?:\*[\w-]+)?\?([bq])\?([^?\s]*)\?=/gi;

/** A word of RFC 2047 in the charset it names; left as it is when it cannot be read. */
function readWord(word: string, charset: string, encoding: string, text: string): string {
  const bytes = encoding.toLowerCase() === 'b' ? Buffer.from(text, 'base64') : unquoted(text);
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    return word;
  }
}

function unquoted(text: string): Buffer {
  const plain = text
    .replaceAll('_', ' ')
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(plain, 'latin1');
}

/** What people wrote into a header, in one line: UTF-8 as curl sends it, or encoded words of RFC 2047. */
export function headerText(value: string): string {
  return (
    decoded(value)
      // Space between two encoded words belongs to the encoding.
      .replace(/(\?=)\s+(?==\?[\w-]+(?:\*[\w-]+)?\?[bq]\?)/gi, '$1')
      .replace(encodedWord, readWord)
      .replace(/\p{Cc}+/gu, ' ')
      .trim()
  );
}
