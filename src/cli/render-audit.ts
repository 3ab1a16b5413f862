import { count, formatBytes } from '../core/units.ts';
import { type AuditLine, type AuditReport, sayAudit } from '../nightly/report-audit.ts';

export const AUDIT_TITLE = 'Deliveries that were asked for again';
const SHOWN = 20;

/** What is not there any more, what could not be told, and what helps. */
export function auditLines(audit: AuditReport | undefined): string[] {
  if (audit === undefined) return [];
  const { gone, unknown } = audit;
  return [
    `${sayAudit(audit)}.`,
    ...some(gone).flatMap((line) => [
      `NOT THERE ANY MORE: ${what(line)} (EVIDENCE_GONE)`,
      '    Delete nothing of it on the share. Where its files are still there: nightjar requeue --class EVIDENCE_GONE',
    ]),
    ...some(unknown).flatMap((line) => [`could not be told: ${what(line)}`, `    ${line.said}`]),
  ];
}

function what({ dataset, owner, files, bytes, batch }: AuditLine): string {
  return `${dataset} (${owner}), ${count(files, 'file')}, ${formatBytes(bytes)}, ${batch}`;
}

const some = (lines: readonly AuditLine[]): readonly AuditLine[] => lines.slice(0, SHOWN);
