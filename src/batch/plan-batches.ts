import type { DestinationName } from '../core/ids.ts';
import type { BatchPlan, OwnedFile } from '../core/model.ts';
import { batchIdOf } from './batch-id.ts';
import { comparePaths } from './compare-paths.ts';
import { type BatchCaps, plannedFile, type RejectedFile, rejectionOf } from './rejection.ts';

/** Tells the two kinds of plan apart. */
export function isRejected(planned: BatchPlan | RejectedFile): planned is RejectedFile {
  return !('files' in planned);
}

/**
 * Files in, batches and rejections out; every file ends in exactly one of them. All files of one dataset must come
 * together, in any order. A batch has one owner and one destination; a dataset is split only over the caps, in path
 * order. Pure; holds one dataset at a time.
 */
export function* planBatches(
  files: Iterable<OwnedFile>,
  limitsOf: (destination: DestinationName) => BatchCaps,
): Generator<BatchPlan | RejectedFile> {
  let dataset: OwnedFile[] = [];
  for (const file of files) {
    const first = dataset[0];
    if (first !== undefined && !isSameDataset(first, file)) {
      yield* planDataset(dataset, limitsOf);
      dataset = [];
    }
    dataset.push(file);
  }
  yield* planDataset(dataset, limitsOf);
}

function isSameDataset(a: OwnedFile, b: OwnedFile): boolean {
  return a.share === b.share && a.assignment.dataset === b.assignment.dataset;
}

function* planDataset(
  files: OwnedFile[],
  limitsOf: (destination: DestinationName) => BatchCaps,
): Generator<BatchPlan | RejectedFile> {
  files.sort((a, b) => comparePaths(a.path, b.path));
  const groups = Map.groupBy(files, groupKey);
  for (const key of [...groups.keys()].sort()) {
    const group = groups.get(key) ?? [];
    const first = group[0];
    if (first === undefined) continue;
    const { destination, pack } = first.assignment;
    const caps = limitsOf(destination);
    yield* planGroup(group, pack === 'files' ? { ...caps, maxFiles: 1 } : caps);
  }
}

/** What all files of one batch have in common. Only the last part may have a '/', so they cannot run into each other. */
function groupKey(file: OwnedFile): string {
  const { owner, destination, compress, pack = 'zip', apart = '', publish } = file.assignment;
  const kind = file.addendum ? 'addendum' : 'first';
  return [
    owner,
    destination,
    kind,
    compress ? 'deflate' : 'store',
    pack,
    publish ? 'publish' : 'keep',
    apart,
  ].join('/');
}

function* planGroup(group: readonly OwnedFile[], caps: BatchCaps): Generator<BatchPlan | RejectedFile> {
  let taken: OwnedFile[] = [];
  let bytes = 0;
  for (const file of group) {
    const rejection = rejectionOf(file, caps);
    if (rejection !== undefined) {
      yield rejection;
      continue;
    }
    if (taken.length > 0 && (bytes + file.size > caps.maxBytes || taken.length >= caps.maxFiles)) {
      yield batchOf(taken, bytes);
      taken = [];
      bytes = 0;
    }
    taken.push(file);
    bytes += file.size;
  }
  if (taken.length > 0) yield batchOf(taken, bytes);
}

function batchOf(files: readonly OwnedFile[], bytes: number): BatchPlan {
  const first = files[0];
  if (first === undefined) throw new RangeError('a batch has at least one file');
  const { owner, destination, dataset, instrument, rule, compress, reason, code, pack, apart, publish } =
    first.assignment;
  const { share, addendum } = first;
  const planned = files.map(plannedFile);
  const id = batchIdOf({ share, owner, destination, dataset, addendum, files: planned });
  const facts = commonFacts(files);
  return {
    id,
    share,
    owner,
    destination,
    dataset,
    instrument,
    rule,
    facts,
    ...(reason === undefined ? {} : { reason }),
    ...(code === undefined ? {} : { code }),
    ...(pack === undefined ? {} : { pack }),
    addendum,
    compress,
    ...(apart === undefined ? {} : { apart }),
    ...(publish === undefined ? {} : { publish }),
    files: planned,
    bytes,
  };
}

/** What is said of the batch must be true of each file: facts on which two files differ are left out. */
function commonFacts(files: readonly OwnedFile[]): Readonly<Record<string, string>> {
  const sources = new Set(files.map((file) => file.assignment.facts));
  const [first = {}, ...others] = sources;
  return Object.fromEntries(
    Object.entries(first)
      .filter(([name, value]) => others.every((facts) => facts[name] === value))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
