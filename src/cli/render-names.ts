import { printable } from '../core/share-path.ts';
import { count } from '../core/units.ts';
import type { ChangedName, OwnerNames } from '../nightly/name-list.ts';

export const NAMES_TITLE = 'Delivered under safe names, by owner';

/** Lines of one owner; --json has more. */
const SHOWN = 20;

/** Whose names are changed, to what, and why. Reports of older versions have none. */
export function nameLines(owners: readonly OwnerNames[] = []): string[] {
  return owners.flatMap(({ owner, names, moreFiles }) => [
    owner === '-' ? '(nobody)' : owner,
    ...names.slice(0, SHOWN).map((name) => `  ${changedLine(name)}`),
    ...more(names.length - SHOWN, 'more name', ': --json has more'),
    ...more(moreFiles, 'more file', ' with such names'),
  ]);
}

function changedLine({ share, path, as, hazard, files }: ChangedName): string {
  const of = path.endsWith('/') ? ` (${count(files, 'file')})` : '';
  return `${share}:${path} → ${printable(as)}${of}: ${hazard}`;
}

const more = (number: number, what: string, rest: string): string[] =>
  number > 0 ? [`  … and ${count(number, what)}${rest}`] : [];
