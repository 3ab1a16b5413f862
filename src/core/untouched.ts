/** What two looks at a file are compared by: no content was read. */
export type FileLook = {
  readonly size: number | bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly ino: bigint;
};

/**
 * File servers answer modification times rounded one way from their cache and another from their disk (FAT keeps two
 * seconds, SMB clients and servers round differently), so that two looks at an untouched file may differ.
 */
const JITTER_NS = 2_000_000_000n;

/** True when nobody wrote the file between two looks: what a write would move besides the mtime has not moved. */
export function isUntouched(a: FileLook, b: FileLook): boolean {
  if (BigInt(a.size) !== BigInt(b.size) || a.ctimeNs !== b.ctimeNs || a.ino !== b.ino) return false;
  return isSameTime(a.mtimeNs, b.mtimeNs);
}

/** The same modification time, as far as a file server can be trusted with it. */
export function isSameTime(a: bigint, b: bigint): boolean {
  const apart = a < b ? b - a : a - b;
  return apart <= JITTER_NS;
}
