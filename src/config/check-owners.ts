import { COLLECTOR } from '../core/ids.ts';
import { withNearest } from './nearest.ts';
import type { Outline, OwnerLine } from './outline.ts';
import type { Finding } from './problem.ts';
import { quote } from './raw-value.ts';
import { hasOwnerPart, sendsFiles } from './template-text.ts';

/** Names that would leave two answers to "whose is it", and accounts that could not receive anything. */
export function checkOwners(outline: Outline): Finding[] {
  const owners = outline.owners ?? [];
  return [
    ...owners.flatMap((owner) => checkId(owner)),
    ...checkAliases(owners),
    ...checkSharedTokens(outline, owners),
    ...checkMissingTokens(outline, owners),
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

/** Everyone whose data some rule can send to NOMAD needs a token there; the collector, if the default is NOMAD. */
function checkMissingTokens(outline: Outline, owners: readonly OwnerLine[]): Finding[] {
  if (outline.destinations === undefined || outline.owners === undefined) return [];
  const findings: Finding[] = [];
  for (const owner of owners) {
    const rule = owner.token === undefined ? ruleToNomad(outline, owner.id) : undefined;
    if (rule === undefined) continue;
    const message = `expected nomad.token for owner "${owner.id}": rule ${rule.number} can send their data to NOMAD ("${destinationOf(outline, rule.destination)}")`;
    findings.push({ path: [...owner.path, 'nomad', 'token'], message });
  }
  if (outline.collectorToken === undefined && isNomad(outline, undefined)) {
    const message = `expected nomad.token for the collector: data nobody owns goes to NOMAD ("${destinationOf(outline, undefined)}")`;
    findings.push({ path: ['collector', 'nomad', 'token'], message });
  }
  return findings;
}

function ruleToNomad(outline: Outline, owner: string) {
  return outline.rules.find(
    (rule) =>
      sendsFiles(rule) &&
      isNomad(outline, rule.destination) &&
      (rule.owner === owner || (rule.owner === undefined && hasOwnerPart(rule.match))),
  );
}

function isNomad(outline: Outline, destination: string | undefined): boolean {
  const name = destinationOf(outline, destination);
  return outline.destinations?.find((known) => known.name === name)?.kind === 'nomad';
}

function destinationOf(outline: Outline, destination: string | undefined): string | undefined {
  const only = outline.destinations?.length === 1 ? outline.destinations[0]?.name : undefined;
  return destination ?? outline.defaultDestination ?? only;
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
