import type { AccountFile } from '../core/account.ts';
import type { PlannedFile } from '../core/model.ts';
import type { SharePath } from '../core/share-path.ts';
import { isTelling } from './telling-name.ts';

export type DatasetFile = Pick<PlannedFile, 'path' | 'size' | 'mtimeNs'>;

/** Where a dataset lies in a container. `endings`: of its telling files, what their two paths have in common at the end. */
export type Place = {
  readonly below: string;
  readonly endings: readonly Ending[];
  /** The path of a file of it, in the container. */
  readonly pathOf: (file: DatasetFile) => string;
};
export type Ending = { readonly path: string; readonly size: number };

/** The files of a container, to be asked by name. */
export type ContainerFiles = {
  readonly sizes: ReadonlyMap<string, number>;
  /** A path as the container has it. */
  readonly original: (path: string) => string;
  readonly named: (name: string) => readonly AccountFile[];
  /** What is in it was put there no later than this, ms since 1970. */
  readonly changedAt: number;
};

/** A Mac may write "ü" as two characters, and a browser hands that on. */
const plain = (text: string): string => text.normalize('NFC');

export function containerFiles(files: readonly AccountFile[], changedAt: number): ContainerFiles {
  const all = files.map(({ path, size }) => ({ path: plain(path), size }));
  const originals = new Map(files.map(({ path }) => [plain(path), path]));
  const byName = Map.groupBy(all, ({ path }) => lastOf(path));
  return {
    sizes: new Map(all.map(({ path, size }) => [path, size])),
    original: (path) => originals.get(path) ?? path,
    named: (name) => byName.get(plain(name)) ?? [],
    changedAt,
  };
}

const lastOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/**
 * Where all files of a dataset lie in one container: below one directory of it, as they lie in the dataset or all side by
 * side, each with its size, and none changed on the share since the container was. Undefined: they do not, or no name
 * tells that they are these and not another measurement's. Of several places the one with most of the path in common.
 */
export function placeOf(
  dataset: SharePath,
  files: readonly DatasetFile[],
  there: ContainerFiles,
): Place | undefined {
  const [first, ...rest] = files;
  if (first === undefined || files.some((file) => isLater(file, there))) return undefined;
  const anchor = rest.reduce((largest, file) => (file.size > largest.size ? file : largest), first);
  if (anchor.size === 0) return undefined;
  const places = layoutsOf(dataset, files).flatMap((layout) =>
    belowOf(layout(anchor), anchor.size, there)
      .filter((below) => files.every((file) => there.sizes.get(below + layout(file)) === file.size))
      .map((below) => placed(files, there, (file) => below + layout(file), below)),
  );
  return places
    .filter(({ endings }) => endings.length > 0)
    .toSorted((a, b) => longestOf(b) - longestOf(a))
    .at(0);
}

/** How many of the files that have a telling name and are not empty the container has, wherever, with name and size. */
export function someOf(
  files: readonly DatasetFile[],
  there: ContainerFiles,
): { readonly files: number; readonly bytes: number } {
  const found = files.filter(({ path, size }) => {
    const name = lastOf(path);
    return size > 0 && isTelling(name) && there.named(name).some((one) => one.size === size);
  });
  return { files: found.length, bytes: found.reduce((sum, { size }) => sum + size, 0) };
}

function placed(
  files: readonly DatasetFile[],
  there: ContainerFiles,
  pathOf: Place['pathOf'],
  below: string,
): Place {
  return { below, endings: endingsOf(files, pathOf), pathOf: (file) => there.original(pathOf(file)) };
}

const NS_PER_MS = 1_000_000n;

const isLater = ({ mtimeNs }: DatasetFile, { changedAt }: ContainerFiles): boolean =>
  mtimeNs / NS_PER_MS > BigInt(Math.trunc(changedAt));

type Layout = (file: DatasetFile) => string;

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
  return named(lastOf(path))
    .filter((one) => one.size === size && (one.path === path || one.path.endsWith(`/${path}`)))
    .map((one) => one.path.slice(0, one.path.length - path.length));
}

/** What the paths of each file on the share and in the container have in common at the end, where that is telling. */
function endingsOf(files: readonly DatasetFile[], there: (file: DatasetFile) => string): Ending[] {
  return files.flatMap((file) => {
    if (file.size === 0) return [];
    const parts = commonEnd(plain(file.path).split('/'), there(file).split('/'));
    return parts.some(isTelling) ? [{ path: parts.join('/'), size: file.size }] : [];
  });
}

function commonEnd(one: readonly string[], other: readonly string[]): string[] {
  let length = 0;
  while (length < one.length && length < other.length && one.at(-1 - length) === other.at(-1 - length))
    length += 1;
  return one.slice(one.length - length);
}

const longestOf = ({ endings }: Place): number =>
  Math.max(...endings.map(({ path }) => path.split('/').length));

/** Crosses out the endings that another file of the share has too, with its size; what is left is this dataset's alone. */
export function crossOut(
  endings: Map<string, readonly Ending[]>,
  other: { readonly path: SharePath; readonly size: number },
): void {
  const path = plain(other.path);
  const known = endings.get(lastOf(path));
  if (known === undefined) return;
  const left = known.filter(
    (ending) => ending.size !== other.size || (path !== ending.path && !path.endsWith(`/${ending.path}`)),
  );
  endings.set(lastOf(path), left);
}

/** Endings by the name of their file. */
export const endingsByName = (place: Pick<Place, 'endings'>): Map<string, readonly Ending[]> =>
  Map.groupBy(place.endings, ({ path }) => lastOf(path));
