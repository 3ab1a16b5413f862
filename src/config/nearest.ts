import { closest, distance } from 'fastest-levenshtein';

/** The candidate that is probably meant, or undefined when none is near: a third of the letters may differ. */
function nearest(text: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0 || text.length > 200) return undefined;
  const best = closest(
    text.toLowerCase(),
    candidates.map((candidate) => candidate.toLowerCase()),
  );
  const found = candidates.find((candidate) => candidate.toLowerCase() === best);
  const allowed = Math.max(2, Math.ceil(text.length / 3));
  const isNear = distance(text.toLowerCase(), best) <= Math.min(allowed, text.length);
  return isNear && found !== text ? found : undefined;
}

/** `nearest` as part of a finding: no key at all when there is none. */
export function withNearest(text: string, candidates: readonly string[]): { readonly nearest?: string } {
  const found = nearest(text, candidates);
  return found === undefined ? {} : { nearest: found };
}
