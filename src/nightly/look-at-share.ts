import { IngestError } from '../core/errors.ts';
import type { ShareName } from '../core/ids.ts';
import { unknownBecause } from '../core/listing.ts';
import type { DirLook } from '../core/model.ts';
import type { SharePath } from '../core/share-path.ts';
import type { NightlyParts } from './parts.ts';
import { recordScan } from './record-scan.ts';
import { type ShareTarget, type WalkParts, walkProven } from './walk-proven.ts';

type LookParts = WalkParts & Pick<NightlyParts, 'emit' | 'assign' | 'mappingKey'>;
type LookOptions = {
  readonly runNo: number;
  readonly signal: AbortSignal;
  readonly dirs?: readonly SharePath[];
};

/**
 * The look of an evening at a whole share (or again at `dirs`), recorded as of this run; a whole one is then held against
 * the share's own past. Throws what `walkProven` does, and RUN_UNBALANCED.
 */
export async function lookAtShare(
  parts: LookParts,
  share: ShareTarget,
  { runNo, signal, dirs }: LookOptions,
): Promise<{ files: number; bytes: number }> {
  const { ledger, clock, emit } = parts;
  const controls = ledger.controls.gather(share.name);
  let [files, bytes] = [0, 0];
  // A directory that could not be looked at is unknown, never gone: what was known of it stays.
  const unknown: SharePath[] = [];
  const isUnknown = ({ dir, listing }: DirLook): boolean =>
    unknownBecause(listing) !== undefined && ledger.looks.has(share.name, dir);
  const { identity, totals } = await walkProven(parts, share, {
    ...(dirs === undefined ? { signal } : { signal, dirs }),
    take: (looks) => {
      controls.add(looks);
      unknown.push(...looks.filter(isUnknown).map(({ dir }) => dir));
      const told = looks.filter((look) => !isUnknown(look));
      ledger.looks.record(share.name, told, clock.now(), runNo);
      for (const look of told) [files, bytes] = [files + look.files, bytes + look.bytes];
      emit({ name: 'share.progress', share: share.name, files, bytes });
    },
  });
  controls.save(clock.now());
  ledger.identities.save(share.name, JSON.stringify(identity));
  if (dirs !== undefined) return { files, bytes };
  // The scanner counts a directory that it could not look at as one entry.
  const scanned = { files: totals.files - unknown.length, bytes: totals.bytes };
  checkCounts(share.name, scanned, ledger.looks.seen(share.name, runNo));
  ledger.earlyLooks.forget(share.name);
  const suspicion = await recordScan(parts, share, { runNo, files, bytes, unknown });
  if (suspicion !== undefined) emit({ name: 'share.suspicious', share: share.name, suspicion });
  return { files, bytes };
}

/** The scanner counts for itself; a ledger that holds another number has lost or doubled something. */
function checkCounts(
  name: ShareName,
  scanned: { files: number; bytes: number },
  recorded: { files: number; bytes: number },
): void {
  if (scanned.files === recorded.files && scanned.bytes === recorded.bytes) return;
  throw new IngestError(
    'RUN_UNBALANCED',
    `the walk of share ${name} counted ${scanned.files} files and ${scanned.bytes} bytes, the ledger holds ${recorded.files} and ${recorded.bytes}`,
    { hint: 'This is a defect in Nightjar: report it. Nothing of this share is acted on in this run.' },
  );
}
