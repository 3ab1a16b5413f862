/**
 * Which fault, at which step of the line, ends in which state, and the test that shows it. docs/fault-matrix.md is made
 * from this folder, and test/architecture/fault-matrix.test.ts holds it against the tests that there are.
 */

/** The steps of docs/architecture.md, as far as a fault can tell them apart. */
export const STEPS = {
  look: 'look (1–4b)',
  plan: 'plan and record (5–6)',
  queue: 'queue (6)',
  open: 'open (7–8)',
  send: 'pack and send (9)',
  close: 'close (10)',
  record: 'record and report (11–12)',
} as const;
export type Step = keyof typeof STEPS;

/** A test by its file below test/ and its name, without the group it stands in. */
export type TestName = readonly [file: string, name: string];

/** `end`: the state that is required, for a person. */
export type Cell = { readonly end: string; readonly tests: readonly TestName[] };

type Reason = { readonly steps: readonly Step[]; readonly why: string };

export type Fault = {
  readonly group: 'processes' | 'queue' | 'network' | 'platform' | 'share' | 'disk' | 'clock';
  readonly fault: string;
  readonly cells: Readonly<Partial<Record<Step, Cell>>>;
  /** Steps that the fault cannot reach, and why. */
  readonly never?: Reason;
};

/** Steps that are neither shown nor accounted for: there must be none. */
export const openSteps = ({ cells, never }: Fault): Step[] =>
  (Object.keys(STEPS) as Step[]).filter(
    (step) => cells[step] === undefined && never?.steps.includes(step) !== true,
  );

export const shown = (end: string, ...tests: readonly TestName[]): Cell => ({ end, tests });

/** Reasons why a fault cannot reach a step. */
export const NOT_SPOKEN_TO = {
  steps: ['look', 'plan', 'queue', 'record'],
  why: 'no delivery asks the destination there; what else asks it, before the plan and before the report, has a row of its own: “it answers nothing of use”',
} as const;
export const NO_SHARE = {
  steps: ['plan', 'queue', 'open', 'close', 'record'],
  why: 'the share is not touched there',
} as const;
