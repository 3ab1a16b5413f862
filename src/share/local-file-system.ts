/**
 * File systems whose kernel sees every change, by the type number of statfs(2). On all others (NFS, SMB, FUSE and what
 * is not known here) somebody else may write without an event, so that events are worse than none.
 */
const LOCAL: ReadonlyMap<number, string> = new Map([
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x2fc12fc1, 'zfs'],
  [0xf2f52010, 'f2fs'],
  [0xca451a4e, 'bcachefs'],
  [0x01021994, 'tmpfs'],
  [0x794c7630, 'overlay'],
]);

/** True where the kernel tells of every change. */
export function isLocalFileSystem(type: number): boolean {
  return LOCAL.has(type);
}
