import { IngestError } from '../core/errors.ts';
import type { ShareName } from '../core/ids.ts';
import { unknownBecause } from '../core/listing.ts';
import type { SharePath } from '../core/share-path.ts';
import { proveShare, type ShareIdentity } from '../share/prove-share.ts';
import { type ScanTarget, scanShare } from '../share/scan-share.ts';
import type { NightlyParts } from './parts.ts';

/** A share as configured. */
export type ShareTarget = ScanTarget & {
  readonly marker: string;
  readonly scanThreads?: number;
  readonly stallMs?: number;
};

type LookParts = Pick<NightlyParts, 'ledger' | 'clock' | 'stallMs'> & { readonly emit: NightlyParts['emit'] };
type LookOptions = {
  readonly runNo: number;
  readonly signal: AbortSignal;
  readonly dirs?: readonly SharePath[];
};

/**
 * Proves the share, walks it (or looks again at `dirs`), records the looks, and proves it once more: a share that went
 * away meanwhile was not looked at. Throws SHARE_UNREACHABLE, SHARE_STALLED, SHARE_NOT_PROVEN.
 */
export async function lookAtShare(
  parts: LookParts,
  share: ShareTarget,
  { runNo, signal, dirs }: LookOptions,
): Promise<{ files: number; bytes: number }> {
  const { ledger, clock, emit } = parts;
  const stallMs = share.stallMs ?? parts.stallMs;
  const remembered = parseIdentity(ledger.identities.find(share.name));
  const proof = { deadlineMs: stallMs, clock, signal };
  const before = await proveShare(share, { ...proof, ...(remembered === undefined ? {} : { remembered }) });

  const threads = share.scanThreads === undefined ? {} : { threads: share.scanThreads };
  const scan = scanShare(share, {
    stallMs,
    signal,
    clock,
    ...threads,
    ...(dirs === undefined ? {} : { dirs }),
  });
  const controls = ledger.controls.gather(share.name);
  let [files, bytes] = [0, 0];
  for await (const looks of scan.looks) {
    // A directory that could not be looked at again is unknown, never gone: what was known of it stays.
    const known = looks.filter(({ listing }) => unknownBecause(listing) === undefined);
    controls.add(looks);
    ledger.looks.record(share.name, known, clock.now(), runNo);
    for (const look of looks) [files, bytes] = [files + look.files, bytes + look.bytes];
    emit({ name: 'share.progress', share: share.name, files, bytes });
  }

  const after = await proveShare(share, { ...proof, remembered: before });
  controls.save(clock.now());
  ledger.identities.save(share.name, JSON.stringify(after));
  if (dirs === undefined) checkCounts(share.name, scan.totals(), ledger.looks.seen(share.name, runNo));
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

function parseIdentity(json: string | undefined): ShareIdentity | undefined {
  return json === undefined ? undefined : (JSON.parse(json) as ShareIdentity);
}
