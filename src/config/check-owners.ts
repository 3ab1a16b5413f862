import { COLLECTOR } from '../core/ids.ts';
import { withNearest } from './nearest.ts';
import type { Outline, OwnerLine } from './outline.ts';
import type { Finding } from './problem.ts';
import { quote } from './raw-value.ts';

/** Names that would leave two answers to "whose is it", and accounts that could not receive anything. */
export function checkOwners(outline: Outline): Finding[] {
  const owners = outline.owners ?? [];
  return [
    ...owners.flatMap((owner) => checkId(owner)),
    ...checkAliases(owners),
    ...checkSharedTokens(outline, owners),
    ...checkCollectorToken(outline),
    ...owners.flatMap((owner) => checkSuccessor(owner, owners)),
  ];
}

function checkId(owner: OwnerLine): Finding[] {
  if (owner.id !== String(COLLECTOR)) return [];
  const message =
    'expected another id: "collector" is the account of data nobody owns, see the key `collector`';
  return [{ path: owner.path, onKey: true, message }];
}

function checkAliases(owners: readonly OwnerLine[]): Finding[] {
  const findings: Finding[] = [];
  const holders = new Map(owners.map((owner) => [sameName(owner.id), owner.id]));
  for (const owner of owners) {
    for (const alias of owner.aliases) {
      const holder = holders.get(sameName(alias.text));
      if (holder === undefined) holders.set(sameName(alias.text), owner.id);
      if (holder === undefined || holder === owner.id) continue;
      const message = `expected a name that means one owner, found ${quote(alias.text)}, which already means "${holder}"`;
      findings.push({ path: alias.path, message });
    }
  }
  return findings;
}

/** Two ways to write "ü" are one name. */
const sameName = (text: string): string => text.normalize('NFC');

function checkSharedTokens(outline: Outline, owners: readonly OwnerLine[]): Finding[] {
  const holders = new Map<string, string>();
  if (outline.collectorToken !== undefined) holders.set(outline.collectorToken, 'the collector');
  return owners.flatMap((owner) => {
    if (owner.token === undefined) return [];
    const holder = holders.get(owner.token);
    if (holder === undefined) holders.set(owner.token, `"${owner.id}"`);
    if (holder === undefined) return [];
    const message = `expected a token of their own for "${owner.id}", found the one of ${holder}: their data would land in one account`;
    return [{ path: [...owner.path, 'nomad', 'token'], message }];
  });
}

/** An owner without a token has their data held; the collector is where data goes that has nowhere else to go. */
function checkCollectorToken(outline: Outline): Finding[] {
  if (outline.owners === undefined || outline.collectorToken !== undefined || !isNomad(outline)) return [];
  const message = `expected nomad.token for the collector: data nobody owns goes to NOMAD ("${defaultOf(outline)}")`;
  return [{ path: ['collector', 'nomad', 'token'], message }];
}

/** Somebody else, who is known, and whose own successors do not lead back. */
function checkSuccessor(owner: OwnerLine, owners: readonly OwnerLine[]): Finding[] {
  if (owner.successor === undefined) return [];
  const path = [...owner.path, 'leaves', 'successor'];
  const ids = owners.map(({ id }) => id);
  if (!ids.includes(owner.successor)) {
    const message = `expected the id of an owner below \`owners\`, found ${quote(owner.successor)}`;
    return [{ path, message, ...withNearest(owner.successor, ids) }];
  }
  const nextOf = new Map(owners.map(({ id, successor }) => [id, successor]));
  const seen = new Set<string>();
  let next: string | undefined = owner.successor;
  while (next !== undefined && !seen.has(next)) {
    seen.add(next);
    next = nextOf.get(next);
  }
  if (!seen.has(owner.id)) return [];
  return [
    { path, message: `expected somebody who stays: the successors of "${owner.id}" lead back to them` },
  ];
}

function isNomad(outline: Outline): boolean {
  const name = defaultOf(outline);
  return outline.destinations?.find((known) => known.name === name)?.kind === 'nomad';
}

function defaultOf(outline: Outline): string | undefined {
  const only = outline.destinations?.length === 1 ? outline.destinations[0]?.name : undefined;
  return outline.defaultDestination ?? only;
}

/** The default destination must exist, and be named when there is a choice. */
export function checkDefaultDestination(outline: Outline): Finding[] {
  const names = outline.destinations?.map(({ name }) => name) ?? [];
  const given = outline.defaultDestination;
  if (names.length === 0 || (given === undefined && names.length === 1)) return [];
  if (given !== undefined && names.includes(given)) return [];
  const found = given === undefined ? 'nothing: it is required when there are several' : quote(given);
  const message = `expected one of the destinations ${names.map(quote).join(', ')}, found ${found}`;
  return [
    { path: ['default_destination'], message, ...(given === undefined ? {} : withNearest(given, names)) },
  ];
}
