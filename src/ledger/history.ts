import type { DatabaseSync } from 'node:sqlite';
import type { BatchId, ShareName } from '../core/ids.ts';
import { decodeBytes, printable, type SharePath } from '../core/share-path.ts';
import { type Audit, auditChain, type HistoryLine, historyLines } from './audit.ts';
import { decodeList } from './batch-row.ts';
import { bytesOf } from './bytes-of.ts';
import { headOfHistory, historyOf, type LedgerEvent, recordEvent } from './events.ts';
import { dirsMovedInto } from './recognised.ts';

/** What of the history is asked for; everything without it. */
export type HistoryFilter = {
  /** Only events of these batches, by id, and those without a batch that name `path`. */
  readonly batches?: ReadonlySet<string>;
  readonly path?: SharePath;
  /** Only what happened from then on, ms since 1970. */
  readonly since?: number;
};

/** Events in the order in which they were recorded. */
function* historyOn(db: DatabaseSync, { batches, path, since }: HistoryFilter): Generator<HistoryLine> {
  for (const line of historyLines(db)) {
    if (since !== undefined && line.at < since) continue;
    if (batches === undefined || isAbout(line, batches, path)) yield line;
  }
}

function isAbout({ batch, detail }: HistoryLine, batches: ReadonlySet<string>, path?: SharePath): boolean {
  if (batch !== null) return batches.has(batch);
  return path !== undefined && path !== '' && (detail.includes(path) || detail.includes(printable(path)));
}

/** Ids of the batches that hold or held a file at or below a path, or whose files are known to be there now. */
function batchesAbout(db: DatabaseSync, share: ShareName, path: SharePath): string[] {
  const rows = db.prepare('SELECT no, id, dataset FROM batch WHERE share = ? ORDER BY no').iterate(share);
  const list = db.prepare('SELECT list FROM batch WHERE no = ?');
  const found: string[] = [];
  for (const row of rows) {
    const dataset = decodeBytes(bytesOf(row['dataset'])) as SharePath;
    const no = Number(row['no']);
    const holds = (): boolean =>
      isAtOrBelow(path, dataset) &&
      decodeList(bytesOf(list.get(no)?.['list'])).some((file) => isAtOrBelow(file.path, path));
    const isThereNow = (): boolean =>
      dirsMovedInto(db, no).some((dir) => isAtOrBelow(dir, path) || isAtOrBelow(path, dir));
    if (isAtOrBelow(dataset, path) || holds() || isThereNow()) found.push(String(row['id']));
  }
  return found;
}

const isAtOrBelow = (path: string, dir: string): boolean =>
  dir === '' || path === dir || path.startsWith(`${dir}/`);

/** The ledger's events. */
export function createHistory(db: DatabaseSync) {
  return {
    history: (id: BatchId): LedgerEvent[] => historyOf(db, id),
    /** Adds an event that belongs to no batch. */
    tell: (event: LedgerEvent): void => recordEvent(db, event),
    historyHead: (): string | undefined => headOfHistory(db),
    audit: (notedHead?: string): Audit => auditChain(db, notedHead),
    historyOn: (about: HistoryFilter): Generator<HistoryLine> => historyOn(db, about),
    batchesAbout: (share: ShareName, path: SharePath): string[] => batchesAbout(db, share, path),
  };
}
