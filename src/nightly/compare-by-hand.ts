import type { OpenAccount } from './find-by-hand.ts';
import type { LookingParts, WholeIn } from './look-through-account.ts';

/**
 * Whether the bytes of a dataset that was found by name and size are the same there, where that is wanted. What may not
 * be downloaded, or is more than may be, counts as another: it is sent.
 */
export async function isSame(
  { hashFiles, signal }: LookingParts,
  account: OpenAccount,
  { dataset, container, place }: WholeIn,
): Promise<boolean> {
  if (!account.compares || hashFiles === undefined) return true;
  const files = dataset.files.filter(({ size }) => size > 0);
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (bytes > account.asks.bytesLeft) return false;
  const ours = await hashFiles(dataset.share, files, signal);
  for (const file of files) {
    const expected = ours.get(file.path);
    if (expected === undefined) return false;
    const there = await account.sha256(container.id, { path: place.pathOf(file), size: file.size });
    if (there !== Buffer.from(expected).toString('hex')) return false;
  }
  return true;
}
