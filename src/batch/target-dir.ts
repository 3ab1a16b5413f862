import type { Batch } from '../core/model.ts';
import { utcDay } from '../core/utc.ts';

/**
 * Directory below the container that receives the batch: the share's name, so that every file has one place. An
 * addendum (another version of a path that was delivered before) gets a dated directory of its own, so that it can
 * never replace the first version; what it is cut into goes there too, over what may have arrived of it.
 */
export function targetDir(batch: Pick<Batch, 'id' | 'cutFrom' | 'share' | 'addendum' | 'plannedAt'>): string {
  if (!batch.addendum) return batch.share;
  const day = utcDay(batch.plannedAt);
  return `_addenda/${day}_${(batch.cutFrom ?? batch.id).slice(2, 10)}/${batch.share}`;
}
