import type { ErrorCode, IngestError } from '../core/errors.ts';

/** What happens to a batch after an attempt that failed. */
export type Decision =
  | { readonly do: 'retry'; readonly notBefore: number; readonly forgetContainer: boolean }
  | { readonly do: 'hold'; readonly pause: 'lane' | 'destination' | undefined }
  | { readonly do: 'reject' }
  /**
   * Cut again without `path`. One that could not be read is tried again next evening, one that the destination cannot
   * take stays out until it changes, and one that changed settles again.
   */
  | { readonly do: 'recut'; readonly path: string; readonly mark: 'none' | 'unreadable' | 'refused' }
  | { readonly do: 'interrupt' }
  | { readonly do: 'nothing' };

/** `limit`: attempts after the first, before a person is asked; waits double from `firstMs` to `maxMs`, with jitter. */
export type RetryPolicy = { readonly limit: number; readonly firstMs: number; readonly maxMs: number };

/** `stopped`: we ended the attempt ourselves, so it does not count. */
export type Attempt = {
  readonly attempts: number;
  readonly now: number;
  readonly random: () => number;
  readonly stopped: boolean;
};

/** The one place where an error becomes what is done about it. */
export function decide(error: IngestError, attempt: Attempt, policy: RetryPolicy): Decision {
  const path = error.context['path'];
  switch (error.disposition) {
    case 'permanent':
      return typeof path === 'string' ? { do: 'recut', path, mark: 'refused' } : { do: 'reject' };
    case 'operator':
      return decideOperator(error, attempt);
    case 'retry':
      return decideRetry(error, attempt, policy);
  }
}

function decideOperator(error: IngestError, attempt: Attempt): Decision {
  if (error.code === 'CONTAINER_LOST' && attempt.attempts <= 1)
    return { do: 'retry', notBefore: attempt.now, forgetContainer: true };
  return { do: 'hold', pause: pausedBy(error.code) };
}

/** A cause that belongs to the owner's account stops its lane, one that belongs to the destination stops that. */
export function pausedBy(code: ErrorCode): 'lane' | 'destination' | undefined {
  if (
    code === 'TOKEN_MISSING' ||
    code === 'TOKEN_UNSAFE' ||
    code === 'TOKEN_REJECTED' ||
    code === 'QUOTA_EXCEEDED'
  )
    return 'lane';
  return code === 'DISK_FULL' || code === 'DESTINATION_UNUSABLE' ? 'destination' : undefined;
}

function decideRetry(error: IngestError, attempt: Attempt, policy: RetryPolicy): Decision {
  const path = error.context['path'];
  if (error.code === 'LEASE_LOST') return { do: 'nothing' };
  if (attempt.stopped) return { do: 'interrupt' };
  if (typeof path === 'string' && FILE_CODES.includes(error.code))
    return { do: 'recut', path, mark: error.code === 'FILE_UNREADABLE' ? 'unreadable' : 'none' };
  if (attempt.attempts > policy.limit) return { do: 'hold', pause: undefined };
  const wait = error.retryAfterMs ?? backoffMs(attempt, policy);
  return { do: 'retry', notBefore: attempt.now + wait, forgetContainer: false };
}

const FILE_CODES: readonly ErrorCode[] = ['FILE_CHANGED', 'FILE_VANISHED', 'FILE_UNREADABLE'];

/** Doubling waits, each between half and the whole of its step so that many batches do not come back at once. */
function backoffMs({ attempts, random }: Attempt, { firstMs, maxMs }: RetryPolicy): number {
  const step = Math.min(maxMs, firstMs * 2 ** Math.max(0, attempts - 1));
  return Math.round(step * (0.5 + random() / 2));
}
