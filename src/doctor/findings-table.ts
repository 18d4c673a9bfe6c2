import { type Diagnosis, type Finding } from './finding.js';

const colors: Record<Finding['state'], string> = { ok: '32', warn: '33', fail: '31', skipped: '90' };
const counted: Record<Finding['state'], string> = {
  fail: 'failed',
  warn: 'to look at',
  ok: 'fine',
  skipped: 'not looked at',
};

/** For a terminal, or without colour for anything else. Ends with a line break. */
export function findingsTable({ findings }: Diagnosis, { color }: { color: boolean }): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const rows = findings.flatMap(({ check, state, sentence, remedy }) => {
    const word = state.padEnd('skipped'.length);
    const head = `  ${color ? `\u001b[${colors[state]}m${word}\u001b[0m` : word}  ${check.padEnd(width)}  `;
    const indent = ' '.repeat(2 + word.length + 2 + width + 2);
    return [head + sentence, ...(remedy === undefined ? [] : [`${indent}→ ${remedy}`])];
  });
  const sums = (Object.keys(counted) as Finding['state'][]).flatMap((state) => {
    const number = findings.filter((one) => one.state === state).length;
    return number > 0 ? [`${number} ${counted[state]}`] : [];
  });
  return ['', ...rows, '', `  ${sums.join(', ')}`, ''].join('\n') + '\n';
}
