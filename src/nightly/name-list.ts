import { hazardAt } from '../core/safe-name.ts';
import { printable, type SharePath } from '../core/share-path.ts';
import type { Verdict } from './judge.ts';

/** A file or directory that is delivered under another name; shown as a person may read it. */
export type ChangedName = {
  readonly share: string;
  /** On the share; of a directory with '/' behind it. */
  readonly path: string;
  /** The name it is delivered under. */
  readonly as: string;
  readonly hazard: string;
  /** How many files have it in their path. */
  files: number;
};

/** The changed names of one owner, and how many files have others that are not listed. */
export type OwnerNames = {
  readonly owner: string;
  readonly names: readonly ChangedName[];
  readonly moreFiles: number;
};

export type NameList = Map<string, { readonly names: Map<string, ChangedName>; moreFiles: number }>;

/** Names listed of one owner; what is beyond is counted. */
const MAX_NAMES = 100;
const TWIN = 'another name in its directory differs only in capitals or Unicode form';

export const newNameList = (): NameList => new Map();

/** Adds what is changed in the path of a file: its own name, and those of its directories. */
export function addNames(list: NameList, verdict: Pick<Verdict, 'share' | 'owner' | 'path' | 'as'>): void {
  const { share, owner, path, as } = verdict;
  if (as === undefined) return;
  const of = list.get(owner) ?? { names: new Map<string, ChangedName>(), moreFiles: 0 };
  list.set(owner, of);
  let isMore = false;
  for (const changed of changedIn(path, as)) {
    const key = `${share}:${changed.path}`;
    const known = of.names.get(key) ?? { share, ...changed, files: 0 };
    if (of.names.has(key) || of.names.size < MAX_NAMES) of.names.set(key, known);
    else isMore = true;
    known.files += 1;
  }
  if (isMore) of.moreFiles += 1;
}

/** In the order of the owners' names. */
export function namesByOwner(list: NameList): OwnerNames[] {
  return [...list]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([owner, { names, moreFiles }]) => ({ owner, names: [...names.values()], moreFiles }));
}

/** The names in a path that are not delivered as they are, from the top down. */
export function changedIn(path: SharePath, as: SharePath): Pick<ChangedName, 'path' | 'as' | 'hazard'>[] {
  const own = path.split('/');
  return as.split('/').flatMap((name, depth, all) => {
    const of = own[depth] ?? '';
    if (name === of) return [];
    const dir = own.slice(0, depth).join('/') as SharePath;
    const end = depth < all.length - 1 ? '/' : '';
    const hazard = hazardAt(dir, of) ?? TWIN;
    return [
      { path: `${printable([...own.slice(0, depth), of].join('/'))}${end}`, as: `${name}${end}`, hazard },
    ];
  });
}
