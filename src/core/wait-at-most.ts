import type { Clock } from './clock.ts';

/** Waits for `work` at most `ms`, and answers whether it has ended, well or not. What is late is nobody's concern. */
export async function waitAtMost(clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> {
  const over = new AbortController();
  const late = clock.sleep(ms, over.signal).then(
    () => false,
    () => true,
  );
  const ended = work.then(
    () => true,
    () => true,
  );
  const inTime = await Promise.race([ended, late]);
  over.abort();
  return inTime;
}
