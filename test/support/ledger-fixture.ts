import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batchIdOf } from '../../src/batch/batch-id.ts';
import { destinationName, ownerId, shareName } from '../../src/core/ids.ts';
import { encodeListing } from '../../src/core/listing.ts';
import type { BatchPlan, DirLook, Entry, PlannedFile } from '../../src/core/model.ts';
import { joinPath, type SharePath } from '../../src/core/share-path.ts';
import { type Ledger, openLedger } from '../../src/ledger/open-ledger.ts';

export const SHARE = shareName('lab');

/** A real ledger in a directory of its own; both are gone after dispose. */
export async function tempLedger(): Promise<{ ledger: Ledger; stateDir: string } & AsyncDisposable> {
  const stateDir = await mkdtemp(join(tmpdir(), 'nightjar-ledger-'));
  const ledger = openLedger(stateDir);
  return {
    ledger,
    stateDir,
    [Symbol.asyncDispose]: async () => {
      ledger.close();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

export function entry(name: string, size = 10, mtime = 1): Entry {
  return { name, kind: 'file', size, mtimeNs: BigInt(mtime), ctimeNs: BigInt(mtime), ino: 1n };
}

export function look(dir: string, entries: readonly Entry[]): DirLook {
  return {
    dir: dir as SharePath,
    listing: encodeListing(entries),
    files: entries.length,
    bytes: entries.reduce((sum, { size }) => sum + size, 0),
  };
}

/** A batch of these files of one directory. */
export function planOf(dir: string, entries: readonly Entry[], changes: Partial<BatchPlan> = {}): BatchPlan {
  const files: PlannedFile[] = entries.map(({ name, size, mtimeNs, ctimeNs, ino }) => ({
    path: joinPath(dir as SharePath, name),
    ...{ size, mtimeNs, ctimeNs, ino },
  }));
  const plan: Omit<BatchPlan, 'id'> = {
    share: SHARE,
    owner: ownerId('mueller'),
    destination: destinationName('archive'),
    dataset: dir as SharePath,
    instrument: 'SEM1',
    rule: 'rule 1',
    facts: {},
    addendum: false,
    compress: false,
    files,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    ...changes,
  };
  return { ...plan, id: batchIdOf(plan) };
}
