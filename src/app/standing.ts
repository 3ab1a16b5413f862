import { readControl } from '../config/control-file.ts';
import type { Claim } from '../core/claim.ts';
import type { Clock } from '../core/clock.ts';
import type { Control } from '../core/control.ts';
import type { Decision } from '../core/decision.ts';
import type { ShareName } from '../core/ids.ts';
import { parentOf, type SharePath } from '../core/share-path.ts';
import type { Ledger } from '../ledger/open-ledger.ts';

/** What was said of a path beside the folder mapping: control files and decisions above it, from the root down. */
export type Standing = {
  readonly controls: readonly Control[];
  readonly decisions: readonly Decision[];
  readonly claims: readonly Claim[];
};
export type StandingOf = (share: ShareName, path: SharePath) => Standing;

/** Directories come one after another in a walk, so a few remembered ones serve nearly every file. */
const REMEMBERED_DIRECTORIES = 4096;

const NOTHING: Standing = { controls: [], decisions: [], claims: [] };

type OfShare = {
  readonly controls: ReadonlyMap<SharePath, Control>;
  readonly decisions: ReadonlyMap<SharePath, Decision>;
  readonly claims: ReadonlyMap<SharePath, readonly Claim[]>;
  readonly remembered: Map<SharePath, Standing>;
};

/** As the ledger has it now: read once, and again when the ledger has changed. */
export function createStanding(ledger: Ledger, clock: Pick<Clock, 'monotonic'>): StandingOf {
  const shares = new Map<ShareName, OfShare>();
  const isFresh = freshness(ledger, clock);
  const ofShare = (name: ShareName): OfShare => {
    if (!isFresh()) shares.clear();
    const share = shares.get(name) ?? readShare(ledger, name);
    shares.set(name, share);
    return share;
  };
  return (name, path) => {
    const share = ofShare(name);
    if (share.controls.size + share.decisions.size + share.claims.size === 0) return NOTHING;
    const above = standingOfDir(share, parentOf(path));
    const [own, claims] = [share.decisions.get(path), share.claims.get(path)];
    if (own === undefined && claims === undefined) return above;
    return {
      ...above,
      decisions: own === undefined ? above.decisions : [...above.decisions, own],
      claims: [...above.claims, ...(claims ?? [])],
    };
  };
}

function readShare(ledger: Ledger, name: ShareName): OfShare {
  const controls = ledger.controls.all(name).map(({ dir, found }) => readControl(dir, found));
  return {
    controls: new Map(controls.map((control) => [control.dir, control])),
    decisions: new Map(ledger.decisions.all(name).map((decision) => [decision.path, decision])),
    claims: Map.groupBy(ledger.claims.all(name), ({ path }) => path),
    remembered: new Map(),
  };
}

function standingOfDir({ controls, decisions, claims, remembered }: OfShare, dir: SharePath): Standing {
  const known = remembered.get(dir);
  if (known !== undefined) return known;
  if (remembered.size >= REMEMBERED_DIRECTORIES) remembered.clear();
  const names = dir === '' ? [] : dir.split('/');
  const dirs = ['', ...names.map((_, depth) => names.slice(0, depth + 1).join('/'))] as SharePath[];
  const standing = {
    controls: dirs.flatMap((one) => controls.get(one) ?? []),
    decisions: dirs.flatMap((one) => decisions.get(one) ?? []),
    claims: dirs.flatMap((one) => claims.get(one) ?? []),
  };
  remembered.set(dir, standing);
  return standing;
}

/** How long a change by another process may go unnoticed, ms: to ask SQLite for each of a million files is too dear. */
const STALE_MS = 100;

/** Answers false when the ledger may have changed since the last answer. */
function freshness(ledger: Ledger, clock: Pick<Clock, 'monotonic'>): () => boolean {
  let last = { askedAt: -Infinity, ours: -1, theirs: -1 };
  return () => {
    const ours = ledger.controls.revision() + ledger.decisions.revision() + ledger.claims.revision();
    const askedAt = clock.monotonic();
    if (ours === last.ours && askedAt - last.askedAt < STALE_MS) return true;
    const theirs = ledger.version();
    const isSame = ours === last.ours && theirs === last.theirs;
    last = { askedAt, ours, theirs };
    return isSame;
  };
}
