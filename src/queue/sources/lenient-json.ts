/** What Python writes and JSON does not know. */
const unknownNumbers = /^(?:NaN|-?Infinity)/;

/**
 * Reads JSON in which Python has left `NaN`, `Infinity` or `-Infinity`; they become null. One such number in one event
 * would otherwise hide all events behind it.
 * @throws SyntaxError whose message may quote what came
 */
export function parseLenientJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error;
    return JSON.parse(withoutUnknownNumbers(text)) as unknown;
  }
}

/** Walks the text once: what stands inside strings stays. */
function withoutUnknownNumbers(text: string): string {
  const parts: string[] = [];
  let copied = 0;
  let inside = false;
  for (let place = 0; place < text.length; place += 1) {
    const character = text[place];
    if (character === '"') inside = !inside;
    else if (inside && character === '\\') place += 1;
    else if (!inside && (character === 'N' || character === 'I' || character === '-')) {
      const [found] = unknownNumbers.exec(text.slice(place, place + 9)) ?? [];
      if (found === undefined) continue;
      parts.push(text.slice(copied, place), 'null');
      copied = place + found.length;
      place = copied - 1;
    }
  }
  return parts.join('') + text.slice(copied);
}
