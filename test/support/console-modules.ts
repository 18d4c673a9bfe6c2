import { pathToFileURL } from 'node:url';
import path from 'node:path';
import { type DomainEvent } from '../../src/domain/events/index.js';
import { type GuildSnapshot } from '../../src/domain/guild-snapshot.js';
import { type GuildState } from '../../src/domain/guild-state.js';
import { type Member } from '../../src/domain/member.js';

type Part = string | { strong: string } | { member: { displayName: string } };

export interface Sentence {
  kind: string;
  tone?: string;
  parts: Part[];
  quote?: string;
  note?: string;
  next?: string;
}

/** The page's modules that need no browser, with their types. */
interface ConsoleModules {
  'cursor.js': { stepTo: (here: unknown, there: unknown) => 'next' | 'old' | 'gap' };
  'event-sentence.js': {
    sentenceOf: (event: unknown) => Sentence;
    plainText: (sentence: Sentence) => string;
  };
  'guild-state.js': {
    stateOf: (snapshot: GuildSnapshot) => GuildState & { stale: boolean; partial: string[] };
    applyEvent: (state: GuildState, event: DomainEvent) => void;
    memberTouchedBy: (event: DomainEvent) => string | undefined;
    countByStatus: (members: Map<string, Member>) => Record<string, number>;
  };
  'role-color.js': {
    readableColors: (color: string) => { light: string; dark: string };
    contrastOf: (a: string, b: string) => number;
  };
}

const folder = path.join(import.meta.dirname, '../../src/console/public');

/** Loads one as the browser gets it: plain JavaScript, untouched by the compiler. */
export async function consoleModule<T extends keyof ConsoleModules>(name: T): Promise<ConsoleModules[T]> {
  return (await import(/* @vite-ignore */ pathToFileURL(path.join(folder, name)).href)) as ConsoleModules[T];
}
