import type { ShareConfig } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import { asIngestError } from '../core/errors.ts';
import type { SharePath } from '../core/share-path.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { Log } from '../log/open-log.ts';
import { lookEarly } from '../nightly/look-early.ts';

type EarlyParts = {
  readonly share: ShareConfig;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Pick<Log, 'debug'>;
  /** Early looks at several shares take turns. */
  readonly inTurn: (turn: () => Promise<void>) => Promise<void>;
};

/** Directories that wait for their early look; those beyond wait for the evening. */
const MOST_WAITING = 5000;

/**
 * The calm rate of early looks at a share: directories are gathered for the share's pause, then looked at together.
 * An instrument that writes without end costs one look a pause.
 */
export function createEarlyLooks(parts: EarlyParts, signal: AbortSignal) {
  const { clock, share, inTurn } = parts;
  const waiting = new Set<SharePath>();
  let looking: Promise<void> | undefined;
  const lookWhileAny = async (): Promise<void> => {
    while (waiting.size > 0 && !signal.aborted) {
      await clock.sleep(share.watch.pauseMs, signal).catch(() => undefined);
      const dirs = [...waiting];
      waiting.clear();
      await inTurn(() => lookOnce(parts, dirs, signal));
    }
    looking = undefined;
  };
  return {
    /** Something happened in these directories. */
    add: (dirs: readonly SharePath[]): void => {
      for (const dir of dirs) if (waiting.size < MOST_WAITING) waiting.add(dir);
      looking ??= lookWhileAny();
    },
    /** After the signal: resolves when no look goes on. */
    ended: (): Promise<void> => looking ?? Promise.resolve(),
  };
}

/** One early look. That it failed concerns nobody: the evening looks at everything, and says what is wrong. */
async function lookOnce(
  { share, ledger, clock, log }: EarlyParts,
  dirs: readonly SharePath[],
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  const fields = { share: share.name, directories: dirs.length };
  try {
    await lookEarly({ ledger, clock, stallMs: share.stallMs }, share, { dirs, signal });
    log.debug(fields, 'early-look.done');
  } catch (thrown) {
    if (signal.aborted) return;
    log.debug(
      { ...fields, error: asIngestError(thrown, `look early at ${share.name}`) },
      'early-look.failed',
    );
  }
}
