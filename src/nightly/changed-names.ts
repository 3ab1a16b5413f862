import { foldedName, isPlain, renamed, safeNameAt } from '../core/safe-name.ts';
import { encodeBytes, type SharePath } from '../core/share-path.ts';
import type { NamesInDir, Neighbour, Standing } from '../ledger/neighbours.ts';

/** What there is to know of a directory's names. */
export type DirNames = NamesInDir & {
  readonly dir: SharePath;
  /** The name that was given before, for ever. */
  readonly given: (neighbour: Neighbour) => string | undefined;
  /** False when no name in the directory was ever given. */
  readonly isGiven: boolean;
};

/** A file and a directory may have had one name, one after the other. */
export const keyOf = ({ name, kind }: Neighbour): string => (kind === 'file' ? name : `${name}/`);

/**
 * The names that are delivered as others, by `keyOf`. A name without a hazard stays; where some file system takes two
 * names of a directory for one, whoever was planned first keeps its own, and the others get a suffix, which the ledger
 * keeps for ever. So no two ever get names that fold to the same, and none that was delivered is given away.
 */
export function changedNames(names: DirNames): ReadonlyMap<string, string> {
  if (areAllPlain(names)) return NONE;
  const { dir, files, dirs, given, standing, isGone } = names;
  const changed = new Map<string, string>();
  const taken = new Set<string>();
  const take = (one: Neighbour, as: string): void => {
    taken.add(foldedName(as));
    if (as !== one.name) changed.set(keyOf(one), as);
  };
  const open: Neighbour[] = [];
  for (const one of [...files.map(asFile), ...dirs.map(asDirectory)]) {
    const as = given(one);
    if (as === undefined) open.push(one);
    else take(one, as);
  }
  const groups = Map.groupBy(open, ({ name }) => foldedName(safeNameAt(dir, name)));
  const isFree = (as: string): boolean => !taken.has(foldedName(as)) && !isGone(foldedName(as));
  // Who may keep its own name before who may not: a suffix never takes the name of a file that is called just so.
  const late = [...groups].flatMap(([folded, twins]) => {
    const queue = inTurn(twins, standing);
    const [first, ...others] = queue;
    if (first === undefined || taken.has(folded)) return queue;
    take(first, safeNameAt(dir, first.name));
    return others;
  });
  for (const one of late) take(one, freeName(one.name, isFree));
  return changed;
}

const NONE: ReadonlyMap<string, string> = new Map();

const asFile = (name: string): Neighbour => ({ name, kind: 'file' });
const asDirectory = (name: string): Neighbour => ({ name, kind: 'directory' });

/** So it is in almost every directory: told as fast as it can be, and with `false` where it takes longer. */
function areAllPlain({ files, dirs, isGiven }: DirNames): boolean {
  if (isGiven) return false;
  const names = dirs.length === 0 ? files : [...files, ...dirs];
  let isRising = true;
  let before = '';
  for (const name of names) {
    if (!isPlain(name)) return false;
    // What is plain is ASCII: then this is its folded form.
    const folded = name.toUpperCase();
    isRising &&= before < folded;
    before = folded;
  }
  // Listed in order, most are in order folded too, and then no two are the same: a set costs three times as much.
  return isRising || new Set(names.map((name) => name.toUpperCase())).size === names.length;
}

const RANKS: Readonly<Record<Standing, number>> = { planned: 0, seen: 1, gone: 2 };

/** Who was first: planned before only seen before gone, then by the bytes of the names, files before directories. */
function inTurn(twins: readonly Neighbour[], standing: DirNames['standing']): readonly Neighbour[] {
  if (twins.length === 1) return twins;
  const ranked = twins.map((one) => ({ one, rank: RANKS[standing(one)], bytes: encodeBytes(keyOf(one)) }));
  ranked.sort((a, b) => a.rank - b.rank || Buffer.compare(a.bytes, b.bytes));
  return ranked.map(({ one }) => one);
}

function freeName(name: string, isFree: (as: string) => boolean): string {
  for (let turn = 0; ; turn++) {
    const as = renamed(name, turn);
    if (isFree(as)) return as;
  }
}
