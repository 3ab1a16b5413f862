import type { Clock } from '../core/clock.ts';
import { type EmbeddedRedis, startEmbeddedRedis } from '../queue/embedded-redis.ts';

const RESTART_MS = 1000;

/** The embedded Redis, started again whenever it ends by itself; the ledger fills it again. */
export async function keepRedis(
  stateDir: string,
  clock: Clock,
  trouble: (thrown: unknown) => void,
): Promise<AsyncDisposable & { readonly socketPath: string }> {
  const stopping = new AbortController();
  let current: EmbeddedRedis = await startEmbeddedRedis({ stateDir, clock });
  const { socketPath } = current;

  const watch = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      trouble(await current.died);
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
  watch().catch(trouble);
  return {
    socketPath,
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      await current.stop();
    },
  };
}
