import { printable } from '../core/share-path.ts';
import { count } from '../core/units.ts';
import type { PreviewedBatch } from './preview-evening.ts';

/** More batches of one file from one dataset than this are told before they are sent. */
const MANY = 20;

/** A dataset whose files go one by one, and how many there are. */
export type OneByOne = {
  readonly owner: string;
  readonly destination: string;
  readonly dataset: string;
  readonly batches: number;
};

/** Datasets that would make the platform process an upload, and mail its owner, very often. */
export function manyOneByOne(batches: readonly PreviewedBatch[]): OneByOne[] {
  const single = batches.filter(({ plan }) => plan.files.length === 1);
  const groups = Map.groupBy(single, ({ plan: { share, owner, destination, dataset } }) =>
    JSON.stringify([share, owner, destination, dataset]),
  );
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined || members.length <= MANY) return [];
    const { owner, destination, dataset } = first.plan;
    return [{ owner, destination, dataset: printable(dataset), batches: members.length }];
  });
}

export function oneByOneLines(datasets: readonly OneByOne[]): string[] {
  return datasets.flatMap(({ owner, destination, dataset, batches }) => [
    `${dataset} (${owner} → ${destination}): ${count(batches, 'file')}, each in a batch of its own`,
    `    The platform processes the container after each, and may mail ${owner} each time. \`pack: zip\` in the rule sends them together.`,
  ]);
}
