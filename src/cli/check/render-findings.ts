import { count } from '../../core/units.ts';
import type { CliContext } from '../context.ts';
import { style } from '../style.ts';
import type { Finding } from './finding.ts';

const MARKS = { ok: 'ok', warning: 'warning', problem: 'PROBLEM' } as const;
const COLOURS = { ok: 'green', warning: 'yellow', problem: 'red' } as const;

/** Findings for a person, each with its cure, and the verdict. */
export function renderFindings(findings: readonly Finding[], { out }: Pick<CliContext, 'out'>): string {
  const lines = findings.flatMap(({ about, level, message, cure, code }, at) => [
    `${style(out, COLOURS[level], MARKS[level].padEnd(7))}  ${about}: ${message}${code === undefined ? '' : ` (${code})`}`,
    // One deed that cures several is said once, behind the last of them.
    ...(cure === undefined || findings.slice(at + 1).some((later) => later.cure === cure)
      ? []
      : [`         ${style(out, 'bold', '→')} ${cure}`]),
  ]);
  const problems = findings.filter(({ level }) => level === 'problem').length;
  const warnings = findings.filter(({ level }) => level === 'warning').length;
  const verdict =
    problems > 0
      ? style(out, 'red', `${count(problems, 'problem')}, ${count(warnings, 'warning')}. Not ready.`)
      : style(out, 'green', `Ready${warnings > 0 ? `, with ${count(warnings, 'warning')}` : ''}.`);
  return [...lines, '', verdict].join('\n');
}
