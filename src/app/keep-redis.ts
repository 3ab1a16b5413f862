import type { Clock } from '../core/clock.ts';
import { IngestError } from '../core/errors.ts';
import { waitAtMost } from '../core/wait-at-most.ts';
import { answers, type EmbeddedRedis, startEmbeddedRedis } from '../queue/embedded-redis.ts';

type KeepOptions = {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly trouble: (thrown: unknown) => void;
  /** How often it is asked whether it answers, in ms. */
  readonly askMs?: number;
  /** How long one answer may take, in ms. */
  readonly answerMs?: number;
};

const RESTART_MS = 1000;
/** So often in a row it may be silent: a machine that is busy with something else is no reason. */
const SILENT_LIMIT = 3;
/** How long the end waits for a start that is under way. */
const STARTING_MS = 15_000;

/** The embedded Redis, started again whenever it ends by itself or is silent; the ledger fills it again. */
export async function keepRedis(
  options: KeepOptions,
): Promise<AsyncDisposable & { readonly socketPath: string }> {
  const { stateDir, clock, trouble } = options;
  const stopping = new AbortController();
  let current: EmbeddedRedis = await startEmbeddedRedis({ stateDir, clock });
  const { socketPath } = current;

  const watch = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const over = new AbortController();
      const ended = AbortSignal.any([stopping.signal, over.signal]);
      const asking = endWhenSilent(current, options, ended).catch(trouble);
      const died = await Promise.race([current.died, aborted(stopping.signal)]);
      over.abort();
      await asking;
      if (died === undefined) return;
      trouble(died);
      await restart();
    }
  };
  const restart = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await clock.sleep(RESTART_MS, stopping.signal);
        current = await startEmbeddedRedis({ stateDir, clock, signal: stopping.signal });
        return;
      } catch (error) {
        if (!stopping.signal.aborted) trouble(error);
      }
    }
  };
  const watching = watch().catch(trouble);
  return {
    socketPath,
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      await waitAtMost(clock, STARTING_MS, watching);
      await current.stop();
    },
  };
}

/** A server that is frozen, or whose socket is gone, never ends by itself: it is killed, and that ends it. */
async function endWhenSilent(
  { socketPath, pid, kill }: EmbeddedRedis,
  { clock, trouble, askMs = 10_000, answerMs = 5000 }: KeepOptions,
  signal: AbortSignal,
): Promise<void> {
  let silent = 0;
  while (silent < SILENT_LIMIT) {
    await clock.sleep(askMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    silent = (await answers(socketPath, answerMs)) ? 0 : silent + 1;
  }
  if (signal.aborted) return;
  trouble(
    new IngestError('QUEUE_UNAVAILABLE', `the embedded Redis does not answer (${silent} times in a row)`, {
      hint: 'Nothing to do: it is ended and started again, and filled from the ledger.',
      context: { pid, path: socketPath },
    }),
  );
  kill();
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
