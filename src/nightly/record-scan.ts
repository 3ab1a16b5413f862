import type { Entry } from '../core/model.ts';
import { joinPath, type SharePath } from '../core/share-path.ts';
import type { KnownDir } from '../ledger/looks.ts';
import type { ScanCounts, Suspicion } from '../ledger/scans.ts';
import type { NightlyParts } from './parts.ts';
import { weigh } from './suspicion.ts';
import type { ShareTarget } from './walk-proven.ts';

type RecordParts = Pick<NightlyParts, 'ledger' | 'clock' | 'assign' | 'mappingKey'>;

/** The walk of a whole share, proven before and after. `unknown`: directories that vanished from under it. */
type Walked = {
  readonly runNo: number;
  readonly files: number;
  readonly bytes: number;
  readonly unknown: readonly SharePath[];
};

/**
 * Records what a walk counted and what is thought of it, held against the share's own past. What lies below a
 * directory that could not be listed is out of reach, not gone: it counts as it was known.
 */
export async function recordScan(
  parts: RecordParts,
  share: ShareTarget,
  { runNo, files, bytes, unknown }: Walked,
): Promise<Suspicion | undefined> {
  const { ledger, clock } = parts;
  const { name } = share;
  const trusted = ledger.scans.newestTrusted(name);
  const owners: Record<string, number> = Object.create(null) as Record<string, number>;
  const unreachable: SharePath[] = [...unknown];
  let breathedAt = clock.monotonic();
  for (const known of ledger.looks.all(name, runNo)) {
    countOwners(parts, share, known, owners);
    for (const { entry } of known.entries)
      if (isOutOfReach(entry)) unreachable.push(joinPath(known.dir, entry.name));
    if (clock.monotonic() - breathedAt < BREATH_MS) continue;
    await clock.sleep(0);
    breathedAt = clock.monotonic();
  }
  ledger.looks.markOutOfReach(name, unreachable, { runNo, trusted });
  for (const known of ledger.looks.outOfReach(name, runNo)) countOwners(parts, share, known, owners);
  const beside = ledger.looks.amountOutOfReach(name, runNo);
  const counts: ScanCounts = {
    files: files + beside.files,
    bytes: bytes + beside.bytes,
    owners,
    mapping: parts.mappingKey(),
  };
  const past = { history: ledger.scans.history(name), suspects: ledger.scans.suspects(name) };
  const at = clock.now();
  const thought = weigh(counts, at, past, share.alarm);
  ledger.scans.record(name, { runNo, at, counts, ...thought });
  return thought.accepted === undefined ? thought.suspicion : undefined;
}

/** The longest that counting keeps the event loop to itself, ms. */
const BREATH_MS = 20;

function countOwners(
  { assign }: RecordParts,
  { name }: ShareTarget,
  { dir, entries }: KnownDir,
  owners: Record<string, number>,
): void {
  for (const { entry } of entries) {
    if (entry.kind !== 'file' && entry.kind !== 'unreadable') continue;
    const assignment = assign(name, joinPath(dir, entry.name), entry);
    if (assignment.kind === 'owned') owners[assignment.owner] = (owners[assignment.owner] ?? 0) + 1;
  }
}

/** Not listed, hidden by another mount, or not even looked at: the walk does not know what is there, or below. */
const isOutOfReach = ({ kind, ino }: Entry): boolean =>
  kind === 'unreadable-dir' || kind === 'other-file-system' || (kind === 'unreadable' && ino === 0n);
