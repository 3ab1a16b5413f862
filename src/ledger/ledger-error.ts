import { asIngestError, type ErrorCode, IngestError, systemCode } from '../core/errors.ts';

type Meaning = { readonly code: ErrorCode; readonly hint: string };

const FULL: Meaning = {
  code: 'DISK_FULL',
  hint: 'Free space on the file system of the state directory; nothing is lost, the next start goes on.',
};
const UNUSABLE: Meaning = {
  code: 'STATE_DIR_UNUSABLE',
  hint: 'The state directory must exist or be creatable, and belong to the user Nightjar runs as.',
};
const CORRUPT: Meaning = {
  code: 'LEDGER_CORRUPT',
  hint: 'Nothing was changed or mended. Stop Nightjar, keep the file, and put the newest backup in its place: docs/operations.md#backup.',
};
const BUSY: Meaning = { code: 'LEDGER_UNAVAILABLE', hint: 'Another Nightjar process is writing; try again.' };
/** Also a flush (fsync) that failed: what was to be recorded does not count, and whatever came of it is found again. */
const DISK_FAILED: Meaning = {
  code: 'LEDGER_UNAVAILABLE',
  hint: 'The disk of the state directory fails to read or write: see the system log (dmesg) and the disk. It is tried again by itself.',
};

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const MEANINGS: ReadonlyMap<number, Meaning> = new Map([
  [5, BUSY], // SQLITE_BUSY
  [6, BUSY], // SQLITE_LOCKED
  [8, UNUSABLE], // SQLITE_READONLY
  [10, DISK_FAILED], // SQLITE_IOERR
  [11, CORRUPT], // SQLITE_CORRUPT
  [13, FULL], // SQLITE_FULL
  [14, UNUSABLE], // SQLITE_CANTOPEN
  [26, CORRUPT], // SQLITE_NOTADB
]);

/** The ledger is damaged, in words of our own. */
export const corrupt = (message: string): IngestError => new IngestError(CORRUPT.code, message, CORRUPT);

/** SQLite's errors, and those of the file system around it, as ours. */
export function ledgerError(error: unknown, attempted: string): IngestError {
  const { code, hint } = meaningOf(error) ?? {};
  if (code === undefined || hint === undefined) return asIngestError(error, attempted);
  const reason = error instanceof Error ? error.message : String(error);
  return new IngestError(code, `${attempted}: ${reason}`, { hint, cause: error });
}

function meaningOf(error: unknown): Meaning | undefined {
  if (error instanceof IngestError || typeof error !== 'object' || error === null) return undefined;
  if ('errcode' in error) return MEANINGS.get(Number(error.errcode) & 0xff);
  const code = systemCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return FULL;
  return code?.startsWith('E') === true && !code.startsWith('ERR_') ? UNUSABLE : undefined;
}
