import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { IngestError } from '../core/errors.ts';
import {
  type BatchId,
  batchId,
  type DestinationName,
  destinationName,
  type OwnerId,
  ownerId,
  type ShareName,
  shareName,
} from '../core/ids.ts';
import type { Batch, PlannedFile, Receipt } from '../core/model.ts';
import type { CollectorCode } from '../core/owner-reason.ts';
import { decodeBytes, encodeBytes, type SharePath } from '../core/share-path.ts';
import type { BatchState } from '../core/states.ts';
import { bytesOf } from './bytes-of.ts';

/** Why a batch is where it is, as kept in the ledger: the last error in words for a person. */
export type BatchError = {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly at: number;
  /** The file it is about, where there is one. */
  readonly path?: string;
};

/** An error as the ledger keeps it. */
export function batchError(error: IngestError, at: number): BatchError {
  const path = error.context['path'];
  return {
    code: error.code,
    message: error.message,
    hint: error.hint,
    at,
    ...(typeof path === 'string' ? { path } : {}),
  };
}

/** Whether some version of the batch's files may be where they belong at the destination, whatever became of it since. */
export const mayHaveArrived = (batch: Pick<BatchHead, 'sent' | 'addendum'>): boolean =>
  batch.sent || batch.addendum;

/** A batch without its list of files: what `status`, `why` and the report need. */
export type BatchHead = {
  readonly no: number;
  readonly id: BatchId;
  readonly lane: string;
  readonly share: ShareName;
  readonly owner: OwnerId;
  readonly destination: DestinationName;
  readonly dataset: SharePath;
  readonly instrument: string;
  readonly rule: string;
  /** Why the collector got it, or somebody other than whom the rule means. */
  readonly reason: string | undefined;
  /** Only for the collector. */
  readonly code: CollectorCode | undefined;
  readonly addendum: boolean;
  /** The first batch of its dataset, where that was delivered or on its way before this one was planned. */
  readonly follows: BatchId | undefined;
  readonly cutFrom: BatchId | undefined;
  readonly files: number;
  readonly bytes: number;
  readonly state: BatchState;
  /** Bytes of it may be at the destination: an attempt got as far as sending. */
  readonly sent: boolean;
  readonly epoch: number;
  readonly attempts: number;
  readonly notBefore: number;
  readonly plannedAt: number;
  readonly changedAt: number;
  readonly runNo: number;
  readonly error: BatchError | undefined;
  readonly receipt: Receipt | undefined;
};

export const HEAD_COLUMNS =
  'no, id, lane, share, owner, destination, dataset, instrument, rule, reason, code, addendum, follows, cut_from, files, bytes, state, sent, epoch, attempts, not_before, planned_at, changed_at, run, error, receipt';

type Row = Record<string, unknown>;

export function headOf(row: Row): BatchHead {
  return {
    no: Number(row['no']),
    id: batchId(String(row['id'])),
    lane: String(row['lane']),
    share: shareName(String(row['share'])),
    owner: ownerId(String(row['owner'])),
    destination: destinationName(String(row['destination'])),
    dataset: decodeBytes(bytesOf(row['dataset'])) as SharePath,
    instrument: String(row['instrument']),
    rule: String(row['rule']),
    reason: textOf(row['reason']),
    code: textOf(row['code']) as CollectorCode | undefined,
    addendum: row['addendum'] === 1,
    follows: textOf(row['follows']) as BatchId | undefined,
    cutFrom: textOf(row['cut_from']) as BatchId | undefined,
    files: Number(row['files']),
    bytes: Number(row['bytes']),
    state: String(row['state']) as BatchState,
    sent: row['sent'] === 1,
    epoch: Number(row['epoch']),
    attempts: Number(row['attempts']),
    notBefore: Number(row['not_before']),
    plannedAt: Number(row['planned_at']),
    changedAt: Number(row['changed_at']),
    runNo: Number(row['run']),
    error: parsed<BatchError>(row['error']),
    receipt: parsed<Receipt>(row['receipt']),
  };
}

/** A text column that may be NULL. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function parsed<T>(value: unknown): T | undefined {
  return typeof value === 'string' ? (JSON.parse(value) as T) : undefined;
}

const apartOf = (value: unknown): { readonly apart?: string } =>
  typeof value === 'string' ? { apart: value } : {};

/** The whole batch; the row must carry `list`, `facts`, `compress`, `apart` and `publish` beside the head's columns. */
export function batchOf(row: Row): Batch {
  const {
    id,
    share,
    owner,
    destination,
    dataset,
    instrument,
    rule,
    reason,
    code,
    addendum,
    follows,
    cutFrom,
    bytes,
    ...head
  } = headOf(row);
  return {
    id,
    share,
    owner,
    destination,
    dataset,
    instrument,
    rule,
    addendum,
    bytes,
    ...(reason === undefined ? {} : { reason }),
    ...(follows === undefined ? {} : { follows }),
    ...(cutFrom === undefined ? {} : { cutFrom }),
    ...(code === undefined ? {} : { code }),
    facts: JSON.parse(String(row['facts'])) as Readonly<Record<string, string>>,
    compress: row['compress'] === 1,
    ...apartOf(row['apart']),
    ...(row['publish'] === 1 ? { publish: true } : {}),
    files: decodeList(bytesOf(row['list'])),
    plannedAt: head.plannedAt,
    epoch: head.epoch,
    attempts: head.attempts,
  };
}

type ListRow = [path: string, size: number, mtime: string, ctime: string, ino: string, as?: string];

/** The list of files, packed: path bytes as text (lossless), size, mtime, ctime, inode, and the safe path if any; zstd. */
export function encodeList(files: readonly PlannedFile[]): Buffer {
  const rows = files.map((file) => [
    encodeBytes(file.path).toString('latin1'),
    file.size,
    String(file.mtimeNs),
    String(file.ctimeNs),
    String(file.ino),
    ...(file.as === undefined ? [] : [file.as]),
  ]);
  return zstdCompressSync(JSON.stringify(rows));
}

export function decodeList(bytes: Uint8Array): PlannedFile[] {
  const rows = JSON.parse(zstdDecompressSync(bytes).toString('utf8')) as ListRow[];
  return rows.map(([path, size, mtime, ctime, ino, as]) => ({
    path: decodeBytes(Buffer.from(path, 'latin1')) as SharePath,
    ...(as === undefined ? {} : { as: as as SharePath }),
    size,
    mtimeNs: BigInt(mtime),
    ctimeNs: BigInt(ctime),
    ino: BigInt(ino),
  }));
}
