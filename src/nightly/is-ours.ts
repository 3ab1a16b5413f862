import type { ErrorCode, IngestError } from '../core/errors.ts';

/** Failures of our own state, not of a share: no other share would fare better. */
const OURS: readonly ErrorCode[] = [
  'DISK_FULL',
  'STATE_DIR_UNUSABLE',
  'LEDGER_UNAVAILABLE',
  'LEDGER_CORRUPT',
];

export const isOurs = (error: IngestError): boolean => OURS.includes(error.code);
