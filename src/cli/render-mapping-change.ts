import type { Amount, Change, MappingChange, Side } from '../app/compare-mappings.ts';
import { printable } from '../core/share-path.ts';
import { count, formatBytes } from '../core/units.ts';
import { bucketWord } from './bucket-word.ts';
import type { CliContext } from './context.ts';
import type { LookedAt } from './last-look.ts';
import { clockTime, columns, style } from './style.ts';

type View = Pick<CliContext, 'out' | 'clock'> & { readonly looks?: readonly LookedAt[] };

const SHOWN = 100;

/** What another mapping would change, for a person: first what is delivered and would move. */
export function renderMappingChange(change: MappingChange, view: View): string[] {
  const head = (text: string): string => style(view.out, 'bold', text);
  const { changes } = change;
  const rest = changes.filter(({ moves }) => !moves);
  const of = (kind: Side['kind'] | 'collector'): Change[] => rest.filter(({ to }) => kindOf(to) === kind);
  return [
    ...section(style(view.out, 'red', 'Delivered data that would move'), movedLines(changes)),
    ...section(head('Would be owned by'), changeLines(of('owned'))),
    ...section(head('Would go to the collector'), changeLines(of('collector'))),
    ...section(head('Would be held'), changeLines(of('held'))),
    ...section(head('Would be excluded'), changeLines(of('excluded'))),
    ...section(head('By owner'), ownerLines(change)),
    ...(changes.length === 0 ? ['Nothing would change for what the last look saw.'] : []),
    ...(view.looks ?? []).map((look) => lookLine(look, view.clock.now())),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`), ''];
}

const kindOf = (side: Side): Side['kind'] | 'collector' =>
  side.kind === 'owned' && side.owner === 'collector' ? 'collector' : side.kind;

function movedLines(changes: readonly Change[]): string[] {
  const moved = changes.filter(({ moves }) => moves);
  const rows = moved.map((change) => [...cellsOf(change), `delivered to ${placesOf(change)}`]);
  return shorten(columns(rows, [2, 3]));
}

function changeLines(changes: readonly Change[]): string[] {
  const rows = changes.map((change) => [
    ...cellsOf(change),
    change.delivered.files === 0 ? '' : `${count(change.delivered.files, 'file')} of it delivered already`,
    change.to.kind === 'owned' ? '' : printable(change.to.reason),
  ]);
  return shorten(columns(rows, [2, 3]));
}

function cellsOf({ share, where, from, to, files, bytes }: Change): string[] {
  const place = where === '' ? share : `${share}:${printable(where)}`;
  return [place, `${nameOf(from, to)} → ${nameOf(to, from)}`, count(files, 'file'), formatBytes(bytes)];
}

/** The owner, and what else differs from the other side. */
function nameOf(side: Side, other: Side): string {
  if (side.kind !== 'owned') return bucketWord(side.kind);
  const account = side.account === undefined ? '' : ` (account ${side.account})`;
  const sameOwner = other.kind === 'owned' && other.owner === side.owner;
  const destination = sameOwner && other.destination !== side.destination ? ` at ${side.destination}` : '';
  return `${side.owner}${destination}${account}`;
}

function placesOf({ delivered: { places } }: Change): string {
  const [first = '', ...more] = [...places].map(printable);
  return more.length === 0 ? first : `${first} and ${count(more.length, 'other place')}`;
}

function ownerLines({ owners, changes }: MappingChange): string[] {
  if (changes.length === 0) return [];
  const rows = [...owners]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, { before, after }]) => [name, said(before), '→', said(after)]);
  return columns(rows);
}

const said = ({ files, bytes }: Amount): string => `${count(files, 'file')}, ${formatBytes(bytes)}`;

function shorten(lines: readonly string[]): string[] {
  const more = lines.length - SHOWN;
  return more <= 0 ? [...lines] : [...lines.slice(0, SHOWN), `… and ${more} more: --json has all`];
}

function lookLine({ share, at }: LookedAt, now: number): string {
  return at === undefined
    ? `${share} has never been looked at: nothing is known of it. \`nightjar plan\` looks without delivering.`
    : `${share}: as the run of ${clockTime(at, now)} saw it.`;
}

/** The JSON form (docs/json.md). */
export function mappingChangeJson({ changes, moves, owners }: MappingChange): object {
  return {
    moves,
    changes: changes.map(({ where, delivered, ...change }) => ({
      ...change,
      where: printable(where),
      delivered: { ...delivered, places: [...delivered.places].map(printable) },
    })),
    owners: Object.fromEntries(owners),
  };
}
