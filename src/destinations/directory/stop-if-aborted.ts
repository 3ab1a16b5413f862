import { IngestError } from '../../core/errors.ts';

/** Throws the signal's own IngestError, or INTERRUPTED, when the signal is aborted. Asked before every write. */
export function stopIfAborted(signal: AbortSignal, doing: string): void {
  if (!signal.aborted) return;
  if (signal.reason instanceof IngestError) throw signal.reason;
  throw new IngestError('INTERRUPTED', `was stopped before the end: ${doing}`, {
    hint: 'Nothing to do: the batch is sent again.',
    cause: signal.reason,
  });
}
