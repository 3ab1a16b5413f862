import type { Outline, RuleLine } from './outline.ts';
import type { Finding, KeyPath } from './problem.ts';
import { sendsFiles } from './template-text.ts';

/** Keys of a rule that say how its data goes, where its destination has no use for them or another key forbids it. */
export function checkSending(outline: Outline): Finding[] {
  return outline.rules.flatMap((rule) => [
    ...checkPack(outline, rule),
    ...checkMetadata(outline, rule),
    ...checkPublish(outline, rule),
  ]);
}

function checkPack(outline: Outline, rule: RuleLine): Finding[] {
  if (rule.pack !== 'files') return [];
  const path = [...rule.path, 'pack'];
  if (rule.compresses) {
    const message =
      'expected either `compress: true` or `pack: files`, found both: what is compressed is in a zip';
    return [{ path, message }];
  }
  return onlyAtNomad(outline, rule, path);
}

const checkMetadata = (outline: Outline, rule: RuleLine): Finding[] =>
  rule.hasMetadata ? checkOwnUploads(outline, rule, { key: 'metadata', which: 'this holds for' }) : [];

/** What cannot be undone is said twice, in two files, and for data whose uploads have a name that stays. */
function checkPublish(outline: Outline, rule: RuleLine): Finding[] {
  if (!rule.publishes) return [];
  const own = checkOwnUploads(outline, rule, { key: 'publish', which: 'are published' });
  return sendsFiles(rule) ? [...own, ...checkConfirmed(outline, rule, [...rule.path, 'publish'])] : own;
}

/** Uploads of its own are called by the rule, so the rule's name must not move with its place in the file. */
function checkOwnUploads(
  outline: Outline,
  rule: RuleLine,
  { key, which }: { readonly key: string; readonly which: string },
): Finding[] {
  const path = [...rule.path, key];
  if (!sendsFiles(rule)) {
    const message = 'expected it only in a rule that sends files, found it in one with `hold` or `exclude`';
    return [{ path, onKey: true, message }];
  }
  if (rule.name === undefined) {
    const message = `expected the key \`name\` in the same rule: the uploads that ${which} are called by it`;
    return [{ path, onKey: true, message }];
  }
  return onlyAtNomad(outline, rule, path);
}

function checkConfirmed(outline: Outline, rule: RuleLine, path: KeyPath): Finding[] {
  const { name, line } = destinationOf(outline, rule);
  if (line?.kind !== 'nomad' || line.publish === 'irreversible') return [];
  const message = `expected \`publish: irreversible\` in nightjar.yaml, in the block of destination "${name}", as a second confirmation: a publication cannot be undone. Add it there, or take \`publish: true\` out here (docs/nomad.md, "Publishing")`;
  return [{ path, message }];
}

/** A directory gets the files as they are anyway. Nothing is said where the destination itself is not known. */
function onlyAtNomad(outline: Outline, rule: RuleLine, path: KeyPath): Finding[] {
  const { name, line } = destinationOf(outline, rule);
  const kind = line?.kind;
  if (kind === undefined || kind === 'nomad') return [];
  const key = path.at(-1);
  const message = `expected it only in a rule whose data goes to NOMAD, found it in one for "${name}", a destination of kind ${kind}: take \`${key}\` out`;
  return [{ path, onKey: true, message }];
}

function destinationOf({ destinations = [], defaultDestination }: Outline, rule: RuleLine) {
  const name = rule.destination ?? defaultDestination ?? destinations[0]?.name;
  return { name, line: destinations.find((one) => one.name === name) };
}
