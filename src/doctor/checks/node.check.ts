import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type DoctorCheck } from '../doctor-check.js';
import { fail, ok, type Verdict } from '../finding.js';

const packageFile = new URL('../../../package.json', import.meta.url);

export const nodeCheck: DoctorCheck = {
  name: 'node',
  examine: () => nodeVerdict(process.versions.node, wantedNode()),
};

/** Both like `20.19.0`; parts that are left out of `wanted` are 0. */
export function nodeVerdict(running: string, wanted: string): Verdict {
  if (isAtLeast(numbersOf(running), numbersOf(wanted))) return ok(`Node ${running} runs this program.`);
  return fail(`Node ${running} is too old for this program.`, `Install Node ${wanted} or newer.`);
}

/** As the package names it: `>=20.19`. */
function wantedNode(): string {
  const { engines } = z
    .object({ engines: z.object({ node: z.string() }) })
    .parse(JSON.parse(readFileSync(packageFile, 'utf8')));
  return engines.node.replace(/^>=\s*/, '');
}

function numbersOf(version: string): number[] {
  return version.split('.').map((part) => Number.parseInt(part, 10));
}

function isAtLeast(running: readonly number[], wanted: readonly number[]): boolean {
  for (const [index, number] of wanted.entries()) {
    const own = running[index] ?? 0;
    if (own !== number) return own > number;
  }
  return true;
}
