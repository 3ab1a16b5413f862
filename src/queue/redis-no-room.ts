import { statfs } from 'node:fs/promises';
import { IngestError } from '../core/errors.ts';
import type { RedisPlace } from './redis-dir.ts';

/** DISK_FULL when a server that ended at its start most likely lacked room, or an inode for its socket, in its place. */
export async function noRoomFor({ dir }: RedisPlace, failure: Error): Promise<IngestError | undefined> {
  // Some file systems (btrfs) count no inodes at all.
  const { bavail, ffree, files } = await statfs(dir);
  if (bavail > 0 && (files === 0 || ffree > 0)) return undefined;
  return new IngestError('DISK_FULL', `start Redis in ${dir}: no space or no inodes left`, {
    hint: 'Make room on the file system of the state directory. Nothing is lost: the ledger has the work.',
    context: { path: dir },
    cause: failure,
  });
}
