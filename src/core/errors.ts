/** Who acts next: the daemon (`retry`), a person (`operator`), or nobody (`permanent`). */
export type Disposition = 'retry' | 'operator' | 'permanent';

/** Every code with its disposition. `docs/errors.md` has a section for each; a test compares the two. */
export const ERROR_CODES = {
  // retry: the daemon
  SHARE_UNREACHABLE: 'retry',
  SHARE_STALLED: 'retry',
  FILE_CHANGED: 'retry',
  FILE_VANISHED: 'retry',
  FILE_UNREADABLE: 'retry',
  QUEUE_UNAVAILABLE: 'retry',
  LEDGER_UNAVAILABLE: 'retry',
  LEDGER_LOCKED: 'retry',
  DESTINATION_UNREACHABLE: 'retry',
  DESTINATION_BUSY: 'retry',
  DESTINATION_STALLED: 'retry',
  DESTINATION_UNCLEAR: 'retry',
  PARCEL_DROPPED: 'retry',
  LEASE_LOST: 'retry',
  MAPPING_CHANGED: 'retry',
  INTERRUPTED: 'retry',
  WATCH_ENDED: 'retry',
  // operator: a person
  SHARE_NOT_PROVEN: 'operator',
  WATCH_LIMIT: 'operator',
  TOKEN_MISSING: 'operator',
  TOKEN_UNSAFE: 'operator',
  TOKEN_REJECTED: 'operator',
  ACCOUNT_SHARED: 'operator',
  QUOTA_EXCEEDED: 'operator',
  DESTINATION_UNUSABLE: 'operator',
  CONTAINER_LOST: 'operator',
  CONTAINER_UNCLEAR: 'operator',
  OUTCOME_UNKNOWN: 'operator',
  TARGET_CONFLICT: 'operator',
  PROCESSING_FAILED: 'operator',
  DELIVERY_CRASHED: 'operator',
  RECEIPT_MISMATCH: 'operator',
  EVIDENCE_GONE: 'operator',
  DISK_FULL: 'operator',
  STATE_DIR_UNUSABLE: 'operator',
  REDIS_MISSING: 'operator',
  CONFIG_INVALID: 'operator',
  MAPPING_NOT_ACCEPTED: 'operator',
  LEDGER_TOO_NEW: 'operator',
  LEDGER_CORRUPT: 'operator',
  HISTORY_BROKEN: 'operator',
  CERTIFICATE_INVALID: 'operator',
  RUN_UNBALANCED: 'operator',
  USAGE: 'operator',
  UNEXPECTED: 'operator',
  // permanent: nobody
  FILE_TOO_LARGE: 'permanent',
  BATCH_REFUSED: 'permanent',
  PATH_UNREPRESENTABLE: 'permanent',
} as const satisfies Record<string, Disposition>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Ids, counts and paths only: never a secret, never file content. */
export type ErrorContext = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>;

/** The one error class. `message` says what was attempted on which thing; `hint` what the person should do. */
export class IngestError extends Error {
  override readonly name = 'IngestError';
  readonly code: ErrorCode;
  readonly hint: string;
  readonly retryAfterMs: number | undefined;
  readonly context: ErrorContext;

  constructor(
    code: ErrorCode,
    message: string,
    details: { hint: string; retryAfterMs?: number | undefined; context?: ErrorContext; cause?: unknown },
  ) {
    super(message, { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.retryAfterMs = details.retryAfterMs;
    this.context = details.context ?? {};
  }

  get disposition(): Disposition {
    return ERROR_CODES[this.code];
  }
}

/** Any thrown value as an IngestError; what is not ours becomes UNEXPECTED with the origin as cause. */
export function asIngestError(thrown: unknown, attempted: string): IngestError {
  if (thrown instanceof IngestError) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new IngestError('UNEXPECTED', `${attempted}: ${reason}`, {
    hint: 'This is a defect in Nightjar: report it with the log lines around it. The batch is kept.',
    cause: thrown,
  });
}

/** The `code` of a Node system error ("ENOENT"), or undefined. */
export function systemCode(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  const code = thrown.code;
  return typeof code === 'string' ? code : undefined;
}
