import type { Clock } from '../core/clock.ts';
import { IngestError } from '../core/errors.ts';
import type { Progress } from './request-body.ts';

/**
 * Aborts `expired` when no byte moved for `stallMs`; ends with `ended`. It replaces a time limit on the whole
 * request: a parcel may take hours, silence may not.
 */
export function startWatchdog(
  bounds: { readonly clock: Clock; readonly stallMs: number },
  attempted: string,
  ended: AbortSignal,
): { readonly progress: Progress; readonly expired: AbortSignal } {
  const expiry = new AbortController();
  let last = bounds.clock.monotonic();
  const progress: Progress = {
    waitingFor: 'destination',
    moved: () => {
      last = bounds.clock.monotonic();
    },
  };
  const watch = async (): Promise<void> => {
    while (!ended.aborted) {
      const left = last + bounds.stallMs - bounds.clock.monotonic();
      if (left <= 0) return expiry.abort(stalled(attempted, bounds.stallMs, progress.waitingFor));
      await bounds.clock.sleep(left, ended);
    }
  };
  // The sleep rejects when `ended` fires: that is its end.
  watch().catch(() => undefined);
  return { progress, expired: expiry.signal };
}

function stalled(attempted: string, stallMs: number, waitingFor: Progress['waitingFor']): IngestError {
  const seconds = Math.round(stallMs / 100) / 10;
  if (waitingFor === 'source') {
    return new IngestError('SHARE_STALLED', `${attempted}: the files to send gave no byte for ${seconds} s`, {
      hint: 'Check the mount of the share. It is tried again later.',
    });
  }
  return new IngestError('DESTINATION_STALLED', `${attempted}: no byte moved for ${seconds} s`, {
    hint: 'Nothing to do if it comes back: it is tried again later. Else look at the platform and the network.',
  });
}
