/** The account a share is read as. */
export type Reader = { readonly uid: number; readonly gid: number };

/**
 * Makes this process that account, for good and for all its threads; other groups are dropped. Throws when only root
 * could, and when it did not come true.
 */
export function becomeReader({ uid, gid }: Reader): void {
  if (process.geteuid?.() === 0) {
    process.setgroups?.([gid]);
    process.setgid?.(gid);
    process.setuid?.(uid);
  }
  if (process.geteuid?.() === uid && process.getegid?.() === gid) return;
  throw new Error(
    `cannot read as uid ${uid}, gid ${gid}: this needs root, or Nightjar started as that account`,
  );
}
