import { CONTROL_FILE, type Control } from '../core/control.ts';
import type { Decision } from '../core/decision.ts';
import type { ShareName } from '../core/ids.ts';
import type { Assignment } from '../core/model.ts';
import { nameOf, quoted, type SharePath } from '../core/share-path.ts';
import { utcDay } from '../core/utc.ts';

/** The quiet time of what its writer calls ready: short, and still two equal looks. */
export const READY_SETTLE_MS = 60_000;

type Owned = Extract<Assignment, { kind: 'owned' }>;

/**
 * What the control files above a file leave of its assignment; `controls` from the share's root down. They only ever
 * narrow: owner and destination stay, and the first that holds or skips, seen from the root, has the last word.
 */
export function narrow(assignment: Assignment, path: SharePath, controls: readonly Control[]): Assignment {
  if (assignment.kind === 'excluded') return assignment;
  const { instrument } = assignment;
  if (nameOf(path) === CONTROL_FILE)
    return { kind: 'excluded', reason: OWN, instrument, help: 'Nothing to do.' };
  if (controls.length === 0) return assignment;
  const stop = controls.find(stops);
  if (stop?.skip !== undefined)
    return {
      kind: 'excluded',
      reason: `${stop.file} skips it: ${stop.skip}`,
      instrument,
      help: skipped(stop),
    };
  if (stop?.uploaded !== undefined) return uploaded(assignment, stop);
  if (assignment.kind !== 'owned') return assignment;
  const reason = stop === undefined ? joinsDatasets(assignment, controls) : holds(stop);
  if (reason === undefined) return within(assignment, controls);
  const { rule, owner, destination } = assignment;
  const rules = [rule];
  return { kind: 'held', code: 'CONTROL_FILE', reason, instrument, rules, owner, destination, help: HELD };
}

const HELD = `Whoever writes there corrects that ${CONTROL_FILE} or removes it; the next run reads it anew.`;
const skipped = ({ file }: Control): string =>
  `It is left out on purpose: ${file} says so, and whoever writes there may change it.`;

const OWN = `the control file ${CONTROL_FILE} of this folder: what it says applies, it is not data`;

/** At most one of these; a file with a problem says nothing else. */
const stops = ({ problem, hold, skip, uploaded }: Control): boolean =>
  [problem, hold, skip, uploaded].some((said) => said !== undefined);

/** Whose it is stays as far as that is known. */
function uploaded(assignment: Meant, { file, uploaded: said = '' }: Control): Assignment {
  const { instrument } = assignment;
  const reason = `${file} says that it was uploaded: ${said}`;
  const help = `To have it delivered: whoever writes there takes that line out of ${file}.`;
  return { kind: 'byHand', ...ownerOf(assignment), reason, instrument, help };
}

type Meant = Exclude<Assignment, { kind: 'excluded' }>;
type Whose = Pick<Extract<Assignment, { kind: 'byHand' }>, 'owner' | 'dataset' | 'destination'>;

function ownerOf(assignment: Meant): Whose {
  const { owner, destination } = assignment;
  return {
    ...(owner === undefined ? {} : { owner }),
    ...(destination === undefined ? {} : { destination }),
    ...('dataset' in assignment && assignment.dataset !== undefined ? { dataset: assignment.dataset } : {}),
  };
}

function holds({ file, problem, hold }: Control): string {
  return problem === undefined
    ? `${file} holds it: ${hold ?? ''}`
    : `a control file cannot be followed: ${problem}`;
}

/** Joining could send one dataset because another is finished: a control file may only divide. */
function joinsDatasets({ dataset }: Owned, controls: readonly Control[]): string | undefined {
  const wide = controls.find((control) => control.dataset === true && !isAtOrBelow(control.dir, dataset));
  if (wide === undefined) return undefined;
  return `${wide.file} says dataset: true, but the rule makes a dataset of ${dataset} below it: a control file divides a dataset, it never joins several`;
}

function within(assignment: Owned, controls: readonly Control[]): Owned {
  const dataset = controls.findLast((control) => control.dataset === true)?.dir ?? assignment.dataset;
  const ready = controls.find((control) => control.ready === true);
  const own = ready === undefined ? assignment.settleMs : Math.min(assignment.settleMs, READY_SETTLE_MS);
  const settleMs = Math.max(own, ...controls.map(({ quietMs }) => quietMs ?? 0));
  const narrowed = { ...assignment, dataset, settleMs };
  if (ready === undefined) return narrowed;
  return { ...narrowed, waived: { by: 'ready', reason: `${ready.file} says that it is ready` } };
}

const isAtOrBelow = (path: SharePath, above: SharePath): boolean =>
  path === above || path.startsWith(`${above}/`);

/** What people decided of a file: excluded is excluded; a force waives quiet and completion, never a hold. */
export function decided(
  assignment: Assignment,
  share: ShareName,
  decisions: readonly Decision[],
): Assignment {
  if (decisions.length === 0 || assignment.kind === 'excluded') return assignment;
  const exclude = decisions.find(({ kind }) => kind === 'exclude');
  if (exclude !== undefined)
    return {
      kind: 'excluded',
      reason: sayDecision(exclude),
      instrument: assignment.instrument,
      help: `To take it after all: nightjar resume path ${quoted(`${share}:${exclude.path}`)}`,
    };
  const force = decisions.find(({ kind }) => kind === 'force');
  if (force === undefined || assignment.kind !== 'owned') return assignment;
  return { ...assignment, settleMs: 0, waived: { by: 'force', reason: sayDecision(force) } };
}

/** "excluded by anna on 2026-11-22: wrong sample". */
export function sayDecision({ kind, by, since, reason }: Decision): string {
  const day = utcDay(since);
  return `${kind === 'force' ? 'forced' : 'excluded'} by ${by} on ${day}: ${reason}`;
}
