import type { Completion, Condition } from '../core/completion.ts';
import { foldCase, matchGlob, parseGlob, pathNames } from '../core/glob.ts';
import type { Entry } from '../core/model.ts';
import { nameOf, type SharePath } from '../core/share-path.ts';
import { formatBytes } from '../core/units.ts';
import { watchCompanions } from './complete-companions.ts';
import { allOf, anyOf, isFile, knowingAll, type Member, type Wait, type Watch } from './complete-watch.ts';
import { tempNames } from './temp-names.ts';

/** A directory with what is known of each entry, as the ledger has it. */
export type SeenDir = {
  readonly dir: SharePath;
  readonly entries: readonly {
    readonly entry: Entry;
    readonly facts: { readonly since: number; readonly tried?: 'busy' | 'silent' };
  }[];
};

/**
 * Holds a dataset against what its rule asks: give it the directories that `belongs` says yes to, parents first.
 * Pure: it only ever keeps a dataset back, two equal looks are needed all the same.
 */
export function checkCompletion(completion: Completion, directories: Iterable<SeenDir>): Wait | undefined {
  const watch = watchOf(completion.condition, completion.facts);
  for (const seen of directories)
    if (completion.deep || seen.dir === completion.dir) watch.see(membersOf(completion.dir, seen));
  const wait = watch.waits();
  if (wait === undefined) return undefined;
  const name = completion.dir === '' ? 'the share' : nameOf(completion.dir);
  return { ...wait, what: `${name} ${wait.what} (${completion.by})` };
}

function membersOf(above: SharePath, { dir, entries }: SeenDir): Member[] {
  const below = dir.slice(above === '' ? 0 : above.length + 1);
  const prefix = below === '' ? '' : `${below}/`;
  const parents = below === '' ? { names: [], folded: [] } : pathNames(below);
  return entries.map(({ entry, facts }) => ({
    // The entry without a name stands for a directory that could not be listed at all.
    path: entry.name === '' ? below : prefix + entry.name,
    names: {
      names: [...parents.names, entry.name],
      folded: [...parents.folded, foldCase(entry.name)],
    },
    kind: entry.kind,
    size: entry.size,
    since: facts.since,
    tried: facts.tried,
  }));
}

function watchOf(condition: Condition, facts: Completion['facts']): Watch {
  switch (condition.kind) {
    case 'all':
      return allOf(condition.of.map((inner) => watchOf(inner, facts)));
    case 'any':
      return anyOf(condition.of.map((inner) => watchOf(inner, facts)));
    case 'marker':
      return watchMarker(condition.files);
    case 'companions':
      return knowingAll(watchCompanions(condition.pairs));
    case 'min-size':
      return knowingAll(watchSizes(condition.sizes));
    case 'count':
      return watchCount(condition.files, leastOf(condition.least, facts));
    case 'absent':
      return knowingAll(watchAbsent(condition.files));
    case 'temp-names':
      return knowingAll(watchTempNames(condition.families));
    case 'closed':
      return knowingAll(watchClosed(condition.files));
  }
}

/** The number in the dataset's own name: the configuration makes sure that the part is one. */
const leastOf = (least: number | string, facts: Completion['facts']): number =>
  typeof least === 'number' ? least : Number(facts[least] ?? Number.NaN);

function watchMarker(files: string): Watch {
  const marker = matcher([files]);
  let found = false;
  let quietSince = 0;
  return {
    see: (directory) => {
      found ||= directory.some((member) => isFile(member) && marker(member));
      quietSince = Math.max(quietSince, newest(directory));
    },
    waits: () =>
      found
        ? undefined
        : {
            what: `waits for its marker file ${files}`,
            goes: 'it can go in the evening after that file appears',
            since: quietSince,
          },
  };
}

function watchSizes(sizes: readonly { readonly files: string; readonly bytes: number }[]): Watch {
  const globs = sizes.map(({ files, bytes }) => ({ files, bytes, glob: parseGlob(files) }));
  const least = ({ names }: Member) => globs.find(({ glob }) => matchGlob(glob, names) !== undefined);
  return watchFirst(isFile, (member) => {
    const rule = least(member);
    if (rule === undefined || member.size >= rule.bytes) return undefined;
    return {
      what: `waits for ${member.path}, which has ${formatBytes(member.size)}: a finished ${rule.files} has ${formatBytes(rule.bytes)} or more`,
      goes: 'it can go in the evening after that file has grown',
    };
  });
}

function watchCount(files: string, least: number): Watch {
  const counted = matcher([files]);
  let there = 0;
  let quietSince = 0;
  return {
    see: (directory) => {
      there += directory.filter((member) => isFile(member) && counted(member)).length;
      quietSince = Math.max(quietSince, newest(directory));
    },
    waits: () =>
      there >= least
        ? undefined
        : {
            what: `waits for more files ${files}: ${there} of ${least} are there`,
            goes: 'it can go in the evening after all of them are there',
            since: quietSince,
          },
  };
}

function watchAbsent(files: readonly string[]): Watch {
  const isLock = matcher(files);
  return watchFirst(isLock, ({ path }) => ({
    what: `waits because ${path} is there, which says that it is still being worked on`,
    goes: 'it can go in the evening after that file is gone',
  }));
}

function watchTempNames(families: Parameters<typeof tempNames>[0]): Watch {
  const whose = tempNames(families);
  return watchFirst(isFile, ({ path, names }) => {
    const who = whose(names);
    if (who === undefined) return undefined;
    return {
      what: `waits for ${path}, which still has a temporary name of ${who}`,
      goes: 'it can go in the evening after that file has its final name or is gone',
    };
  });
}

function watchClosed(files: readonly string[]): Watch {
  const asked = matcher(files);
  return watchFirst(
    (member) => member.tried !== undefined && asked(member),
    ({ path, tried }) => ({
      what: `waits because ${path} ${tried === 'busy' ? 'was open in another program' : 'could not be opened, the share did not answer,'} when it was tried`,
      goes: 'the next evening tries again',
    }),
  );
}

/** Waits for the first entry that is said to be in the way. */
function watchFirst(
  counts: (member: Member) => boolean,
  say: (member: Member) => Omit<Wait, 'since'> | undefined,
): Watch {
  let wait: Wait | undefined;
  return {
    see: (directory) => {
      for (const member of directory) {
        if (wait !== undefined) return;
        const said = counts(member) ? say(member) : undefined;
        if (said !== undefined) wait = { ...said, since: member.since };
      }
    },
    waits: () => wait,
  };
}

function matcher(files: readonly string[]): (member: Member) => boolean {
  const globs = files.map(parseGlob);
  return ({ names }) => globs.some((glob) => matchGlob(glob, names) !== undefined);
}

const newest = (directory: readonly Member[]): number =>
  directory.reduce((latest, { since }) => Math.max(latest, since), 0);
