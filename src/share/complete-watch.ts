import type { PathNames } from '../core/glob.ts';
import type { EntryKind } from '../core/model.ts';

/** One entry in a dataset's directory or below, whatever rules say of it. Times in ms since 1970, our clock. */
export type Member = {
  /** Below the dataset's directory. */
  readonly path: string;
  readonly names: PathNames;
  readonly kind: EntryKind;
  readonly size: number;
  /** The first look at which it was as it is now. */
  readonly since: number;
  /** What the last try to open it said, where it could not be. */
  readonly tried: 'busy' | 'silent' | undefined;
};

/** Why a dataset cannot go yet, as the parts of one sentence: "run_17 WHAT, since SINCE; THEN". */
export type Wait = { readonly what: string; readonly goes: string; readonly since: number };

/** One condition, held against a dataset directory by directory; parents come before what is in them. */
export type Watch = {
  readonly see: (directory: readonly Member[]) => void;
  /** Asked once, after all directories: undefined when the condition holds. */
  readonly waits: () => Wait | undefined;
};

/** Something that can be delivered or say "done": no link, no device, no directory that cannot be listed. */
export const isFile = ({ kind }: Member): boolean => kind === 'file' || kind === 'unreadable';

/** For conditions about all files: a directory that cannot be listed may hold any number of others. */
export function knowingAll(watch: Watch): Watch {
  let blind: Member | undefined;
  return {
    see: (directory) => {
      blind ??= directory.find(({ kind }) => kind === 'unreadable-dir');
      watch.see(directory);
    },
    waits: () => {
      const wait = watch.waits();
      if (wait !== undefined || blind === undefined) return wait;
      return {
        what: `waits because the directory ${blind.path === '' ? 'itself' : blind.path} cannot be listed and may hold unfinished files`,
        goes: 'it can go in the evening after it can be listed',
        since: blind.since,
      };
    },
  };
}

/** Holds when one of them does. */
export function anyOf(watches: readonly Watch[]): Watch {
  return {
    see: (directory) => {
      for (const watch of watches) watch.see(directory);
    },
    waits: () => {
      const waits = watches.map((watch) => watch.waits());
      if (waits.includes(undefined)) return undefined;
      const known = waits.filter((wait) => wait !== undefined);
      return {
        what: known.map(({ what }) => what).join(', or '),
        goes: 'it can go in the evening after one of these has come true',
        since: Math.max(...known.map(({ since }) => since)),
      };
    },
  };
}

/** Holds when all of them do; the first that does not is told. */
export function allOf(watches: readonly Watch[]): Watch {
  return {
    see: (directory) => {
      for (const watch of watches) watch.see(directory);
    },
    waits: () => {
      const waits = watches.map((watch) => watch.waits()).filter((wait) => wait !== undefined);
      const [first, ...others] = waits;
      if (first === undefined || others.length === 0) return first;
      return { ...first, what: `${first.what} (and ${others.length} more)` };
    },
  };
}
