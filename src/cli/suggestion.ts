import type { Assignment } from '../core/model.ts';
import { utcDay } from '../core/utc.ts';
import type { Ledger } from '../ledger/open-ledger.ts';

/** "mueller (1 edit), whose newest data of SEM1 was planned on 2026-11-20": for a person to decide, never used. */
export function suggestionFor(
  assignment: Assignment,
  ledger: Pick<Ledger, 'lastOfOwner'>,
): string | undefined {
  if (assignment.kind !== 'owned' || assignment.suggestion === undefined) return undefined;
  const { name, owner, edits } = assignment.suggestion;
  const alias = name === owner ? '' : `, alias '${name}'`;
  const near = `${owner}${alias} (${edits} ${edits === 1 ? 'edit' : 'edits'})`;
  const { instrument } = assignment;
  const at = ledger.lastOfOwner(owner, instrument);
  return at === undefined
    ? `${near}, who has no data of ${instrument} so far`
    : `${near}, whose newest data of ${instrument} was planned on ${utcDay(at)}`;
}
