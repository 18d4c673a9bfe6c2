import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { rows } from './behaviour-rows.js';

const root = path.join(import.meta.dirname, '../../..');
const text = readFileSync(path.join(root, 'docs/discord.md'), 'utf8');

/** The numbered lines of the document, each with what stands behind its number. */
const lines = new Map(
  [...text.matchAll(/^- \*\*([A-Z]\d+)\*\* ((?:.|\n(?!\n|- |#))+)/gm)].map(([, number, words]) => [number!, words!]),
);

const tests = Object.entries(rows).flatMap(([number, row]) =>
  'tests' in row ? row.tests.flatMap(([file, ...titles]) => titles.map((title) => ({ number, file, title }))) : [],
);

/** Titles of the tests that really run: `it('…')` and `it.each(…)('…')`, not those that are skipped or to come. */
function titlesOf(file: string): Set<string> {
  const source = ts.createSourceFile(file, readFileSync(path.join(root, file), 'utf8'), ts.ScriptTarget.Latest);
  const titles = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && runs(node.expression)) {
      const [title] = node.arguments;
      if (title !== undefined && ts.isStringLiteralLike(title)) titles.add(title.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return titles;
}

function runs(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return callee.text === 'it';
  return (
    ts.isCallExpression(callee) &&
    ts.isPropertyAccessExpression(callee.expression) &&
    callee.expression.name.text === 'each' &&
    runs(callee.expression.expression)
  );
}

describe('docs/discord.md', () => {
  it('numbers its lines without a gap', () => {
    expect(lines.size).toBeGreaterThan(45);
    expect(lines.size).toBe([...text.matchAll(/^- /gm)].length);
    const numbers = [...lines.keys()];
    const letters = ['S', 'G', 'R', 'P'];
    const sections = letters.map((letter) => numbers.filter((number) => number.startsWith(letter)));
    expect(sections.flat()).toEqual(numbers);
    expect(numbers).toEqual(sections.flatMap((all, at) => all.map((_, n) => `${letters[at]}${n + 1}`)));
  });

  it('has a row of tests for every line, and no row without a line', () => {
    expect(Object.keys(rows)).toEqual([...lines.keys()]);
    for (const row of Object.values(rows)) if ('tests' in row) expect(row.tests.length).toBeGreaterThan(0);
  });

  it('says of the same lines as the rows that they are not built', () => {
    const said = [...lines].filter(([, words]) => words.includes('_Not built:_')).map(([number]) => number);
    const counted = Object.entries(rows).filter(([, row]) => 'notBuilt' in row);
    expect(counted.map(([number]) => number)).toEqual(said);
    expect(said).toEqual([]);
  });

  it('is held by tests that exist and run', () => {
    const known = new Map([...new Set(tests.map(({ file }) => file))].map((file) => [file, titlesOf(file)]));
    expect(tests.filter(({ file, title }) => !known.get(file)!.has(title))).toEqual([]);
    expect(tests.length).toBeGreaterThan(60);
  });

  it('holds every test of this folder to a line', () => {
    const named = new Set(tests.map(({ file, title }) => `${file} ${title}`));
    for (const name of [
      'answers',
      'channels',
      'closes',
      'happenings',
      'intents',
      'login',
      'members',
      'messages',
      'privacy',
      'refusals',
      'sending',
      'sessions',
      'shards',
      'webhooks',
    ]) {
      const file = `test/contract/discord/${name}.test.ts`;
      expect([...titlesOf(file)].filter((title) => !named.has(`${file} ${title}`))).toEqual([]);
    }
  });
});
