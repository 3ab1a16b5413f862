import type { ShareName } from '../core/ids.ts';
import { isPlain, safeNameAt } from '../core/safe-name.ts';
import { joinPath, nameOf, parentOf, type SharePath } from '../core/share-path.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import type { Neighbour } from '../ledger/neighbours.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import { changedNames, type DirNames, keyOf } from './changed-names.ts';

/** The one answer to "under which name"; undefined where it is the file's own. */
export type Names = {
  /** As it would be planned now. */
  readonly next: (share: ShareName, path: SharePath) => SharePath | undefined;
  /** As it was planned, whatever would be done now. */
  readonly planned: (batch: Pick<BatchHead, 'id' | 'no' | 'share'>, path: SharePath) => SharePath | undefined;
};

/**
 * Reads a directory's names once, as long as its files and those below it are asked for one after another. What it
 * has answered once it answers again: make a new one for each pass.
 */
export function createNames({ neighbours, batches }: Pick<Ledger, 'neighbours' | 'batches'>): Names {
  const dirAt = dirReader(neighbours);
  const inBatches = new Map<number, ReadonlyMap<SharePath, SharePath>>();
  const next: Names['next'] = (share, path) => {
    const dir = parentOf(path);
    const name = nameOf(path);
    const step = dirAt(share, dir);
    if (step.isPlain && isPlain(name)) return undefined;
    const as = joinPath(step.as, nameIn(step, { name, kind: 'file' }));
    return as === path ? undefined : as;
  };
  return {
    next,
    planned: ({ id, no, share }, path) => {
      // Only then the batch's list is worth reading; a batch of an older version may have the own name all the same.
      if (next(share, path) === undefined) return undefined;
      const known = inBatches.get(no) ?? changedIn(batches.get(id).files);
      inBatches.set(no, known);
      return known.get(path);
    },
  };
}

function changedIn(files: ReturnType<Ledger['batches']['get']>['files']): ReadonlyMap<SharePath, SharePath> {
  return new Map(files.flatMap(({ path, as }) => (as === undefined ? [] : [[path, as]])));
}

/** A directory, the path it is delivered under, and the names in it that are not delivered as they are. */
type Step = {
  readonly share: ShareName;
  readonly dir: SharePath;
  readonly as: SharePath;
  readonly changed: ReadonlyMap<string, string>;
  readonly given: DirNames['given'];
  /** Nothing about it has to be changed: whoever is plain stays. */
  readonly isPlain: boolean;
};

function dirReader(neighbours: Ledger['neighbours']): (share: ShareName, dir: SharePath) => Step {
  const way: Step[] = [];
  const givenOf = givenByShare(neighbours);
  return function at(share: ShareName, dir: SharePath): Step {
    const known = onWay(way, share, dir);
    if (known !== undefined) return known;
    const as = dir === '' ? dir : dirPath(at(share, parentOf(dir)), nameOf(dir));
    const all = givenOf(share);
    const given: DirNames['given'] = (one) => all.names.get(joinPath(dir, keyOf(one)));
    const isGiven = all.dirs.has(dir);
    const changed = changedNames({ ...neighbours.in(share, dir), dir, given, isGiven });
    const isPlain = as === dir && changed.size === 0 && !isGiven;
    const step = { share, dir, as, changed, given, isPlain };
    way.push(step);
    return step;
  };
}

function dirPath(above: Step, name: string): SharePath {
  return joinPath(above.as, nameIn(above, { name, kind: 'directory' }));
}

/** Of what is there no more too: then it is as it was given, or as the name alone decides. */
function nameIn({ dir, changed, given }: Step, one: Neighbour): string {
  return changed.get(keyOf(one)) ?? given(one) ?? safeNameAt(dir, one.name);
}

type Given = { readonly names: ReadonlyMap<string, string>; readonly dirs: ReadonlySet<string> };

function givenByShare(neighbours: Ledger['neighbours']): (share: ShareName) => Given {
  const known = new Map<ShareName, Given>();
  return (share) => {
    const kept = known.get(share);
    if (kept !== undefined) return kept;
    const names = neighbours.given(share);
    const dirs = new Set(Array.from(names.keys(), dirOfKey));
    known.set(share, { names, dirs });
    return { names, dirs };
  };
}

/** The directory that holds the file, or the directory whose key ends with '/'. */
const dirOfKey = (key: string): string => parentOf(key.replace(/\/$/, '') as SharePath);

/** The step of that directory on the way from a share's root to where was asked last; what is not above it is let go. */
function onWay(way: Step[], share: ShareName, dir: SharePath): Step | undefined {
  for (let last = way.at(-1); last !== undefined; last = way.at(-1)) {
    if (last.share === share && last.dir === dir) return last;
    if (last.share === share && (last.dir === '' || dir.startsWith(`${last.dir}/`))) return undefined;
    way.pop();
  }
  return undefined;
}
