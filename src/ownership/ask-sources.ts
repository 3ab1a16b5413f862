import type { OwnerId } from '../core/ids.ts';
import type { Entry } from '../core/model.ts';
import type { OwnerQuestion, OwnerSource, SourceAnswer } from '../core/owner-source.ts';
import { printable } from '../core/share-path.ts';
import type { OwnerIndex } from './owner-index.ts';

/** What the path said of an `{owner}` part: `owners` is empty when nobody is called so. */
export type Found = { readonly name: string; readonly owners: readonly OwnerId[] };

/** One source that was asked, and what it said, for a person. */
export type AskedSource = { readonly source: OwnerSource; readonly said: string };

/** What the sources of a rule come to. */
export type Outcome =
  | { readonly kind: 'owners'; readonly name: string; readonly owners: readonly [OwnerId, ...OwnerId[]] }
  | { readonly kind: 'unresolved'; readonly why: string }
  | { readonly kind: 'disagree'; readonly why: string }
  | { readonly kind: 'unknown'; readonly name: string | undefined; readonly why: string };

export type Sources = {
  readonly order: readonly OwnerSource[];
  readonly agree: boolean;
};

/** What is at hand of the file and its dataset. */
export type AskedFile = {
  readonly byPath: Found | undefined;
  readonly entry: Entry | undefined;
  readonly question: (source: OwnerQuestion['source']) => OwnerQuestion;
};

export type Registers = {
  readonly owners: OwnerIndex;
  readonly uids: ReadonlyMap<number, OwnerId>;
  readonly gids: ReadonlyMap<number, OwnerId>;
  readonly answer: (question: OwnerQuestion) => SourceAnswer | undefined;
};

type Said =
  | {
      readonly kind: 'owners';
      readonly name: string;
      readonly owners: readonly OwnerId[];
      readonly said: string;
    }
  | { readonly kind: 'silent'; readonly name?: string; readonly said: string }
  | { readonly kind: 'unresolved'; readonly said: string };

/**
 * Asks in the rule's order; the first that names a known owner decides. One that cannot be asked holds the file, for
 * the next might name somebody else. With `agree` all are asked, and two different answers hold it.
 */
export function askSources(
  { order, agree }: Sources,
  file: AskedFile,
  registers: Registers,
): { readonly outcome: Outcome; readonly asked: readonly AskedSource[] } {
  const asked: AskedSource[] = [];
  const answers: Extract<Said, { kind: 'owners' }>[] = [];
  for (const source of order) {
    const said = ask(source, file, registers);
    asked.push({ source, said: said.said });
    if (said.kind === 'unresolved')
      return { outcome: { kind: 'unresolved', why: `${source}: ${said.said}` }, asked };
    if (said.kind === 'owners') answers.push(said);
    if (said.kind === 'owners' && !agree) break;
  }
  return { outcome: outcomeOf(answers, file, asked), asked };
}

function outcomeOf(
  answers: readonly Extract<Said, { kind: 'owners' }>[],
  { byPath }: AskedFile,
  asked: readonly AskedSource[],
): Outcome {
  const [first] = answers;
  const [owner, ...others] = first?.owners ?? [];
  const why = asked.map(({ source, said }) => `${source}: ${said}`).join('; ');
  if (first === undefined || owner === undefined) return { kind: 'unknown', name: byPath?.name, why };
  const differ = answers.some(({ owners }) => owners.length !== 1 || owners[0] !== owner);
  if (answers.length > 1 && differ) return { kind: 'disagree', why };
  return { kind: 'owners', name: first.name, owners: [owner, ...others] };
}

function ask(source: OwnerSource, file: AskedFile, registers: Registers): Said {
  switch (source) {
    case 'path':
      return byPath(file.byPath, registers.owners);
    case 'uid':
      return byNumber('uid', file.entry?.uid, registers.uids);
    case 'gid':
      return byNumber('gid', file.entry?.gid, registers.gids);
    case 'sidecar':
    case 'http':
      return byAnswer(registers.answer(file.question(source)), registers.owners);
  }
}

function byPath(found: Found | undefined, owners: OwnerIndex): Said {
  if (found === undefined) return { kind: 'silent', said: 'it has no {owner} part' };
  if (found.owners.length === 0)
    return { kind: 'silent', name: found.name, said: sayUnknown(found.name, owners) };
  const said = `'${printable(found.name)}' is ${found.owners.map((owner) => `'${owner}'`).join(' or ')}`;
  return { kind: 'owners', name: found.name, owners: found.owners, said };
}

function byNumber(
  what: 'uid' | 'gid',
  number: number | undefined,
  table: ReadonlyMap<number, OwnerId>,
): Said {
  // Never guessed: a look that did not ask for numbers says nothing of them.
  if (number === undefined)
    return { kind: 'unresolved', said: `the ${what} is not known before the next look` };
  const owner = table.get(number);
  return owner === undefined
    ? { kind: 'silent', said: `${number} is not in the table ${what}s` }
    : { kind: 'owners', name: String(number), owners: [owner], said: `${number} is '${owner}'` };
}

/** A name that nobody has is no reason to go on asking: the source did name somebody. */
function byAnswer(answer: SourceAnswer | undefined, owners: OwnerIndex): Said {
  if (answer === undefined) return { kind: 'unresolved', said: 'it was not asked yet, the next run asks' };
  if (answer.kind === 'unresolved') return { kind: 'unresolved', said: answer.why };
  if (answer.kind === 'nobody') return { kind: 'silent', said: answer.why };
  const found = owners.find(answer.name);
  if (found.length === 0) return { kind: 'unresolved', said: sayUnknown(answer.name, owners) };
  const said = `'${printable(answer.name)}' is ${found.map((owner) => `'${owner}'`).join(' or ')}`;
  return { kind: 'owners', name: answer.name, owners: found, said };
}

/** "no owner called 'x', nearest known: 'y' (1 edit)". */
export function sayUnknown(name: string, owners: OwnerIndex): string {
  const near = owners.nearest(name);
  const unknown = `no owner called '${printable(name)}'`;
  if (near === undefined) return unknown;
  const alias = near.name === near.owner ? '' : `alias of ${near.owner}, `;
  return `${unknown}, nearest known: '${printable(near.name)}' (${alias}${near.edits} ${near.edits === 1 ? 'edit' : 'edits'})`;
}
