import { isOwnName, isTelling } from './telling-name.ts';

/**
 * What tells that files in a container are these and not another measurement's with the same names and sizes, as an
 * instrument writes them every day. One of `endings` is enough, or `needed` of the `sizes`.
 */
export type Evidence = {
  /** Of files whose two paths have in common what only one measurement is called; that common end. */
  readonly endings: readonly FileLike[];
  /** Of files that are not small, and of which no two are equally large. */
  readonly sizes: readonly FileLike[];
  readonly needed: number;
};
/** `path` is the end of a path, or a whole one. */
export type FileLike = { readonly path: string; readonly size: number };

/** A file of a dataset and where it is in the container; paths in the form in which they are compared. */
export type Placed = { readonly path: string; readonly size: number; readonly there: string };

/** A smaller file is as large as many others are. */
export const LEAST_BYTES = 1000;
const NEEDED_IN_ITS_FOLDER = 2;
const NEEDED_ANYWHERE = 3;

export function evidenceOf(dataset: string, files: readonly Placed[]): Evidence {
  const common = files.map((file) => ({ file, end: commonEnd(file.path, file.there) }));
  const endings = common.flatMap(({ file, end }) =>
    file.size > 0 && (isWhole(dataset, file, end) || end.some(isTelling))
      ? [{ path: end.join('/'), size: file.size }]
      : [],
  );
  const isInItsFolder = common.every(({ file, end }) => isFolderNamed(dataset, file, end));
  const countable = isInItsFolder ? files : files.filter(({ there }) => isOwnName(nameOf(there)));
  return {
    endings,
    sizes: unlikeEachOther(countable, files),
    needed: isInItsFolder ? NEEDED_IN_ITS_FOLDER : NEEDED_ANYWHERE,
  };
}

export const isEnough = ({ endings, sizes, needed }: Evidence): boolean =>
  endings.length > 0 || sizes.length >= needed;

/** The path on the share is in the container from the share's root on, and is more than one name. */
const isWhole = (dataset: string, { path }: Placed, end: readonly string[]): boolean =>
  dataset.includes('/') && end.length === path.split('/').length;

/** The dataset's folder is in the container under its name, and it, or one above it there, is not called like any. */
function isFolderNamed(dataset: string, { path }: Placed, end: readonly string[]): boolean {
  if (dataset === '') return false;
  const inside = path.slice(dataset.length + 1).split('/').length;
  return end.length > inside && end.slice(0, -inside).some(isOwnName);
}

function unlikeEachOther(countable: readonly FileLike[], all: readonly FileLike[]): FileLike[] {
  const bySize = Map.groupBy(all, ({ size }) => size);
  return countable.flatMap(({ path, size }) =>
    size >= LEAST_BYTES && bySize.get(size)?.length === 1 ? [{ path, size }] : [],
  );
}

function commonEnd(path: string, there: string): string[] {
  const [one, other] = [path.split('/'), there.split('/')];
  let length = 0;
  while (length < one.length && length < other.length && one.at(-1 - length) === other.at(-1 - length))
    length += 1;
  return one.slice(one.length - length);
}

/**
 * Shows the evidence of several finds to every other file of the share, and crosses out what is not theirs alone: an
 * ending that the file has too with that size, a size that a file of the same kind has too, whatever it is called.
 */
export function crossing<T>(
  finds: readonly { readonly of: T; readonly own: ReadonlySet<string>; readonly evidence: Evidence }[],
) {
  const open = finds.map(({ of, own, evidence }) => ({
    ...{ of, own, needed: evidence.needed },
    endings: new Set(evidence.endings),
    sizes: new Set(evidence.sizes),
  }));
  const byName = indexOf(open, 'endings', ({ path, size }) => `${size} ${nameOf(path)}`);
  const bySize = indexOf(open, 'sizes', kindOf);
  return {
    show: (path: string, size: number): void => {
      const other = plain(path);
      for (const { find, file } of byName.get(`${size} ${nameOf(other)}`) ?? [])
        if (!find.own.has(path) && `/${other}`.endsWith(`/${file.path}`)) find.endings.delete(file);
      for (const { find, file } of bySize.get(kindOf({ path: other, size })) ?? [])
        if (!find.own.has(path)) find.sizes.delete(file);
    },
    /** Those whose evidence is still enough. */
    left: (): T[] =>
      open
        .filter(({ endings, sizes, needed }) =>
          isEnough({ endings: [...endings], sizes: [...sizes], needed }),
        )
        .map(({ of }) => of),
  };
}

type Open = { readonly endings: Set<FileLike>; readonly sizes: Set<FileLike> };

function indexOf<F extends Open>(finds: readonly F[], what: keyof Open, keyOf: (file: FileLike) => string) {
  return Map.groupBy(
    finds.flatMap((find) => [...find[what]].map((file) => ({ find, file }))),
    ({ file }) => keyOf(file),
  );
}

/** Files that an instrument may write equally large: same extension, same size. */
function kindOf({ path, size }: FileLike): string {
  const name = nameOf(path);
  return `${size} ${name.slice(name.lastIndexOf('.') + 1).toLowerCase()}`;
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** A Mac may write "ü" as two characters, and a browser hands that on. */
export const plain = (text: string): string => text.normalize('NFC');
