import { createHash } from 'node:crypto';

const DAY_MS = 86_400_000;
const MEBI = 2 ** 20;

/** How much a delivery is worth another look: by the days since somebody last proved it, and by its size. */
export function auditWeight(
  { since, bytes }: { readonly since: number; readonly bytes: number },
  now: number,
): number {
  const days = Math.max(now - since, 1) / DAY_MS;
  return days * Math.log2(2 + bytes / MEBI);
}

/**
 * All of them in an order drawn by lot in which the heavier ones tend to come first: the first n are a weighted sample
 * without replacement (Efraimidis and Spirakis, 2006). The lot of each is made of the seed and its id: the same seed
 * gives the same order, and more weight never a later place.
 */
export function drawOrder<T extends { readonly id: string }>(
  all: readonly T[],
  seed: string,
  weightOf: (one: T) => number,
): T[] {
  return all
    .map((one) => ({ one, key: Math.log(lot(seed, one.id)) / weightOf(one) }))
    .toSorted((a, b) => b.key - a.key || (a.one.id < b.one.id ? -1 : 1))
    .map(({ one }) => one);
}

/** Evenly between 0 and 1, neither of them. */
function lot(seed: string, id: string): number {
  const digest = createHash('sha256')
    .update(JSON.stringify([seed, id]))
    .digest();
  return (digest.readUIntBE(0, 6) + 0.5) / 2 ** 48;
}
