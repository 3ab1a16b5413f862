import type { Outline, RuleLine } from './outline.ts';
import type { Finding, KeyPath } from './problem.ts';
import { sendsFiles } from './template-text.ts';

/** Keys of a rule that say how its data goes, where its destination has no use for them or another key forbids it. */
export function checkSending(outline: Outline): Finding[] {
  return outline.rules.flatMap((rule) => [
    ...checkPack(outline, rule),
    ...checkMetadata(outline, rule),
    ...checkPublish(rule),
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

/** Its uploads are called by the rule, so the rule's name must not move with its place in the file. */
function checkMetadata(outline: Outline, rule: RuleLine): Finding[] {
  if (!rule.hasMetadata) return [];
  const path = [...rule.path, 'metadata'];
  if (!sendsFiles(rule)) {
    const message = 'expected it only in a rule that sends files, found it in one with `hold` or `exclude`';
    return [{ path, onKey: true, message }];
  }
  if (rule.name === undefined) {
    const message =
      'expected the key `name` in the same rule: the uploads that this holds for are called by it';
    return [{ path, onKey: true, message }];
  }
  return onlyAtNomad(outline, rule, path);
}

/** docs/decisions/0018: what publishes by itself cannot be repeated, and what may be repeated cannot publish. */
function checkPublish(rule: RuleLine): Finding[] {
  if (!rule.publishes) return [];
  const message =
    'expected it left out: Nightjar does not publish. It cannot be undone, and the one request with which an upload token publishes cannot be repeated safely when its answer is lost. Let the owner publish on the page of the upload; an embargo for that is set by `metadata: { embargo_length: 12 }` (docs/nomad.md, "Publishing")';
  return [{ path: [...rule.path, 'publish'], message }];
}

/** A directory gets the files as they are anyway. Nothing is said where the destination itself is not known. */
function onlyAtNomad(outline: Outline, rule: RuleLine, path: KeyPath): Finding[] {
  const { destinations = [], defaultDestination } = outline;
  const name = rule.destination ?? defaultDestination ?? destinations[0]?.name;
  const kind = destinations.find((one) => one.name === name)?.kind;
  if (kind === undefined || kind === 'nomad') return [];
  const key = path.at(-1);
  const message = `expected it only in a rule whose data goes to NOMAD, found it in one for "${name}", a destination of kind ${kind}: take \`${key}\` out`;
  return [{ path, onKey: true, message }];
}
