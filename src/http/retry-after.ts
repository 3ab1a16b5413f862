/** Longest wait that a stranger's header may ask of us. */
const LONGEST_MS = 24 * 60 * 60 * 1000;

/** Milliseconds that a Retry-After header asks for (RFC 9110 §10.2.3: seconds or a date); undefined when it says nothing. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined || header.trim() === '') return undefined;
  const text = header.trim();
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), LONGEST_MS);
}
