import type { Clock } from '../core/clock.ts';
import { IngestError } from '../core/errors.ts';
import { type Standstill, watchStandstill } from '../core/standstill.ts';
import type { Progress } from './request-body.ts';

/** So many bytes a second of an answer are always enough, however long it is. */
const SLOWEST = 16 * 1024;

export type Watchdog = {
  readonly progress: Progress;
  /** So many bytes of the answer's body have come; 0: its headers have. */
  readonly answered: (bytes: number) => void;
  readonly expired: AbortSignal;
};

/**
 * Aborts `expired` when no byte moved for `stallMs`, or when the body of an answer comes in drops for longer than
 * `answerMs`; ends with `ended`. It replaces a time limit on the whole request: a parcel may take hours, silence may not.
 */
export function startWatchdog(
  bounds: {
    readonly clock: Clock;
    readonly stallMs: number;
    readonly answerMs: number;
    readonly standstill: Standstill | undefined;
  },
  attempted: string,
  ended: AbortSignal,
): Watchdog {
  const { clock, stallMs, answerMs, standstill } = bounds;
  const expiry = new AbortController();
  let last = clock.monotonic();
  let wholeBy = Number.POSITIVE_INFINITY;
  const moved = (): void => {
    last = clock.monotonic();
  };
  const progress: Progress = { waitingFor: 'destination', moved };
  const answered = (bytes: number): void => {
    moved();
    wholeBy = Math.min(wholeBy, last + answerMs) + (bytes / SLOWEST) * 1000;
  };
  const watch = async (): Promise<void> => {
    while (!ended.aborted) {
      const now = clock.monotonic();
      if (now >= last + stallMs) return expiry.abort(stalled(attempted, stallMs, progress.waitingFor));
      if (now >= wholeBy) return expiry.abort(dripping(attempted, answerMs));
      await clock.sleep(Math.min(last + stallMs, wholeBy) - now, ended);
    }
  };
  // Whoever reads the share tells itself when that stands still; a limit of ours on the bytes is no standstill.
  const since = (): number | undefined => (progress.waitingFor === 'source' ? undefined : last);
  watchStandstill({ clock, standstill, since }, ended);
  // The sleep rejects when `ended` fires: that is its end.
  watch().catch(() => undefined);
  return { progress, answered, expired: expiry.signal };
}

const secondsOf = (ms: number): number => Math.round(ms / 100) / 10;

function stalled(attempted: string, stallMs: number, waitingFor: Progress['waitingFor']): IngestError {
  const seconds = secondsOf(stallMs);
  if (waitingFor === 'source') {
    return new IngestError('SHARE_STALLED', `${attempted}: the files to send gave no byte for ${seconds} s`, {
      hint: 'Check the mount of the share. It is tried again later.',
    });
  }
  return new IngestError('DESTINATION_STALLED', `${attempted}: no byte moved for ${seconds} s`, {
    hint: 'Nothing to do if it comes back: it is tried again later. Else look at the platform and the network.',
  });
}

function dripping(attempted: string, answerMs: number): IngestError {
  return new IngestError(
    'DESTINATION_STALLED',
    `${attempted}: its answer comes in drops and was not whole after ${secondsOf(answerMs)} s`,
    {
      hint: 'Nothing to do if it goes by: it is tried again later. Else look at the platform and at proxies on the way.',
    },
  );
}
