/**
 * What the supports know of the test that runs: how long it may still take, and what is to be told when it fails. Set by
 * tell-failures.ts; also without a test runner, as in `npm run torture`, where nothing is told.
 */
type CurrentTest = { readonly endsAt: number };

let current: CurrentTest | undefined;
let tells: (() => string)[] = [];

/** Before the runner's own deadline, so that the one who waited can say for what. */
const MARGIN_MS = 5000;
/** So many are remembered: a program that runs for hours has no end of them. */
const MOST_TELLS = 40;
/** Outside of a test: a hook, or a program of its own. */
const UNKNOWN_MS = 100_000;

export function beginTest(timeoutMs: number): void {
  tells = [];
  current = { endsAt: performance.now() + timeoutMs };
}

/** What was told of stays: the failure is printed after this. */
export function endTest(): void {
  current = undefined;
}

/** How long something may be waited for: what is slow shall not fail, what is stuck shall fail and say so. */
export function waitingTimeMs(): number {
  if (current === undefined) return UNKNOWN_MS;
  return Math.max(1000, current.endsAt - performance.now() - MARGIN_MS);
}

/** Remembers what may explain a failure of this test. Asked only then, maybe after everything was cleared away. */
export function tellIfItFails(tell: () => string): void {
  tells = [...tells.slice(1 - MOST_TELLS), tell];
}

export function whatWasSeen(): string {
  return tells.map((tell) => tell()).join('\n');
}
