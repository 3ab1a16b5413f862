import type { ErrorCode, IngestError } from '../core/errors.ts';
import type { BatchId } from '../core/ids.ts';
import type { OtherHalf } from '../ledger/cuts.ts';

/** What happens to a batch after an attempt that failed. */
export type Decision =
  | { readonly do: 'retry'; readonly notBefore: number; readonly forgetContainer: boolean }
  | { readonly do: 'hold'; readonly pause: 'lane' | 'destination' | undefined }
  | { readonly do: 'reject' }
  /**
   * Cut again without `paths`. One that could not be read is tried again next evening, one that the destination cannot
   * take stays out until it changes, and one that changed settles again.
   */
  | {
      readonly do: 'recut';
      readonly paths: readonly string[];
      readonly mark: 'none' | 'unreadable' | 'refused';
    }
  /** Cut in halves, each tried by itself, to find what the destination fails on. */
  | { readonly do: 'halve' }
  /** What was cut in halves is put together again and waits for a person: the destination fails on whatever it gets. */
  | { readonly do: 'rejoin'; readonly whole: BatchId }
  /** Its files are planned again under the mapping of today. */
  | { readonly do: 'withdraw' }
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
  /** Files of the batch. */
  readonly files: number;
  /** How often it was put off with the same code before, since it was planned or a person put it back. */
  readonly before: number;
  /** Where it is a half of another batch. */
  readonly otherHalf?: OtherHalf | undefined;
  /** Whether its lane may have a new container for one that was lost. */
  readonly mayReplace?: boolean;
};

/** The one place where an error becomes what is done about it. */
export function decide(error: IngestError, attempt: Attempt, policy: RetryPolicy): Decision {
  const paths = badPaths(error);
  switch (error.disposition) {
    case 'permanent':
      return paths.length > 0 ? { do: 'recut', paths, mark: 'refused' } : { do: 'reject' };
    case 'operator':
      return decideOperator(error, attempt);
    case 'retry':
      return decideRetry(error, attempt, policy);
  }
}

function decideOperator(error: IngestError, attempt: Attempt): Decision {
  const mayBeThere = error.context['mayBeThere'] === true;
  if (error.code === 'CONTAINER_LOST' && attempt.mayReplace === true && !mayBeThere)
    return { do: 'retry', notBefore: attempt.now, forgetContainer: true };
  if (error.code === 'PROCESSING_FAILED') return decideProcessing(error, attempt);
  return { do: 'hold', pause: error.context['ofBatch'] === true ? undefined : pausedBy(error.code) };
}

/**
 * The destination took the parcel and failed on it. A file that it names is taken out; else halves find it, unless it
 * fails on everything: then nothing is torn apart. A single file has a second chance before it is given up.
 */
function decideProcessing(error: IngestError, { now, before, files, otherHalf }: Attempt): Decision {
  if (error.context['ofPlatform'] === true) return { do: 'hold', pause: undefined };
  const paths = badPaths(error);
  if (paths.length > 0) return { do: 'recut', paths, mark: 'refused' };
  if (otherHalf?.saidAlike === true) return { do: 'rejoin', whole: otherHalf.whole };
  if (files > 1) return { do: 'halve' };
  return before === 0 ? { do: 'retry', notBefore: now, forgetContainer: false } : { do: 'reject' };
}

const OF_THE_ACCOUNT: readonly ErrorCode[] = [
  'TOKEN_MISSING',
  'TOKEN_UNSAFE',
  'TOKEN_REJECTED',
  'ACCOUNT_SHARED',
  'QUOTA_EXCEEDED',
];
/** CONFIG_INVALID here: what answers at the destination's address is not what was meant, or sends us elsewhere. */
const OF_THE_DESTINATION: readonly ErrorCode[] = ['DISK_FULL', 'DESTINATION_UNUSABLE', 'CONFIG_INVALID'];

/** A cause that belongs to the owner's account stops its lane, one that belongs to the destination stops that. */
export function pausedBy(code: ErrorCode): 'lane' | 'destination' | undefined {
  if (OF_THE_ACCOUNT.includes(code)) return 'lane';
  return OF_THE_DESTINATION.includes(code) ? 'destination' : undefined;
}

function decideRetry(error: IngestError, attempt: Attempt, policy: RetryPolicy): Decision {
  if (error.code === 'LEASE_LOST') return { do: 'nothing' };
  if (error.code === 'MAPPING_CHANGED') return { do: 'withdraw' };
  if (attempt.stopped) return { do: 'interrupt' };
  const paths = badPaths(error);
  if (paths.length > 0 && FILE_CODES.includes(error.code))
    return { do: 'recut', paths, mark: error.code === 'FILE_UNREADABLE' ? 'unreadable' : 'none' };
  const isOften = error.code === 'PARCEL_DROPPED' && attempt.before >= DROPPED_LIMIT;
  if (isOften || attempt.attempts > policy.limit) return { do: 'hold', pause: undefined };
  const wait = error.retryAfterMs ?? backoffMs(attempt, policy);
  return { do: 'retry', notBefore: attempt.now + wait, forgetContainer: false };
}

/** A platform that drops a parcel so often after the first time drops the next too. */
export const DROPPED_LIMIT = 3;

const FILE_CODES: readonly ErrorCode[] = ['FILE_CHANGED', 'FILE_VANISHED', 'FILE_UNREADABLE'];

/** Doubling waits, each between half and the whole of its step so that many batches do not come back at once. */
function backoffMs({ attempts, random }: Attempt, { firstMs, maxMs }: RetryPolicy): number {
  const step = Math.min(maxMs, firstMs * 2 ** Math.max(0, attempts - 1));
  return Math.round(step * (0.5 + random() / 2));
}

/** The files an error is about: `path` names the first, `paths` all of them where there are more. */
function badPaths({ context }: IngestError): readonly string[] {
  const { path, paths } = context;
  if (Array.isArray(paths)) return paths.map(String);
  return typeof path === 'string' ? [path] : [];
}
