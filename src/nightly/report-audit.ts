import { printable } from '../core/share-path.ts';
import { count } from '../core/units.ts';
import type { AuditAnswer } from '../ledger/reaudits.ts';
import { ofRun, type Run } from '../ledger/runs.ts';
import type { NightlyParts } from './parts.ts';

/** An old delivery of which its destination said that it is not there any more, or could not say anything. */
export type AuditLine = {
  readonly batch: string;
  readonly owner: string;
  readonly destination: string;
  readonly share: string;
  readonly dataset: string;
  readonly files: number;
  readonly bytes: number;
  readonly said: string;
};

/** Old deliveries that were asked for again since the run before. */
export type AuditReport = {
  readonly holds: number;
  /** Not there any more as they were delivered: held for a person. */
  readonly gone: readonly AuditLine[];
  /** It could not be told: they stay as they are known. */
  readonly unknown: readonly AuditLine[];
};

/** Undefined: none was asked for. */
export function auditIn({ ledger, clock }: Pick<NightlyParts, 'ledger' | 'clock'>, run: Pick<Run, 'since'>) {
  const isOfRun = ofRun(run, clock.now());
  const answers = ledger.reaudits.since(run.since).filter((one) => isOfRun(one.at) && isStill(one));
  return answers.length === 0 ? undefined : auditReport(answers);
}

/** Only evidence of a new delivery ends the warning: what was put back and is on its way is still not there. */
function isStill({ holds, head: { state } }: AuditAnswer): boolean {
  return holds !== false || (state !== 'confirmed' && state !== 'verified');
}

export function auditReport(answers: readonly AuditAnswer[]): AuditReport {
  const those = (wanted: boolean | undefined): readonly AuditAnswer[] =>
    answers.filter(({ holds }) => holds === wanted);
  return {
    holds: those(true).length,
    gone: those(false).map(lineOf),
    unknown: those(undefined).map(lineOf),
  };
}

function lineOf({ head, said }: AuditAnswer): AuditLine {
  const { id: batch, owner, destination, share, dataset, files, bytes } = head;
  const what = { batch, owner, destination, share, dataset: printable(dataset), files, bytes };
  return { ...what, said };
}

/** One sentence with the numbers. */
export function sayAudit({ holds, gone, unknown }: AuditReport): string {
  const asked = holds + gone.length + unknown.length;
  return `${count(asked, 'delivery', 'deliveries')} asked for again: ${holds} there as delivered, ${gone.length} not any more, ${unknown.length} could not be told`;
}
