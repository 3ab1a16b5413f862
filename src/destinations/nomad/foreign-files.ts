import { printable } from '../../core/share-path.ts';
import type { Call, RemoteContainer } from '../destination.ts';
import type { Connection } from './connection.ts';
import { type RawEntry, rawDirPages } from './raw-dir.ts';

/** What is told of them; one is enough to know. */
const MOST = 3;

/**
 * The first few files of an upload that are not expected in it, and those that are not as expected, as sentences; none:
 * it holds exactly these. Undefined: the credential may not read. `expected`: sizes by path, where they are known.
 */
export async function foreignFiles(
  connection: Connection,
  { id: upload }: RemoteContainer,
  expected: ReadonlyMap<string, number | undefined>,
  call: Call,
): Promise<readonly string[] | undefined> {
  const missing = new Map(expected);
  const dirs = parentsOf(expected.keys());
  const foreign: string[] = [];
  for (const dir of ['', ...dirs]) {
    const wrongOf = ({ name, size, isFile }: RawEntry): string[] => {
      const path = dir === '' ? name : `${dir}/${name}`;
      if (isFile) missing.delete(path);
      const isOurs = isFile ? isExpected(path, size, expected) : dirs.has(path) || path === STATUS_DIR;
      return isOurs ? [] : [printable(path)];
    };
    for await (const page of rawDirPages(connection, { upload, dir }, call)) {
      if (page === undefined) return undefined;
      foreign.push(...page.flatMap(wrongOf));
      if (foreign.length >= MOST) return foreign.slice(0, MOST);
    }
  }
  const [lacks] = [...missing].filter(([, size]) => size !== undefined);
  return lacks === undefined ? foreign : [...foreign, `${printable(lacks[0])} (missing)`];
}

/** Below it, directories by whose making the platform was asked how it is. */
const STATUS_DIR = '.nightjar-status';

function isExpected(path: string, size: number, expected: ReadonlyMap<string, number | undefined>): boolean {
  return expected.has(path) && (expected.get(path) ?? size) === size;
}

function parentsOf(paths: Iterable<string>): ReadonlySet<string> {
  const dirs = new Set<string>();
  for (const path of paths)
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
      dirs.add(path.slice(0, at));
  return dirs;
}
