import { IngestError } from '../../core/errors.ts';
import { count } from '../../core/units.ts';
import type { AuditCall, Audited } from '../destination.ts';
import { isThere } from './confirm.ts';
import { mayRead, missingFiles, type ReadingBack } from './read-back.ts';
import { sampleOf, wrongHashes } from './read-hashes.ts';

/** Directories of one batch that are listed: each is a request at least. */
const MOST_DIRS = 20;

/**
 * Whether the upload still has a batch: its manifest (one request, which changes nothing), and where the token may read
 * names and sizes of some directories and the SHA-256 of a sample. Throws where that cannot be told now, or ever: an
 * upload that was published takes no question of a token that may not read.
 */
export async function auditUpload(
  reading: ReadingBack,
  audit: Pick<AuditCall, 'maxBytes' | 'seed'>,
): Promise<Audited> {
  const { connection, container, content, call } = reading;
  const manifest = { dir: `${content.targetDir}/.nightjar`, name: `${content.batch.id}.json` };
  const path = `${manifest.dir}/${manifest.name}`;
  try {
    const there = await isThere(connection, container, manifest, call);
    if (!there) return { how: '', wrong: [`the manifest of the batch, ${path}, is not in the upload`] };
  } catch (thrown) {
    return uploadGone(thrown);
  }
  const how = `NOMAD has the batch's manifest ${path}`;
  const read = mayRead(call) ? await readSome(reading, audit) : undefined;
  return read === undefined
    ? { how: `${how}; sizes and hashes cannot be read back with this token.`, wrong: [] }
    : { how: `${how}; ${read.how}.`, wrong: read.wrong };
}

/** Only a 404 of the platform itself says that the upload is gone; access that was taken says nothing of the data. */
function uploadGone(thrown: unknown): Audited {
  const isGone =
    thrown instanceof IngestError && thrown.code === 'CONTAINER_LOST' && thrown.context['status'] === 404;
  if (!isGone) throw thrown;
  return { how: '', wrong: [thrown.message], containerGone: true };
}

/** Undefined: the token may not read after all. */
async function readSome(
  reading: ReadingBack,
  { maxBytes, seed }: Pick<AuditCall, 'maxBytes' | 'seed'>,
): Promise<Audited | undefined> {
  const { batch } = reading.content;
  const bySize = await missingFiles(reading, { dirs: MOST_DIRS, seed });
  if (bySize === undefined) return undefined;
  const listed = `names and sizes of ${count(bySize.files, 'file')} were read back`;
  if (bySize.wrong.length > 0) return { how: listed, wrong: bySize.wrong };
  const drawn = sampleOf({ id: `${seed} ${batch.id}`, files: batch.files }, maxBytes);
  const wrong = await wrongHashes(reading, drawn);
  if (wrong === undefined) return { how: `${listed}, but no SHA-256: the token may not`, wrong: [] };
  return { how: `${listed}, and the SHA-256 of ${count(drawn.length, 'file')}`, wrong };
}
