import { statfs } from 'node:fs/promises';
import { IngestError } from '../../core/errors.ts';
import type { Batch, PlannedFile } from '../../core/model.ts';
import { formatBytes } from '../../core/units.ts';
import type { HeldDir } from './dir-walk.ts';
import { onDisk } from './disk-error.ts';

/** "1.2 TiB of 4 TiB free", or undefined for a file system that does not count. DISK_FULL with less than `room` bytes. */
export async function freeSpace(path: string, room: number): Promise<string | undefined> {
  const { bavail, blocks, bsize } = await onDisk(statfs(path), () => `ask for the free space of ${path}`);
  if (blocks === 0) return undefined;
  if (room > bavail * bsize)
    throw new IngestError('DISK_FULL', `${path}: ${formatBytes(room)} are needed`, {
      hint: 'Make room there.',
    });
  return `${formatBytes(bavail * bsize)} of ${formatBytes(blocks * bsize)} free`;
}

/**
 * Fails with DISK_FULL and the numbers when the files cannot fit; a quota is only noticed while writing. `ofBatch`: a
 * smaller batch may fit.
 */
export async function requireSpace(dir: HeldDir, batch: Batch, files: readonly PlannedFile[]): Promise<void> {
  const attempted = () => `ask for the free space of ${dir.path}`;
  const disk = await onDisk(statfs(`/proc/self/fd/${dir.handle.fd}`), attempted);
  const needed = files.reduce((sum, file) => sum + Math.ceil(file.size / disk.bsize) * disk.bsize, 0);
  const free = disk.bavail * disk.bsize;
  // Network and fuse file systems may report no blocks, and btrfs no inodes: zero of zero says nothing.
  if (disk.blocks > 0 && needed > free) {
    throw full(batch, `${formatBytes(needed)} are needed at ${dir.path}, ${formatBytes(free)} are free`, {
      neededBytes: needed,
      freeBytes: free,
      ofBatch: true,
    });
  }
  if (disk.files > 0 && files.length > disk.ffree) {
    throw full(batch, `${files.length} inodes are needed at ${dir.path}, ${disk.ffree} are free`, {
      neededFiles: files.length,
      freeFiles: disk.ffree,
    });
  }
}

function full(batch: Batch, why: string, numbers: Readonly<Record<string, number | boolean>>): IngestError {
  return new IngestError('DISK_FULL', `could not deliver ${batch.id}: ${why}`, {
    hint: 'Make room at the destination; the batch goes on by itself afterwards. Nothing of it was written.',
    context: { batchId: batch.id, ...numbers },
  });
}
