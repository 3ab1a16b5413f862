import type { Content } from '../../core/content.ts';
import { deliveredPath } from '../../core/delivered-path.ts';
import { drawOrder } from '../../core/draw.ts';
import type { PlannedFile } from '../../core/model.ts';
import { printable } from '../../core/share-path.ts';
import { count, formatBytes } from '../../core/units.ts';
import type { AuditCall, Audited, RemoteContainer } from '../destination.ts';
import { openOwnerDir } from './owner-dir.ts';
import { readBack } from './read-back.ts';

/**
 * Whether a delivered batch is still there: names and sizes of all its files, and the SHA-256 of as many, drawn by lot,
 * as may be read. Throws where the root or the owner's directory is missing: a disk that is not mounted says nothing.
 */
export async function auditFiles(
  root: string,
  container: RemoteContainer,
  content: Content,
  { call: { signal }, maxBytes, seed }: AuditCall,
): Promise<Audited> {
  const { batch } = content;
  await using owner = await openOwnerDir(root, container, batch);
  const place = { owner, dir: `data/${content.targetDir}`, signal };
  const drawn = withinBytes(batch.files, { maxBytes, seed });
  const rest = batch.files.filter((file) => !drawn.has(file));
  const answers = [
    ...(await readBack(rest, place)),
    ...(await readBack([...drawn], { ...place, hashes: content.hashes() })),
  ];
  const wrong = answers.filter(({ found }) => found !== 'same');
  const bytes = [...drawn].reduce((sum, { size }) => sum + size, 0);
  return {
    how: `names and sizes of ${count(batch.files.length, 'file')} were read back, and the SHA-256 of ${count(drawn.size, 'file')} (${formatBytes(bytes)}).`,
    wrong: wrong.map(({ file, found }) => `${printable(deliveredPath(file))} (${found})`),
  };
}

function withinBytes(
  files: readonly PlannedFile[],
  { maxBytes, seed }: Pick<AuditCall, 'maxBytes' | 'seed'>,
): Set<PlannedFile> {
  const drawn = new Set<PlannedFile>();
  let left = maxBytes;
  const byLot = drawOrder(
    files.map((file) => ({ id: String(file.path), file })),
    seed,
    () => 1,
  );
  for (const { file } of byLot) {
    if (file.size > left) continue;
    drawn.add(file);
    left -= file.size;
  }
  return drawn;
}
