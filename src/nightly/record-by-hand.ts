import type { AccountContainer } from '../core/account.ts';
import type { ShareName } from '../core/ids.ts';
import { joinPath, type SharePath } from '../core/share-path.ts';
import type { ByHand } from '../ledger/by-hand.ts';
import { crossing } from './by-hand-evidence.ts';
import type { Seen, WholeIn } from './look-through-account.ts';
import type { NewDataset } from './new-datasets.ts';
import type { NightlyParts } from './parts.ts';

type Parts = Pick<NightlyParts, 'ledger' | 'clock'>;

/**
 * Marks the files of datasets that were found whole, if nothing else on the share could be what was found, and notes
 * what was found in part. A dataset that is like another one in names or sizes is not marked: it is sent.
 */
export function recordByHand(
  { ledger, clock }: Parts,
  {
    share,
    runNo,
    kind,
  }: { readonly share: ShareName; readonly runNo: number; readonly kind: ByHand['kind'] },
  { whole, some }: Seen,
): ByHand[] {
  const at = clock.now();
  // The same bytes are the same data, whatever else has such a name or size.
  const sure = kind === 'same' ? whole : unlikeAllElse({ ledger }, share, { found: whole, runNo });
  const marked = sure.map(({ dataset, container, place }) =>
    entryOf(dataset, container, { kind, below: place.below.replace(/\/$/, ''), ...amountOf(dataset) }),
  );
  const known = new Set(sure.map(({ dataset }) => dataset));
  const partly = [...some.values(), ...whole.map((found) => ({ ...found, ...amountOf(found.dataset) }))]
    .filter(({ dataset }) => !known.has(dataset))
    .map(({ dataset, container, files, bytes }) =>
      entryOf(dataset, container, { kind: 'some', below: '', files, bytes }),
    );
  ledger.transaction(() => {
    for (const entry of [...marked, ...partly]) ledger.byHand.record(entry, at, runNo);
    ledger.looks.assign(share, pathsOf(sure), (facts) =>
      facts.batch === 0 ? { ...facts, mark: 'byHand' } : facts,
    );
  });
  return marked;
}

const pathsOf = (found: readonly WholeIn[]): SharePath[] =>
  found.flatMap(({ dataset }) => dataset.files.map(({ path }) => path));

function amountOf({ files }: NewDataset): { readonly files: number; readonly bytes: number } {
  return { files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) };
}

function entryOf(
  { share, dataset, owner, destination, files }: NewDataset,
  { id, name, location, account }: AccountContainer,
  found: Pick<ByHand, 'kind' | 'below' | 'files' | 'bytes'>,
): ByHand {
  const container = { id, name, location, ...(account === undefined ? {} : { account }) };
  return { share, dataset, owner, destination, container, ofFiles: files.length, ...found };
}

/** Those whose evidence no other file of the share has too. */
function unlikeAllElse(
  { ledger }: Pick<Parts, 'ledger'>,
  share: ShareName,
  { found, runNo }: { readonly found: readonly WholeIn[]; readonly runNo: number },
): WholeIn[] {
  if (found.length === 0) return [];
  const others = crossing(
    found.map((of) => ({
      ...{ of, evidence: of.place.evidence },
      own: new Set<string>(of.dataset.files.map(({ path }) => path)),
    })),
  );
  for (const { dir, entries } of ledger.looks.all(share, runNo))
    for (const { entry } of entries) others.show(joinPath(dir, entry.name), entry.size);
  return others.left();
}
