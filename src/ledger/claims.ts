import type { DatabaseSync } from 'node:sqlite';
import type { Claim } from '../core/claim.ts';
import { type BatchId, batchId, ownerId, type ShareName } from '../core/ids.ts';
import type { BatchPlan } from '../core/model.ts';
import { decodeBytes, encodeBytes, type SharePath } from '../core/share-path.ts';
import { count } from '../core/units.ts';
import { decodeList, textOf } from './batch-row.ts';
import { bytesOf } from './bytes-of.ts';
import { recordEvent } from './events.ts';
import type { Looks } from './looks.ts';
import { inTransaction } from './transaction.ts';

/** What is claimed of one batch of the collector: the files that can be delivered again. */
export type ClaimedBatch = {
  readonly id: BatchId;
  readonly no: number;
  readonly paths: readonly SharePath[];
};

/** Claims, oldest first; they are never taken back, only overruled by a rule. */
export function createClaims(db: DatabaseSync, looks: Looks) {
  let revision = 0;
  return {
    all: (share: ShareName): Claim[] =>
      db.prepare('SELECT * FROM claim WHERE share = ? ORDER BY no').all(share).map(claimOf),
    /** Grows with every change by this process. */
    revision: (): number => revision,
    /** Records the claims, and frees their files of the collector's batches: they are planned anew, for the owner. */
    put: (
      share: ShareName,
      claims: readonly Omit<Claim, 'no' | 'batches'>[],
      batches: readonly ClaimedBatch[],
    ): void =>
      inTransaction(db, () => {
        for (const claim of claims) insertClaim(db, share, claim, batches);
        for (const { no, paths } of batches)
          looks.assign(share, paths, (facts) => (facts.batch === no ? { ...facts, batch: 0 } : facts));
        for (const { id, paths } of batches) tellOld(db, id, paths.length, claims);
        revision += 1;
      }),
  };
}

function insertClaim(
  db: DatabaseSync,
  share: ShareName,
  { path, dataset, owner, reason, by, at }: Omit<Claim, 'no' | 'batches'>,
  batches: readonly ClaimedBatch[],
): void {
  db.prepare(
    'INSERT INTO claim (share, path, dataset, owner, reason, by, at, batches) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  ).run(
    share,
    encodeBytes(path),
    encodeBytes(dataset),
    owner,
    reason ?? null,
    by,
    at,
    JSON.stringify(batches.map(({ id }) => id)),
  );
}

function tellOld(
  db: DatabaseSync,
  batch: BatchId,
  files: number,
  [claim]: readonly Omit<Claim, 'no' | 'batches'>[],
): void {
  if (claim === undefined) return;
  const { owner, by, reason, at } = claim;
  const why = reason === undefined ? '' : `: ${reason}`;
  const detail = `${count(files, 'file')} claimed for ${owner} by ${by}${why}; this copy stays`;
  recordEvent(db, { at, batch, what: 'batch.claimed', detail });
}

/** Tells the history of both ends when a batch of claimed files is planned. */
export function tellClaimed(db: DatabaseSync, plan: BatchPlan, at: number): void {
  const no = /^claim (\d+)$/.exec(plan.rule)?.[1];
  const row = no === undefined ? undefined : db.prepare('SELECT * FROM claim WHERE no = ?').get(Number(no));
  if (row === undefined || row['owner'] !== plan.owner) return;
  const paths = new Set(plan.files.map(({ path }) => path));
  const from = claimOf(row).batches.filter((id) => listOf(db, id).some((path) => paths.has(path)));
  if (from.length === 0) return;
  recordEvent(db, { at, batch: plan.id, what: 'batch.claimed', detail: `claimed from ${from.join(', ')}` });
  for (const batch of from) {
    const detail = `delivered again for ${plan.owner} as ${plan.id}`;
    recordEvent(db, { at, batch, what: 'batch.claimed', detail });
  }
}

function listOf(db: DatabaseSync, id: BatchId): SharePath[] {
  const row = db.prepare('SELECT list FROM batch WHERE id = ?').get(id);
  return row === undefined ? [] : decodeList(bytesOf(row['list'])).map(({ path }) => path);
}

function claimOf(row: Record<string, unknown>): Claim {
  const ids = JSON.parse(String(row['batches'])) as string[];
  return {
    no: Number(row['no']),
    path: decodeBytes(bytesOf(row['path'])) as SharePath,
    dataset: decodeBytes(bytesOf(row['dataset'])) as SharePath,
    owner: ownerId(String(row['owner'])),
    reason: textOf(row['reason']),
    by: String(row['by']),
    at: Number(row['at']),
    batches: ids.map(batchId),
  };
}
