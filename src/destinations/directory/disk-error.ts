import { asIngestError, type ErrorCode, IngestError, systemCode } from '../../core/errors.ts';

type Meaning = { readonly code: ErrorCode; readonly hint: string };

const FULL: Meaning = {
  code: 'DISK_FULL',
  hint: 'Make room at the destination, or raise the quota; the batch goes on afterwards. No file in data/ is incomplete.',
};
const CLOSED: Meaning = {
  code: 'DESTINATION_UNUSABLE',
  hint: 'Check that the destination is mounted, read-write, and that the user Nightjar runs as may write there.',
};
const GONE: Meaning = {
  code: 'DESTINATION_UNUSABLE',
  hint: 'It is not there: was it moved, renamed or unmounted? Put it back, or set `root` of the destination in nightjar.yaml to where it is now and restart.',
};
const CLASH: Meaning = {
  code: 'TARGET_CONFLICT',
  hint: 'Something else is where this file belongs: look at it, move it away, then requeue the batch. Nightjar replaces nothing.',
};
const AWAY: Meaning = {
  code: 'DESTINATION_UNREACHABLE',
  hint: 'The file system of the destination does not answer; Nightjar tries again by itself. Look at its mount and server.',
};
const BUSY: Meaning = {
  code: 'DESTINATION_BUSY',
  hint: 'Nightjar tries again by itself. If this stays, raise LimitNOFILE of the service.',
};
const NAME: Meaning = {
  code: 'PATH_UNREPRESENTABLE',
  hint: 'The file system of the destination cannot hold this name. Rename the file on the share, or send it elsewhere by a rule.',
};
const TOO_LARGE: Meaning = {
  code: 'FILE_TOO_LARGE',
  hint: 'The file system of the destination has a smaller limit for one file (FAT: 4 GiB). Use another file system.',
};

const MEANINGS = new Map<string, Meaning>([
  ['ENOSPC', FULL],
  ['EDQUOT', FULL],
  ['EROFS', CLOSED],
  ['EACCES', CLOSED],
  ['EPERM', CLOSED],
  ['ENOENT', GONE],
  ['EEXIST', CLASH],
  ['ENOTDIR', CLASH],
  ['EISDIR', CLASH],
  ['ELOOP', CLASH],
  ['EXDEV', CLASH],
  ['EIO', AWAY],
  ['ESTALE', AWAY],
  ['EHOSTDOWN', AWAY],
  ['EHOSTUNREACH', AWAY],
  ['ENETUNREACH', AWAY],
  ['ETIMEDOUT', AWAY],
  ['ENOTCONN', AWAY],
  ['ENODEV', AWAY],
  ['ENXIO', AWAY],
  ['EREMOTEIO', AWAY],
  ['EBUSY', BUSY],
  ['EMFILE', BUSY],
  ['ENFILE', BUSY],
  ['ENOMEM', BUSY],
  ['ENAMETOOLONG', NAME],
  ['EILSEQ', NAME],
  ['EFBIG', TOO_LARGE],
]);

/** Linux errno values that libuv has no name for ("Unknown system error -116"; libuv include/uv/errno.h). */
const UNNAMED = new Map([
  [-112, 'EHOSTDOWN'],
  [-116, 'ESTALE'],
  [-121, 'EREMOTEIO'],
  [-122, 'EDQUOT'],
]);

/** The errno name of a failed system call, also where Node has none; undefined for anything else. */
export function errnoName(thrown: unknown): string | undefined {
  if (
    typeof thrown === 'object' &&
    thrown !== null &&
    'errno' in thrown &&
    typeof thrown.errno === 'number'
  ) {
    return UNNAMED.get(thrown.errno) ?? systemCode(thrown);
  }
  return systemCode(thrown);
}

/** A failure of the destination's file system as an IngestError; `attempted` is a phrase: "write /a/b". */
export function diskError(thrown: unknown, attempted: string): IngestError {
  if (thrown instanceof IngestError) return thrown;
  const name = errnoName(thrown);
  const meaning = name === undefined ? undefined : MEANINGS.get(name);
  if (name === undefined || meaning === undefined) return asIngestError(thrown, `could not ${attempted}`);
  return new IngestError(meaning.code, `could not ${attempted}: ${name}`, {
    hint: meaning.hint,
    context: { errno: name },
    cause: thrown,
  });
}

/** Awaits one call on the destination's file system; its failure comes as `diskError`. */
export async function onDisk<T>(work: Promise<T>, attempted: () => string): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    throw diskError(thrown, attempted());
  }
}
