import { posix } from 'node:path';
import type { ShareConfig } from '../config/config.ts';
import { IngestError } from '../core/errors.ts';
import {
  decodeBytes,
  encodeBytes,
  joinPath,
  printable,
  type SharePath,
  sharePath,
} from '../core/share-path.ts';
import type { Ledger } from '../ledger/open-ledger.ts';

/** A place on a share that somebody asked about. */
export type AskedPath = { readonly share: ShareConfig; readonly path: SharePath };

/**
 * What a path on the command line means: an absolute one below a share's root, `<share>:<path>`, one relative to a
 * working directory on a share, or one relative to the only share. Only names are looked at, nothing on the share:
 * a share that hangs would hang us. Throws USAGE.
 */
export function askedPath(text: string, shares: readonly ShareConfig[], cwd: string): AskedPath {
  const named = /^([^/:]+):(.*)$/s.exec(text);
  const share = shares.find(({ name }) => name === named?.[1]);
  if (share !== undefined) return below(share, named?.[2] ?? '', text);
  const at = posix.isAbsolute(text) ? posix.normalize(text) : posix.join(cwd, text);
  const holder = shareAt(at, shares);
  if (holder !== undefined) return below(holder, at.slice(holder.root.length), text);
  const [only] = shares;
  if (posix.isAbsolute(text) || only === undefined || shares.length > 1) throw nowhere(text, shares);
  return below(only, text, text);
}

/** The share that `dir` lies on, the innermost if several. */
function shareAt(dir: string, shares: readonly ShareConfig[]): ShareConfig | undefined {
  return shares
    .filter(({ root }) => dir === root || dir.startsWith(root === '/' ? '/' : `${root}/`))
    .toSorted((a, b) => b.root.length - a.root.length)[0];
}

function below(share: ShareConfig, relative: string, text: string): AskedPath {
  const trimmed = posix.normalize(`./${relative}`).replace(/^\.?\/+|\/+$/g, '');
  try {
    return { share, path: sharePath(trimmed === '.' ? '' : trimmed) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new IngestError('USAGE', `not a path on share ${share.name}: ${printable(text)} (${why})`, {
      hint: `Give a path below ${share.root}, or ${share.name}:PATH.`,
    });
  }
}

function nowhere(text: string, shares: readonly ShareConfig[]): IngestError {
  const places = shares.map(({ name, root }) => `${name}:PATH (${root})`).join(', ');
  return new IngestError('USAGE', `${printable(text)} is on no configured share`, {
    hint: `Give an absolute path below a share's root, or one of ${places}.`,
  });
}

/**
 * The path as it is on the share when it was copied from our own output, where a byte outside UTF-8 and a control
 * character stand as \xNN, a newline as \n; what is really called so comes first.
 */
export function seenPath({ looks }: Pick<Ledger, 'looks'>, asked: AskedPath): AskedPath {
  const { share, path } = asked;
  if (path.includes('\ufffd')) return { share, path: knownAs(looks, asked) ?? path };
  const escaped = unescapedPath(path);
  if (escaped === path || looks.find(share.name, path) !== undefined) return asked;
  return looks.below(share.name, path).next().done === true ? { share, path: escaped } : asked;
}

/** As core/share-path.ts `printable` writes them; no name has a NUL. */
const ESCAPED = /\\n|\\x(?!00)([0-9a-f]{2})|\\u\{([0-9a-f]{2,5})\}/g;

/**
 * A shell hands names over as bytes, and Node puts U+FFFD for what is not UTF-8 in them: the one name of the ledger that
 * would look like that; undefined when there is none, or more than one.
 */
function knownAs(looks: Ledger['looks'], { share, path }: AskedPath): SharePath | undefined {
  const found = new Set<SharePath>();
  const depth = path.split('/').length;
  const tryOne = (known: SharePath): void => {
    if (encodeBytes(known).toString('utf8') === path) found.add(known);
  };
  for (const { dir, entries } of looks.all(share.name)) {
    const names = dir.split('/');
    if (names.length >= depth) tryOne(sharePath(names.slice(0, depth).join('/')));
    if (names.length === depth - 1 || (dir === '' && depth === 1))
      for (const { entry } of entries) tryOne(joinPath(dir, entry.name));
  }
  return found.size === 1 ? [...found][0] : undefined;
}

export function unescapedPath(path: SharePath): SharePath {
  const text = path.replace(ESCAPED, (all, byte?: string, code?: string) => {
    if (byte === undefined && code === undefined) return '\n';
    const value = Number.parseInt(byte ?? code ?? '', 16);
    const char = String.fromCodePoint(byte !== undefined && value >= 0x80 ? 0xdc00 + value : value);
    // Only what we write so: anything else is called so.
    return printable(char) === all && (byte !== undefined || char.isWellFormed()) ? char : all;
  });
  return sharePath(decodeBytes(encodeBytes(text)));
}
