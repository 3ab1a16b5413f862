import type { ShareName } from '../core/ids.ts';
import type { Suspicion } from '../ledger/scans.ts';

/** How a file stands that would go, were its share believed. */
export function bySuspicion(
  share: ShareName,
  suspicion: Suspicion,
): { readonly bucket: 'held'; readonly reason: string; readonly help: string } {
  return { bucket: 'held', reason: underSuspicion(share, suspicion), help: acceptHelp(share) };
}

/** One sentence with both numbers. */
export function underSuspicion(share: string, { kind, what }: Suspicion): string {
  return `share ${share} is under suspicion of a ${kind}: ${what}`;
}

/** What a person does about it. */
export function acceptHelp(share: string): string {
  return `If that is right: nightjar accept-scan ${share}. The next evening believes it by itself when it sees the same.`;
}
