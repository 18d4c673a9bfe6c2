import { pathToFileURL } from 'node:url';
import path from 'node:path';
import { type DomainEvent } from '../../src/domain/events/index.js';
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
  'event-sentence.js': {
    sentenceOf: (event: unknown) => Sentence;
    plainText: (sentence: Sentence) => string;
  };
  'member-status.js': {
    countByStatus: (members: Map<string, Member>) => Record<string, number>;
  };
  'role-color.js': {
    readableColors: (color: string) => { light: string; dark: string };
    contrastOf: (a: string, b: string) => number;
  };
  'touched-member.js': {
    memberTouchedBy: (event: DomainEvent) => string | undefined;
  };
}

const folder = path.join(import.meta.dirname, '../../src/console/public');

/** Loads one as the browser gets it: plain JavaScript, untouched by the compiler. */
export async function consoleModule<T extends keyof ConsoleModules>(name: T): Promise<ConsoleModules[T]> {
  return (await import(/* @vite-ignore */ pathToFileURL(path.join(folder, name)).href)) as ConsoleModules[T];
}
