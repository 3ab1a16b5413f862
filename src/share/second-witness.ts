import { type Names, readNames, tryNames } from './read-names.ts';

/**
 * Network file systems have answered ENOENT and ENOTDIR for what was only out of reach for a moment. So what is not
 * there when it is asked for counts as gone only if its directory does not list it any more; a directory that is not
 * there itself, by the same rule, lists nothing. Paths are below the root, as binary strings.
 */
export function isListed(path: string): boolean {
  const cut = path.lastIndexOf('/');
  const parent = cut < 0 ? '' : path.slice(0, cut);
  const found = tryNames(parent);
  if ('names' in found) return found.names.includes(path.slice(cut + 1));
  return parent === '' || !saysNotThere(found.error) || isListed(parent);
}

/** Nothing is there, or something that is no directory is in the way. */
export const saysNotThere = (error: string): boolean => error === 'ENOENT' || error === 'ENOTDIR';

/** What `read` finds in a directory that was listed before; undefined when it is proven to be gone since. */
export function namesAgain(
  dir: string,
  read: () => readonly string[] = () => readNames(dir),
): Names | undefined {
  if (dir === '') return { names: readNames('') };
  const found = tryNames(dir, read);
  return 'error' in found && saysNotThere(found.error) && !isListed(dir) ? undefined : found;
}

/** Of so many names of a directory the question is asked anew; of more, the last answer is taken. */
const MOST_LISTINGS = 16;

/** `isListed` for the names of one directory, where thousands may be missing at once; `place` is where it was entered. */
export function witnessOf(prefix: string, place = prefix): (name: string) => boolean {
  let asked = 0;
  let last: ReadonlySet<string> | undefined;
  return (name) => {
    if (asked >= MOST_LISTINGS && last !== undefined) return last.has(name);
    asked += 1;
    const found = tryNames(place.slice(0, -1));
    if ('names' in found) last = new Set(found.names);
    return 'names' in found ? found.names.includes(name) : isListed(prefix + name);
  };
}
