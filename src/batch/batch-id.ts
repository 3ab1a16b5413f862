import { createHash } from 'node:crypto';
import { type BatchId, batchId } from '../core/ids.ts';
import type { BatchPlan } from '../core/model.ts';

export type BatchIdentity = Pick<
  BatchPlan,
  'share' | 'owner' | 'destination' | 'dataset' | 'addendum' | 'files'
>;

/**
 * The same work has the same id: a hash of whose, where to, and every path, size and mtime, but no content. So a
 * repeated run, a repeated job and a rebuilt queue all meet. `files` must be sorted by path bytes. The path a file is
 * delivered under counts where it is another than its own: bytes that go to another place are other work.
 */
export function batchIdOf(batch: BatchIdentity): BatchId {
  const hash = createHash('sha256');
  hash.update(line(batch.owner, batch.destination, batch.share, batch.dataset, batch.addendum));
  for (const { path, size, mtimeNs, as } of batch.files)
    hash.update(line(path, size, mtimeNs.toString(), ...(as === undefined ? [] : [as])));
  return batchId(`b-${hash.digest('hex').slice(0, 32)}`);
}

/** One JSON array a line: no two different lists of values give the same text. */
function line(...values: readonly (string | number | boolean)[]): string {
  return `${JSON.stringify(values)}\n`;
}
