import { deliveredPath } from '../core/delivered-path.ts';
import type { DestinationName, OwnerId, ShareName } from '../core/ids.ts';
import type { OwnedFile, PlannedFile } from '../core/model.ts';
import { printable, type SharePath } from '../core/share-path.ts';
import { formatBytes } from '../core/units.ts';
import { pathHazard } from './path-hazard.ts';

/** What a destination takes at once: bytes of all files together, and their number. */
export type BatchCaps = { readonly maxBytes: number; readonly maxFiles: number };

/** A file that can never be delivered as it is, and why, for the person who reads the digest. */
export type RejectedFile = {
  readonly path: SharePath;
  readonly share: ShareName;
  readonly owner: OwnerId;
  readonly destination: DestinationName;
  readonly dataset: SharePath;
  readonly instrument: string;
  readonly file: PlannedFile;
  readonly code: 'FILE_TOO_LARGE' | 'PATH_UNREPRESENTABLE';
  readonly reason: string;
};

/** Why a file can never go as it is, by its name or its size; undefined when it can. */
export function rejectionOf(file: OwnedFile, caps: BatchCaps): RejectedFile | undefined {
  const hazard = pathHazard(deliveredPath(file));
  if (hazard !== undefined) {
    const reason = `${printable(file.path)}: ${hazard}. Shorten the names of its directories and it goes next time.`;
    return rejected(file, 'PATH_UNREPRESENTABLE', reason);
  }
  if (file.size <= caps.maxBytes) return undefined;
  const { destination } = file.assignment;
  return rejected(
    file,
    'FILE_TOO_LARGE',
    `${printable(file.path)} has ${formatBytes(file.size)} (${file.size} bytes), ${destination} takes ` +
      `${formatBytes(caps.maxBytes)} (${caps.maxBytes} bytes) in one batch. ` +
      `Raise the limit of ${destination} if it takes more, give the directory another destination, or exclude it.`,
  );
}

function rejected(file: OwnedFile, code: RejectedFile['code'], reason: string): RejectedFile {
  const { owner, destination, dataset, instrument } = file.assignment;
  const { path, share } = file;
  return { path, share, owner, destination, dataset, instrument, file: plannedFile(file), code, reason };
}

/** The part of an owned file that a plan keeps. */
export function plannedFile({ path, as, size, mtimeNs, ctimeNs, ino }: PlannedFile): PlannedFile {
  return { path, ...(as === undefined ? {} : { as }), size, mtimeNs, ctimeNs, ino };
}
