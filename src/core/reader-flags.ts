/** What a process that reads a share may do. Whatever is not named here, Node refuses: writing, programs, connections. */
export type ReaderRights = {
  /** Directories, with all below them, and files. */
  readonly read: readonly string[];
  /** Directories it may write below; the share is never one. */
  readonly write?: readonly string[];
  readonly threads?: boolean;
};

/**
 * Node's flags for exactly these rights. They are a second fence, against a mistake of ours or of a package: Node looks
 * at the path as it is written, so a link on the share would lead past it, and it is our own opening step by step that
 * follows none. A thread could be given rights anew by code that wants to, which is what the warning says.
 */
export function readerFlags({ read, write = [], threads = false }: ReaderRights): string[] {
  return [
    '--permission',
    ...read.map((path) => `--allow-fs-read=${path}`),
    ...write.map((path) => `--allow-fs-write=${path}`),
    ...(threads ? ['--allow-worker', '--disable-warning=PERM0006'] : []),
  ];
}

/** Every name below a directory, itself included; said so that it need not be there yet. */
export const below = (dir: string): string => `${dir === '/' ? '' : dir}/*`;

/** Directories that are open, by number: what is opened in one of them cannot be exchanged on the way to it. */
export const OPEN_DIRS = below('/proc/self/fd');
