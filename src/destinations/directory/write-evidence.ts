import type { Content } from '../../core/content.ts';
import type { Receipt } from '../../core/model.ts';
import { printable } from '../../core/share-path.ts';
import { DirWalk, type HeldDir } from './dir-walk.ts';
import { onDisk } from './disk-error.ts';
import { writeDurably } from './write-durably.ts';

/** Writes the batch's two manifests, then its receipt, below the owner's directory; again gives the same files. */
export async function writeEvidence(owner: HeldDir, content: Content, receipt: Receipt): Promise<void> {
  const { batch, targetDir } = content;
  const { json, sha256sums } = content.manifest();
  const { id, destination, share, dataset, instrument } = batch;
  const facts = {
    format: 'nightjar-receipt',
    formatVersion: 1,
    batchId: id,
    owner: batch.owner,
    destination,
    share,
    dataset: printable(dataset),
    instrument: printable(instrument),
    targetDir,
  };
  await using walk = new DirWalk(owner, 'keep');
  const attempted = () => `write the manifest and receipt of ${id} below ${owner.path}`;
  const manifests = await walk.into('manifests');
  await onDisk(writeDurably(manifests, `${id}.json`, json), attempted);
  await onDisk(writeDurably(manifests, `${id}.sha256`, sha256sums), attempted);
  const receipts = await walk.into('receipts');
  const text = `${JSON.stringify({ ...facts, ...receipt }, null, 2)}\n`;
  await onDisk(writeDurably(receipts, `${id}.json`, text), attempted);
  await walk.finish();
}
