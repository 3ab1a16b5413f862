import type { PlannedFile } from '../core/model.ts';
import { isEnough, LEAST_BYTES } from './by-hand-evidence.ts';
import type { LookingParts, WholeIn } from './look-through-account.ts';
import type { OpenAccount } from './readable-accounts.ts';

/** Whether the bytes decide, and not name and size alone. */
export const comparesBytes = (
  { hashFiles }: Pick<LookingParts, 'hashFiles'>,
  { compares }: OpenAccount,
): boolean => compares && hashFiles !== undefined;

/**
 * Whether the bytes of a dataset that was found by name and size are the same there, where that is wanted. What may not
 * be downloaded, or is more than may be, counts as another: it is sent. So does what is too small, or all alike, and has
 * no other evidence: a header or a blank image is the same in many measurements.
 */
export async function isSame(parts: LookingParts, account: OpenAccount, found: WholeIn): Promise<boolean> {
  if (!comparesBytes(parts, account)) return true;
  const { dataset, place } = found;
  const files = dataset.files.filter(({ size }) => size > 0).toSorted((a, b) => a.size - b.size);
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (bytes > account.asks.bytesLeft) return false;
  // What differs mostly does so in its smallest file too: then the rest needs not be read.
  const pieces = [files.slice(0, 1), files.slice(1)];
  const contents = new Set<string>();
  for (const piece of pieces)
    for (const hash of await sameIn(parts, account, { found, files: piece })) {
      if (hash === undefined) return false;
      contents.add(hash);
    }
  const large = files.filter(({ size }) => size >= LEAST_BYTES).length;
  return isEnough(place.evidence) || (large > 0 && (files.length === 1 || contents.size > 1));
}

/** The hash of each file, which is the same at both places, or undefined: then the rest is not asked for. */
async function sameIn(
  { hashFiles, signal }: LookingParts,
  account: OpenAccount,
  {
    found: { dataset, container, place },
    files,
  }: { readonly found: WholeIn; readonly files: readonly PlannedFile[] },
): Promise<(string | undefined)[]> {
  if (files.length === 0) return [];
  const ours = await hashFiles?.(dataset.share, files, signal);
  const hashes: (string | undefined)[] = [];
  for (const file of files) {
    const expected = ours?.get(file.path);
    const isRead = expected !== undefined && expected !== 'unreadable';
    const here = isRead ? Buffer.from(expected).toString('hex') : undefined;
    const there =
      here === undefined
        ? undefined
        : await account.sha256(container.id, { path: place.pathOf(file), size: file.size });
    if (here === undefined || there !== here) return [...hashes, undefined];
    hashes.push(here);
  }
  return hashes;
}
