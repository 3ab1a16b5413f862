import type { Companions } from '../core/completion.ts';
import { exactPath, fillGlob, foldCase, type Glob, matchGlob, parseGlob } from '../core/glob.ts';
import { count } from '../core/units.ts';
import { isFile, type Member, type Watch } from './complete-watch.ts';

/** A file that must be there: the pattern filled in, and the directory it is expected in or below. */
type Wanted = { readonly of: Member; readonly glob: Glob; readonly base: string };
type Pair = { readonly every: Glob; readonly has: readonly Glob[] };

/**
 * Every file that a pattern matches has its companions. When no pattern has a directory in it, a directory is judged
 * by itself and forgotten; else all names are kept until the end, as a companion may be anywhere.
 */
export function watchCompanions(pairs: readonly Companions[]): Watch {
  const compiled = pairs.map(
    ({ every, has }): Pair => ({ every: parseGlob(every), has: has.map(parseGlob) }),
  );
  const isLocal = compiled.every(({ every, has }) => [every, ...has].every(isOneName));
  const names: Names = new Map();
  const wanted: Wanted[] = [];
  const missing: Wanted[] = [];
  let missed = 0;

  const settle = (): void => {
    for (const one of wanted) {
      if (isThere(names, one)) continue;
      missed += 1;
      if (missing.length === 0) missing.push(one);
    }
    wanted.length = 0;
    names.clear();
  };
  return {
    see: (entries) => {
      const files = entries.filter(isFile);
      const [first] = files;
      if (first === undefined) return;
      const directory = first.names.folded.slice(0, -1).join('/');
      names.set(directory, new Set(files.map((member) => member.names.folded.at(-1) ?? '')));
      for (const member of files) wanted.push(...wantedBy(member, compiled));
      if (isLocal) settle();
    },
    waits: () => {
      settle();
      const [first] = missing;
      if (first === undefined) return undefined;
      const more = missed === 1 ? '' : ` (and ${count(missed - 1, 'other companion')})`;
      return {
        what: `waits for ${first.glob.text}, the companion of ${first.of.path}${more}`,
        goes: `it can go in the evening after ${missed === 1 ? 'that file appears' : 'these files appear'}`,
        since: first.of.since,
      };
    },
  };
}

/** Folded names by their folded directory. */
type Names = Map<string, Set<string>>;

/** What the first pattern that matches a file asks for. */
function wantedBy(member: Member, pairs: readonly Pair[]): Wanted[] {
  for (const { every, has } of pairs) {
    const match = matchGlob(every, member.names);
    if (match === undefined) continue;
    return has.map((glob) => ({ of: member, glob: fillGlob(glob, match.stars), base: match.base }));
  }
  return [];
}

function isThere(names: Names, { glob, base }: Wanted): boolean {
  const above = glob.anchored || base === '' ? '' : `${foldCase(base)}/`;
  const exact = exactPath(glob);
  if (exact !== undefined) {
    const [directory, name] = split(above + exact);
    return names.get(directory)?.has(name) === true;
  }
  const here: Glob = { ...glob, anchored: true };
  for (const [directory, there] of names) {
    const prefix = directory === '' ? '' : `${directory}/`;
    if (!prefix.startsWith(above)) continue;
    const below = prefix.slice(above.length);
    if (below.split('/').length !== glob.segments.length) continue;
    for (const name of there) if (matchGlob(here, below + name) !== undefined) return true;
  }
  return false;
}

function split(path: string): [directory: string, name: string] {
  const cut = path.lastIndexOf('/');
  return [path.slice(0, Math.max(0, cut)), path.slice(cut + 1)];
}

const isOneName = ({ segments, anchored }: Glob): boolean => segments.length === 1 && !anchored;
