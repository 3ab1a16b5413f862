import { closeSync } from 'node:fs';

/**
 * Closes what was only read. A share that died in the meantime says so here too (FUSE answers ENOTCONN, NFS ESTALE), and
 * that must not hide what the reading told: every byte that was wanted had come, or its own failure is under way.
 */
export function closeRead(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // The number is free either way (close(2)).
  }
}
