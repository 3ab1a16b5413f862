import { setBackWatch } from '../core/clock.ts';
import type { BreakerParts } from '../delivery/breaker.ts';
import { type ProbeParts, probeOutages } from '../delivery/probe-outages.ts';
import type { Ledger } from '../ledger/open-ledger.ts';

/** How often the ledger is asked whether a destination is to be asked. */
const LOOK_MS = 250;

/** Asks destinations that are away whether they are back, until it is disposed; also those that were away before the start. */
export function keepProbing(
  ledger: Pick<Ledger, 'list'>,
  parts: BreakerParts & Pick<ProbeParts, 'onWell'>,
  trouble: (thrown: unknown) => void,
): AsyncDisposable {
  const stop = new AbortController();
  const probing: ProbeParts = {
    ...parts,
    ownersWaiting: function* (destination) {
      for (const { owner } of ledger.list({ states: ['planned'], destination })) yield owner;
    },
  };
  const loop = async (): Promise<void> => {
    const wasSetBack = setBackWatch(parts.clock);
    let isDated = false;
    while (!stop.signal.aborted) {
      isDated = wasSetBack() || isDated;
      try {
        if (isDated) parts.outages.askAt(parts.clock.now());
        isDated = false;
        await probeOutages(probing, stop.signal);
      } catch (thrown) {
        trouble(thrown);
      }
      await parts.clock.sleep(LOOK_MS, stop.signal).catch(() => undefined);
    }
  };
  const running = loop();
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
    },
  };
}
