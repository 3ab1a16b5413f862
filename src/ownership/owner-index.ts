import type { OwnerId } from '../core/ids.ts';
import { editDistance } from './edit-distance.ts';
import { fold } from './fold.ts';
import type { Owner } from './mapping.ts';

/** Whom a folder's name means: one owner, several (never guessed), or nobody. */
export type OwnerIndex = {
  /** Owners of that name, exactly; else those whose name differs only in letter case or Unicode form. */
  readonly find: (name: string) => readonly OwnerId[];
  /** The known name most like this one, if any is close enough to be a slip of the pen. Suggested, never used. */
  readonly nearest: (name: string) => NearestName | undefined;
  /** No name longer than this (UTF-16 units) can be found. */
  readonly longest: number;
};

export type NearestName = { readonly name: string; readonly owner: OwnerId; readonly edits: number };

export function createOwnerIndex(owners: readonly Pick<Owner, 'id' | 'aliases'>[]): OwnerIndex {
  const exact = new Map<string, OwnerId[]>();
  const folded = new Map<string, OwnerId[]>();
  const names = owners.flatMap(({ id, aliases }) => [id, ...aliases].map((name) => ({ name, owner: id })));
  for (const { name, owner } of names) {
    add(exact, name, owner);
    add(folded, fold(name), owner);
  }
  const known = names.map((entry) => ({ ...entry, folded: fold(entry.name) }));
  return {
    find: (name) => exact.get(name) ?? folded.get(fold(name)) ?? [],
    nearest: remembering((name) => nearest(fold(name), known)),
    // Decomposed, one character may take up to four units (Unicode Standard Annex 15, maximum expansion of NFD).
    longest: 4 * Math.max(0, ...known.map((entry) => Math.max(entry.name.length, entry.folded.length))),
  };
}

function add(index: Map<string, OwnerId[]>, name: string, owner: OwnerId): void {
  const owners = index.get(name);
  if (owners === undefined) index.set(name, [owner]);
  else if (!owners.includes(owner)) owners.push(owner);
}

const REMEMBERED_NAMES = 1024;

/** One wrong folder name is asked about once for every directory below it. */
function remembering<Answer>(ask: (name: string) => Answer): (name: string) => Answer {
  const answers = new Map<string, Answer>();
  return (name) => {
    const known = answers.get(name);
    if (known !== undefined || answers.has(name)) return known as Answer;
    if (answers.size >= REMEMBERED_NAMES) answers.clear();
    const answer = ask(name);
    answers.set(name, answer);
    return answer;
  };
}

const MOST_EDITS = 2;

function nearest(
  wanted: string,
  known: readonly { readonly name: string; readonly owner: OwnerId; readonly folded: string }[],
): NearestName | undefined {
  // In a short name two edits make any other name.
  const most = Math.min(MOST_EDITS, Math.floor((wanted.length - 1) / 2));
  let best: NearestName | undefined;
  for (const { name, owner, folded } of known) {
    if (Math.abs(folded.length - wanted.length) > most) continue;
    const edits = editDistance(wanted, folded, best === undefined ? most : best.edits - 1);
    if (edits <= most && (best === undefined || edits < best.edits)) best = { name, owner, edits };
    if (best?.edits === 1) return best;
  }
  return best;
}
