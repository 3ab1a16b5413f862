import type { OwnerId } from '../core/ids.ts';
import { printable } from '../core/share-path.ts';
import { DELIVERED_STATES } from '../core/states.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import type { KnownContainer } from '../ledger/known-containers.ts';
import { type Pause, pauseOf } from '../ledger/pauses.ts';
import type { Run } from '../ledger/runs.ts';
import type { NightlyParts } from './parts.ts';
import type { Amount } from './tally.ts';
import { helpWith, kindOf, type TroubleKind, whatOf } from './trouble-words.ts';

/** One thing that went wrong, however many batches it stops: whom it concerns, since when, what waits, what helps. */
export type Trouble = {
  readonly kind: TroubleKind;
  readonly code: string;
  readonly destination: string;
  /** Nobody's alone where it concerns the whole destination. */
  readonly owner?: string;
  readonly since: number;
  /** One sentence for a person. */
  readonly what: string;
  /** The error in full, with the destination's own words. */
  readonly said?: string;
  readonly waits: Amount & { readonly batches: number };
  /** The first of the datasets that wait; `moreDatasets` are not listed. */
  readonly datasets: readonly string[];
  readonly moreDatasets: number;
  /** What to do, one sentence each. */
  readonly help: readonly string[];
  /** At the limit of containers: those of the owner that we know, oldest first. */
  readonly containers?: readonly KnownContainer[];
  /** At the limit of containers: the one that the data went into instead of a new one. */
  readonly into?: KnownContainer;
};

type TroubleParts = Pick<NightlyParts, 'ledger' | 'clock'>;

/** Batches of one cause. */
type Group = {
  readonly code: string;
  readonly heads: readonly BatchHead[];
  readonly pause: Pause | undefined;
};

const DATASETS_SHOWN = 5;

/** What went wrong at destinations, as of the end of a run: the worst for the most comes first. */
export function troublesOf({ ledger, clock }: TroubleParts, run: Pick<Run, 'since'>): readonly Trouble[] {
  const pauses = ledger.pauses.inForce(clock.now()).filter(({ code }) => code !== undefined);
  const groups = new Map<string, Group>();
  for (const head of stuckHeads(ledger, run)) {
    const pause = pauseOf(pauses, head);
    const code = codeOf(head, pause);
    if (code === undefined) continue;
    const key = keyOf(head, code);
    groups.set(key, { code, pause, heads: [...(groups.get(key)?.heads ?? []), head] });
  }
  const troubles = [...groups.values()].map((group) => troubleOf(ledger, group));
  return [...troubles.toSorted((a, b) => b.waits.files - a.waits.files), ...atTheLimit(ledger, run)];
}

/** Everything that is not delivered, and what was rejected in this run, or taken out of its batch for its processing. */
function* stuckHeads(ledger: TroubleParts['ledger'], run: Pick<Run, 'since'>): Generator<BatchHead> {
  yield* ledger.list({ states: ['planned', 'queued', 'delivering', 'held'] });
  const changedSince = run.since;
  yield* ledger.list({ states: ['rejected'], changedSince });
  for (const head of ledger.list({ states: ['withdrawn'], code: PROCESSING, changedSince })) {
    const file = ledger.batches.get(head.id).files.find(({ path }) => path === head.error?.path);
    if (file !== undefined) yield { ...head, dataset: file.path, files: 1, bytes: file.size };
  }
}

const PROCESSING = 'PROCESSING_FAILED';

/**
 * What stops the batch: its own error where it is held or rejected for it, else what paused its account or destination.
 * A pause for anything else is an outage, which passes by itself.
 */
function codeOf({ state, error }: BatchHead, pause: Pause | undefined): string | undefined {
  if (state === 'held' || state === 'rejected' || state === 'withdrawn') return error?.code;
  return pause?.code !== undefined && kindOf(pause.code) !== 'batch' ? pause.code : undefined;
}

/** A cause of an account or a destination is one for all of its batches, any other one for its own words. */
function keyOf({ owner, destination, dataset, error }: BatchHead, code: string): string {
  switch (kindOf(code)) {
    case 'token':
    case 'limit':
      return JSON.stringify([code, destination, owner]);
    case 'destination':
      return JSON.stringify([code, destination]);
    default:
      return JSON.stringify([code, destination, owner, dataset, error?.message]);
  }
}

function troubleOf(ledger: TroubleParts['ledger'], { code, heads, pause }: Group): Trouble {
  const errors = heads.flatMap(({ error }) => (error?.code === code ? [error] : []));
  const [head] = heads as [BatchHead, ...BatchHead[]];
  const { owner, destination } = head;
  const kind = kindOf(code);
  const known = kind === 'limit' ? ledger.knownContainers.ofOwner(destination, owner) : undefined;
  const said = errors[0]?.message ?? pause?.reason;
  return {
    ...{ kind, code, destination },
    ...(kind === 'destination' ? {} : { owner }),
    since: sinceWhen(ledger, code, heads, pause),
    what: whatOf(code, { owner, destination }, known),
    ...(said === undefined ? {} : { said: printable(said) }),
    ...waiting(heads),
    help: helpWith(code, owner, { heads, known, hint: errors[0]?.hint }),
    ...(known === undefined ? {} : { containers: known }),
  };
}

const LOOKED_AT = 20;

/** The first time that one of them failed so: each further attempt overwrites the error, and not the history. */
function sinceWhen(
  ledger: TroubleParts['ledger'],
  code: string,
  heads: readonly BatchHead[],
  pause: Pause | undefined,
): number {
  const failures = heads
    .slice(0, LOOKED_AT)
    .flatMap(({ id }) => ledger.history(id).find(({ detail }) => detail.startsWith(`${code}:`)) ?? []);
  return Math.min(...failures.map(({ at }) => at), pause?.since ?? Number.POSITIVE_INFINITY);
}

function waiting(heads: readonly BatchHead[]): Pick<Trouble, 'waits' | 'datasets' | 'moreDatasets'> {
  const datasets = [...new Set(heads.map(({ dataset }) => printable(dataset)))];
  return {
    waits: {
      batches: heads.length,
      files: heads.reduce((sum, { files }) => sum + files, 0),
      bytes: heads.reduce((sum, { bytes }) => sum + bytes, 0),
    },
    datasets: datasets.slice(0, DATASETS_SHOWN),
    moreDatasets: Math.max(0, datasets.length - DATASETS_SHOWN),
  };
}

const NOTHING_WAITS = { waits: { batches: 0, files: 0, bytes: 0 }, datasets: [], moreDatasets: 0 } as const;

/** Accounts that may open no container more, and whose data of this run went into an older one. */
function atTheLimit(ledger: TroubleParts['ledger'], run: Pick<Run, 'since'>): Trouble[] {
  const newest = new Map<string, BatchHead>();
  for (const head of ledger.list({ states: DELIVERED_STATES, changedSince: run.since }))
    newest.set(head.lane, head);
  const told = new Set<OwnerId>();
  return [...newest.values()].flatMap(({ id, lane, owner, destination }) => {
    const into = ledger.knownContainers.reusedIn(lane);
    if (into === undefined || into.id !== ledger.containers.ofBatch(id)?.id || told.has(owner)) return [];
    told.add(owner);
    const known = ledger.knownContainers.ofOwner(destination, owner);
    const code = 'QUOTA_EXCEEDED';
    return [
      {
        ...{ kind: 'limit', code, destination, owner, since: into.since, ...NOTHING_WAITS, into },
        what: whatOf(code, { owner, destination }, known, into),
        help: helpWith(code, owner, { heads: [], known, into, hint: undefined }),
        containers: known,
      },
    ];
  });
}
