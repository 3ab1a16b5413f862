import { type ErrorCode, IngestError, systemCode } from '../core/errors.ts';
import { printable, type SharePath } from '../core/share-path.ts';

/** errno(3) names of the read path and what they mean here; all others are FILE_UNREADABLE. */
const CODE_OF: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'FILE_VANISHED',
  // A symbolic link, or no directory, where a directory or file was: something was put in its place.
  ELOOP: 'FILE_CHANGED',
  ENOTDIR: 'FILE_CHANGED',
  EISDIR: 'FILE_CHANGED',
  ENXIO: 'FILE_CHANGED',
  ESTALE: 'SHARE_UNREACHABLE',
  EHOSTDOWN: 'SHARE_UNREACHABLE',
  EHOSTUNREACH: 'SHARE_UNREACHABLE',
  ENETUNREACH: 'SHARE_UNREACHABLE',
  ENOTCONN: 'SHARE_UNREACHABLE',
  // A FUSE file system (sshfs, rclone) that ended while it was asked.
  ECONNABORTED: 'SHARE_UNREACHABLE',
  ETIMEDOUT: 'SHARE_UNREACHABLE',
  ENODEV: 'SHARE_UNREACHABLE',
};

const HINT_OF: Partial<Record<ErrorCode, string>> = {
  FILE_CHANGED: 'Nothing to do: it is planned again when it has settled.',
  FILE_VANISHED:
    'Nothing to do if it was deleted or moved on purpose: its batch is planned again without it.',
  FILE_UNREADABLE:
    'Check the permissions of the file and its directories, and the disk or server below the share.',
  SHARE_UNREACHABLE: 'Check that the file server answers and that the share is mounted.',
};

/** The file is not, or no longer, what was planned. */
export function fileChanged(path: SharePath, how: string): IngestError {
  return failure('FILE_CHANGED', path, how, undefined);
}

/** Anything thrown while a file was opened or read, as the error that says who acts next. */
export function readFailure(thrown: unknown, path: SharePath): IngestError {
  if (thrown instanceof IngestError) return thrown;
  const errno = systemCode(thrown);
  if (errno === undefined) throw thrown;
  return failure(CODE_OF[errno] ?? 'FILE_UNREADABLE', path, errno, thrown);
}

function failure(code: ErrorCode, path: SharePath, reason: string, cause: unknown): IngestError {
  const hint = HINT_OF[code] ?? 'See the code in docs/errors.md.';
  return new IngestError(code, `read ${printable(path)}: ${reason}`, { hint, context: { path }, cause });
}
