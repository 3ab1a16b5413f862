import type { SharePath } from '../core/share-path.ts';
import { isDelivered } from '../core/states.ts';
import type { Batches } from './batches.ts';

/** SHA-256, and the size it was sent with, of a file that a batch delivered; undefined when it delivered no such file. */
export type DeliveredContent = (
  batchNo: number,
  path: SharePath,
) => { readonly size: number; readonly sha256: Uint8Array } | undefined;

const DIGEST_BYTES = 32;

/** Reads the lists and hashes of batches; keeps the last one, as files of a directory come from one or few. */
export function deliveredContent(batches: Batches): DeliveredContent {
  let last: { readonly no: number; readonly files: ReturnType<typeof filesOf> } | undefined;
  return (no, path) => {
    if (last?.no !== no) last = { no, files: filesOf(batches, no) };
    return last.files.get(path);
  };
}

function filesOf(
  batches: Batches,
  no: number,
): Map<SharePath, { readonly size: number; readonly sha256: Uint8Array }> {
  const head = batches.headByNo(no);
  if (head === undefined || !isDelivered(head.state)) return new Map();
  const hashes = batches.hashes(head.id);
  const { files } = batches.get(head.id);
  // A batch without a hash for each of its files proves nothing.
  if (hashes.length !== files.length * DIGEST_BYTES) return new Map();
  return new Map(
    files.map(({ path, size }, at) => [
      path,
      { size, sha256: hashes.subarray(at * DIGEST_BYTES, (at + 1) * DIGEST_BYTES) },
    ]),
  );
}
