import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lchownSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeBytes } from '../../src/core/share-path.ts';

/** Who may do what with a node, and when it was written (a Date, or milliseconds since 1970). */
type NodeFacts = {
  readonly mtime?: Date | number;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
};

/** One thing in a built share; a bare string or bytes is a file's content. `size` makes a sparse file. */
export type ShareNode =
  | string
  | Uint8Array
  | (NodeFacts & { readonly content?: string | Uint8Array; readonly size?: number })
  | (NodeFacts & { readonly symlink: string })
  | (NodeFacts & { readonly dir: true })
  | (NodeFacts & { readonly fifo: true });

/** A real tree in a temporary directory; gone when disposed of. */
export type BuiltShare = {
  /** Absolute path of the share's root. */
  readonly root: string;
  /** Absolute path of something in it; without argument the root. */
  readonly path: (relative?: string) => string;
  /** Adds or replaces nodes, parents included. */
  readonly put: (tree: Readonly<Record<string, ShareNode>>) => Promise<void>;
  readonly remove: (relative: string) => Promise<void>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

export const MARKER = '.nightjar-share';

/**
 * Builds a share from paths ('/'-separated, written as core/share-path.ts decodes them, so that names outside UTF-8
 * can be given) to nodes. `marker` (default true) puts the marker file into the root. Anyone may read the root.
 */
export async function buildShare(
  tree: Readonly<Record<string, ShareNode>> = {},
  options: { readonly marker?: boolean } = {},
): Promise<BuiltShare> {
  const root = mkdtempSync(join(tmpdir(), 'nightjar-share-'));
  chmodSync(root, 0o755);
  const closed = new Set<string>();
  const put = async (nodes: Readonly<Record<string, ShareNode>>): Promise<void> => {
    const made = new Set<string>();
    for (const [path, node] of Object.entries(nodes)) putNode(root, path, node, made);
    // Modes and times of directories last: what is put into them would change or forbid them.
    for (const [path, node] of Object.entries(nodes).toReversed()) {
      applyFacts(absolute(root, path), node);
      if (isNode(node, 'dir') && node.mode !== undefined) closed.add(path);
    }
  };
  if (options.marker ?? true) await put({ [MARKER]: '' });
  await put(tree);
  return {
    root,
    path: (relative = '') => (relative === '' ? root : join(root, relative)),
    put,
    remove: async (relative) => rmSync(absolute(root, relative), { recursive: true, force: true }),
    [Symbol.asyncDispose]: async () => {
      for (const path of closed) openAgain(absolute(root, path));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function absolute(root: string, path: string): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), encodeBytes(path)]);
}

/** Synchronous calls: a share of 20,000 files is built in a second instead of ten. */
function putNode(root: string, path: string, node: ShareNode, made: Set<string>): void {
  const target = absolute(root, path);
  const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  if (!made.has(parent)) mkdirSync(absolute(root, parent), { recursive: true });
  made.add(parent);
  if (typeof node === 'string' || node instanceof Uint8Array) return writeFileSync(target, node);
  if (isNode(node, 'dir')) {
    mkdirSync(target, { recursive: true });
    return;
  }
  rmSync(target, { force: true });
  if (isNode(node, 'symlink')) return symlinkSync(node.symlink, target);
  if (isNode(node, 'fifo')) {
    execFileSync('mkfifo', [target.toString('utf8')]);
    return;
  }
  const file = node as NodeFacts & { content?: string | Uint8Array; size?: number };
  writeFileSync(target, file.content ?? '');
  if (file.size !== undefined) truncateSync(target, file.size);
}

function openAgain(dir: Buffer): void {
  try {
    chmodSync(dir, 0o700);
  } catch {
    // the test has removed it
  }
}

function applyFacts(target: Buffer, node: ShareNode): void {
  if (typeof node === 'string' || node instanceof Uint8Array) return;
  if (node.uid !== undefined || node.gid !== undefined) {
    lchownSync(target, node.uid ?? -1, node.gid ?? -1);
  }
  if (node.mode !== undefined) chmodSync(target, node.mode);
  if (node.mtime !== undefined) {
    const mtime = typeof node.mtime === 'number' ? new Date(node.mtime) : node.mtime;
    lutimesSync(target, mtime, mtime);
  }
}

function isNode<K extends string>(node: ShareNode, key: K): node is Extract<ShareNode, Record<K, unknown>> {
  return typeof node === 'object' && key in node;
}
