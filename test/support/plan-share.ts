import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isRejected, planBatches } from '../../src/batch/plan-batches.ts';
import { destinationName, ownerId, shareName } from '../../src/core/ids.ts';
import type { Batch, OwnedFile } from '../../src/core/model.ts';
import { sharePath } from '../../src/core/share-path.ts';

export type OwnedOptions = {
  readonly owner?: string;
  readonly destination?: string;
  readonly dataset?: string;
  readonly addendum?: boolean;
  readonly compress?: boolean;
  readonly pack?: 'files';
};

/** A planned file with an owner, as ownership would hand it on; the file facts default to something plausible. */
export function ownedFile(
  path: string,
  file: {
    readonly size?: number;
    readonly mtimeNs?: bigint;
    readonly ctimeNs?: bigint;
    readonly ino?: bigint;
  },
  options: OwnedOptions = {},
): OwnedFile {
  return {
    path: path as OwnedFile['path'],
    size: file.size ?? 1,
    mtimeNs: file.mtimeNs ?? 1_700_000_000_000_000_000n,
    ctimeNs: file.ctimeNs ?? 1_700_000_000_000_000_000n,
    ino: file.ino ?? 1n,
    share: shareName('lab'),
    addendum: options.addendum ?? false,
    assignment: {
      kind: 'owned',
      owner: ownerId(options.owner ?? 'mueller'),
      dataset: sharePath(options.dataset ?? 'SEM1/run1'),
      instrument: 'SEM1',
      rule: '{instrument}/{dataset}/**',
      facts: { instrument: 'SEM1' },
      settleMs: 0,
      destination: destinationName(options.destination ?? 'nomad'),
      compress: options.compress ?? false,
      ...(options.pack === undefined ? {} : { pack: options.pack }),
    },
  };
}

/** Every regular file below the root as one batch; `path` picks some. */
export function planShare(
  root: string,
  options: OwnedOptions & { readonly only?: (path: string) => boolean } = {},
): Batch {
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' });
  const files = paths.flatMap((path) => {
    const stats = statSync(join(root, path), { bigint: true });
    const { mtimeNs, ctimeNs, ino } = stats;
    if (!stats.isFile() || options.only?.(path) === false) return [];
    return [ownedFile(path, { size: Number(stats.size), mtimeNs, ctimeNs, ino }, options)];
  });
  const plans = [...planBatches(files, () => ({ maxBytes: 2 ** 50, maxFiles: 1_000_000 }))];
  const [plan] = plans;
  if (plan === undefined || plans.length > 1 || isRejected(plan))
    throw new Error(`not one batch: ${plans.length}`);
  return { ...plan, plannedAt: Date.UTC(2026, 10, 22, 20, 15), epoch: 1, attempts: 0 };
}
