import { setTimeout as sleep } from 'node:timers/promises';
import { waitingTimeMs } from './current-test.ts';

const LOOK_MS = 20;

/** Resolves when the claim holds; fails shortly before the test's own time is over, and only then. */
export async function untilTrue(
  claim: () => boolean | Promise<boolean>,
  what: string | (() => string),
): Promise<void> {
  const gives = givesUp();
  while (!(await claim())) {
    if (gives.up()) throw new Error(`never came true: ${typeof what === 'string' ? what : what()}`);
    await sleep(LOOK_MS);
  }
}

/** Resolves when the assertion does not throw any more; fails with what it throws last. */
export async function untilPasses(assertion: () => unknown): Promise<void> {
  const gives = givesUp();
  for (;;) {
    try {
      await assertion();
      return;
    } catch (error) {
      if (gives.up()) throw error;
    }
    await sleep(LOOK_MS);
  }
}

function givesUp(): { readonly up: () => boolean } {
  const deadline = performance.now() + waitingTimeMs();
  return { up: () => performance.now() > deadline };
}
