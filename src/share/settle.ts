/**
 * When a file has settled is told by our own clock and our own looks: copying tools keep old modification times, and
 * the clocks of instruments and file servers differ from ours. All times in milliseconds.
 */

/** The earliest time at which a look that finds it unchanged makes a file settled. */
export function settlesAt(firstSameLookAt: number, settleMs: number): number {
  return firstSameLookAt + settleMs;
}

/** True when it looked the same from `since` to `lookedAt`, and these two looks are at least `settleMs` apart. */
export function isSettled(
  facts: { readonly since: number; readonly lookedAt: number },
  settleMs: number,
): boolean {
  return facts.lookedAt >= settlesAt(facts.since, settleMs);
}
