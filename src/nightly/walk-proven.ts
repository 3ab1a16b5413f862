import type { ShareName } from '../core/ids.ts';
import { unknownBecause } from '../core/listing.ts';
import type { DirLook } from '../core/model.ts';
import type { SharePath } from '../core/share-path.ts';
import { proveShare, type ShareIdentity } from '../share/prove-share.ts';
import { type ScanTarget, type ScanTotals, scanShare } from '../share/scan-share.ts';
import type { NightlyParts } from './parts.ts';
import type { AlarmOptions } from './suspicion.ts';

/** A share as configured. */
export type ShareTarget = ScanTarget & {
  readonly marker: string;
  readonly scanThreads?: number;
  readonly stallMs?: number;
  /** Undefined: whatever a walk sees is believed. */
  readonly alarm?: AlarmOptions;
};

export type WalkParts = Pick<NightlyParts, 'ledger' | 'clock' | 'stallMs' | 'wantsIds'>;

export type WalkOptions = {
  readonly signal: AbortSignal;
  /** Only these directories; undefined = the whole share. */
  readonly dirs?: readonly SharePath[];
  /** Takes each piece; `known` are those that could be looked at. */
  readonly take: (looks: readonly DirLook[], known: readonly DirLook[]) => void;
};

/**
 * Proves the share, walks it (or looks at `dirs`), and proves it once more: a share that went away meanwhile was not
 * looked at. Throws SHARE_UNREACHABLE, SHARE_STALLED, SHARE_NOT_PROVEN.
 */
export async function walkProven(
  parts: WalkParts,
  share: ShareTarget,
  { signal, dirs, take }: WalkOptions,
): Promise<{ readonly identity: ShareIdentity; readonly totals: ScanTotals }> {
  const { clock } = parts;
  const stallMs = share.stallMs ?? parts.stallMs;
  const remembered = rememberedIdentity(parts, share.name);
  const proof = { deadlineMs: stallMs, clock, signal };
  const before = await proveShare(share, { ...proof, ...(remembered === undefined ? {} : { remembered }) });

  const threads = share.scanThreads === undefined ? {} : { threads: share.scanThreads };
  const only = dirs === undefined ? {} : { dirs };
  const withIds = parts.wantsIds?.() ?? false;
  const scan = scanShare(share, { stallMs, signal, clock, withIds, ...threads, ...only });
  for await (const looks of scan.looks) {
    // A directory that could not be looked at again is unknown, never gone: what was known of it stays.
    take(
      looks,
      looks.filter(({ listing }) => unknownBecause(listing) === undefined),
    );
  }

  const identity = await proveShare(share, { ...proof, remembered: before });
  return { identity, totals: scan.totals() };
}

function rememberedIdentity({ ledger }: WalkParts, name: ShareName): ShareIdentity | undefined {
  const json = ledger.identities.find(name);
  return json === undefined ? undefined : (JSON.parse(json) as ShareIdentity);
}
