import type { SharePath } from '../core/share-path.ts';
import { type ShareTarget, type WalkParts, walkProven } from './walk-proven.ts';

/**
 * An early look: at directories in which something happened during the day, so that the evening finds their files
 * already looked at. It belongs to no run and concludes nothing: a lost or lying event changes only when a file got its
 * first look. Throws what `walkProven` does.
 */
export async function lookEarly(
  parts: WalkParts,
  share: ShareTarget,
  options: { readonly dirs: readonly SharePath[]; readonly signal: AbortSignal },
): Promise<void> {
  const { ledger, clock } = parts;
  await walkProven(parts, share, {
    ...options,
    take: (_, known) => ledger.earlyLooks.record(share.name, known, clock.now()),
  });
}
