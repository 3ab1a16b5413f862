import type { Clock } from '../core/clock.ts';

/** Less than TimeoutStopSec of systemd/nightjar.service: an end that is our own leaves the last word to us. */
const STOP_MS = 75_000;

/**
 * Ends this process when it was told to stop and has not come to an orderly end in time, as a second signal would:
 * nothing is lost, for the next start goes on from the ledger. Dispose it at the orderly end.
 */
export function endOverdue(stop: AbortSignal, clock: Clock, end: () => void = endAtOnce): Disposable {
  const over = new AbortController();
  const onStop = (): void => {
    clock.sleep(STOP_MS, over.signal).then(end, () => undefined);
  };
  stop.addEventListener('abort', onStop, { once: true });
  return {
    [Symbol.dispose]: () => {
      stop.removeEventListener('abort', onStop);
      over.abort();
    },
  };
}

/** Whatever hangs in it: no step of ours, and none of a library, is waited for. */
export function endAtOnce(): void {
  process.kill(process.pid, 'SIGKILL');
}
