import type { AccountContainer, ListedFile } from '../core/account.ts';
import type { PlannedFile } from '../core/model.ts';
import type { SharePath } from '../core/share-path.ts';
import { type Evidence, evidenceOf, isEnough, plain } from './by-hand-evidence.ts';
import { isOwnName } from './telling-name.ts';

export type DatasetFile = Pick<PlannedFile, 'path' | 'size' | 'mtimeNs'>;

/** Where a dataset lies in a container, and what tells that it is this one. */
export type Place = {
  readonly below: string;
  readonly evidence: Evidence;
  /** The path of a file of it, in the container. */
  readonly pathOf: (file: DatasetFile) => string;
};

/** The files of a container, to be asked by name. */
export type ContainerFiles = {
  readonly at: (path: string) => ListedFile | undefined;
  readonly named: (name: string) => readonly ListedFile[];
} & Times;
type Times = Pick<AccountContainer, 'madeAt' | 'changedAt'>;

export function containerFiles(files: readonly ListedFile[], { madeAt, changedAt }: Times): ContainerFiles {
  const byPath = new Map(files.map((file) => [plain(file.path), file]));
  const byName = Map.groupBy(files, ({ path }) => plain(lastOf(path)));
  return {
    ...{ madeAt, changedAt },
    at: (path) => byPath.get(path),
    named: (name) => byName.get(plain(name)) ?? [],
  };
}

const lastOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** What decides: names, sizes and times alone, or the bytes, which are compared afterwards. */
export type By = 'name' | 'content';

/**
 * Where all files of a dataset lie in one container: below one directory of it, as they lie in the dataset or all side by
 * side, each with its size, and none changed on the share after it was there. By name, only with evidence that is
 * enough. Of several places the one with most of the path in common.
 */
export function placeOf(
  dataset: SharePath,
  files: readonly DatasetFile[],
  there: ContainerFiles,
  by: By = 'name',
): Place | undefined {
  const [first, ...rest] = files;
  if (first === undefined) return undefined;
  const anchor = rest.reduce((largest, file) => (file.size > largest.size ? file : largest), first);
  if (anchor.size === 0) return undefined;
  const places = layoutsOf(dataset, files).flatMap((layout) =>
    belowOf(layout(anchor), anchor.size, there)
      .filter((below) => files.every((file) => isThere(file, below + layout(file), { there, by })))
      .map((below) => placed(plain(dataset), files, { there, below, layout })),
  );
  return places
    .filter(({ evidence }) => by === 'content' || isEnough(evidence))
    .toSorted((a, b) => longestOf(b) - longestOf(a))
    .at(0);
}

/** How many of the files that have a name of their own and are not empty the container has, wherever, with name and size. */
export function someOf(
  files: readonly DatasetFile[],
  there: ContainerFiles,
): { readonly files: number; readonly bytes: number } {
  const found = files.filter(({ path, size }) => {
    const name = lastOf(path);
    return size > 0 && isOwnName(name) && there.named(name).some((one) => one.size === size);
  });
  return { files: found.length, bytes: found.reduce((sum, { size }) => sum + size, 0) };
}

const NS_PER_MS = 1_000_000n;

/**
 * By name a file counts up to the instant until which it is sure that it was not there in an earlier version: what was
 * changed on the share after that may be a new one that is as long. By content what the container cannot have does not.
 */
function isThere(
  { size, mtimeNs }: DatasetFile,
  path: string,
  { there, by }: { readonly there: ContainerFiles; readonly by: By },
): boolean {
  const found = there.at(path);
  if (found === undefined || found.size !== size) return false;
  const until = by === 'content' ? there.changedAt : (found.until ?? there.madeAt);
  return mtimeNs / NS_PER_MS <= BigInt(Math.trunc(until));
}

type Layout = (file: DatasetFile) => string;

function placed(
  dataset: string,
  files: readonly DatasetFile[],
  {
    there,
    below,
    layout,
  }: { readonly there: ContainerFiles; readonly below: string; readonly layout: Layout },
): Place {
  const found = files.map((file) => ({
    ...{ path: plain(file.path), size: file.size, there: below + layout(file) },
  }));
  const pathOf = (file: DatasetFile): string => {
    const path = below + layout(file);
    return there.at(path)?.path ?? path;
  };
  return { below, evidence: evidenceOf(dataset, found), pathOf };
}

const sideBySide: Layout = ({ path }) => plain(lastOf(path));

/** As the files lie below the dataset, and side by side where no two have the same name. */
function layoutsOf(dataset: SharePath, files: readonly DatasetFile[]): Layout[] {
  const prefix = dataset === '' ? 0 : dataset.length + 1;
  const asTheyLie: Layout = ({ path }) => plain(path.slice(prefix));
  const names = new Set(files.map(sideBySide));
  const isNested = files.some((file) => asTheyLie(file) !== sideBySide(file));
  return isNested && names.size === files.length ? [asTheyLie, sideBySide] : [asTheyLie];
}

/** The directories, with '/' behind them, below which `path` is with that size. */
function belowOf(path: string, size: number, { named }: ContainerFiles): string[] {
  return named(lastOf(path)).flatMap((one) => {
    const at = plain(one.path);
    return one.size === size && `/${at}`.endsWith(`/${path}`) ? [at.slice(0, at.length - path.length)] : [];
  });
}

const longestOf = ({ evidence: { endings }, below }: Place): number =>
  Math.max(below.split('/').length, ...endings.map(({ path }) => path.split('/').length));
