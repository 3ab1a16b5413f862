import { createHash } from 'node:crypto';
import { deliveredPath } from '../../core/delivered-path.ts';
import { IngestError } from '../../core/errors.ts';
import type { Batch, PlannedFile } from '../../core/model.ts';
import { printable } from '../../core/share-path.ts';
import type { HttpAnswer } from '../../http/http-client.ts';
import type { Call } from '../destination.ts';
import { encodePath, isNoSuchPath } from './api.ts';
import type { Connection } from './connection.ts';
import type { ReadingBack } from './read-back.ts';
import { refusalOfReading } from './refusal.ts';

/** Most that a sample downloads of a batch: the platform's operator pays for it too. */
export const SAMPLE_FILES = 20;
export const SAMPLE_BYTES = 256 * 10 ** 6;

/** Bytes asked for at once: a cut connection or an impatient proxy costs one slice. */
const SLICE = 64 * 2 ** 20;

/** Files of a batch in an order of its id, as many as the bounds allow: the same ones on every attempt. */
export function sampleOf(
  batch: { readonly id: string; readonly files: Batch['files'] },
  maxBytes = SAMPLE_BYTES,
): readonly PlannedFile[] {
  const drawn = batch.files
    .filter(({ size }) => size > 0)
    .map((file) => ({ file, at: sha256(`${batch.id} ${file.path}`) }))
    .toSorted((a, b) => (a.at < b.at ? -1 : 1));
  const sample: PlannedFile[] = [];
  let left = Math.min(SAMPLE_BYTES, maxBytes);
  for (const { file } of drawn) {
    if (sample.length === SAMPLE_FILES) break;
    if (file.size > left) continue;
    sample.push(file);
    left -= file.size;
  }
  return sample;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Digits of a hash that tell it from another at a glance. */
const SHOWN = 12;

/**
 * The files whose bytes at the platform have another SHA-256 than those that were packed, as sentences; undefined when
 * the credential may not read them after all. Needs the content's hashes: after a whole pass.
 */
export async function wrongHashes(
  reading: ReadingBack & { readonly slice?: number },
  files: readonly PlannedFile[],
): Promise<readonly string[] | undefined> {
  const wrong: string[] = [];
  const packed = reading.content.hashes();
  for (const file of files) {
    const found = await hashThere(reading, file);
    if (found === undefined) return undefined;
    const expected = packed.get(file.path) ?? '';
    if (found === expected) continue;
    const what =
      found === ''
        ? 'missing'
        : `other bytes: SHA-256 ${found.slice(0, SHOWN)}… instead of ${expected.slice(0, SHOWN)}…`;
    wrong.push(`${printable(deliveredPath(file))} (${what})`);
  }
  return wrong;
}

async function hashThere(
  { connection, container, content, call, slice = SLICE }: ReadingBack & { readonly slice?: number },
  { size, ...file }: PlannedFile,
): Promise<string | undefined> {
  const path = `${content.targetDir}/${deliveredPath(file)}`;
  return await rawHash(connection, { upload: container.id, path, size, slice }, call);
}

/**
 * SHA-256 of a file as the platform has it, read in slices, '' where there is none; an empty one is not asked for, as
 * no length is zero there. Undefined: the credential may not read.
 */
export async function rawHash(
  connection: Connection,
  { upload, path, size, slice = SLICE }: { upload: string; path: string; size: number; slice?: number },
  call: Call,
): Promise<string | undefined> {
  const hash = createHash('sha256');
  const attempted = `reading back ${printable(path)} of NOMAD upload ${upload}`;
  let [short, empty] = [0, 0];
  for (let offset = 0; offset < size; ) {
    const length = Math.min(slice, size - offset);
    let got = 0;
    const take = (piece: Uint8Array): void => {
      hash.update(piece);
      got += piece.length;
    };
    const answer = await connection.ask(
      {
        method: 'GET',
        path: `/uploads/${encodePath(upload)}/raw/${encodePath(path)}`,
        query: { offset: String(offset), length: String(length) },
        into: { maxBytes: length, take },
      },
      call,
    );
    if (answer.status === 401 || answer.status === 403) return undefined;
    if (isNoSuchPath(answer)) return '';
    if (answer.status !== 200) throw refusalOfReading(answer, attempted);
    offset += got;
    if (got === length) continue;
    short += 1;
    if (got === 0) empty += 1;
    if (empty > 1) break;
    if (short > MAX_SHORT) throw cutShort(answer, attempted);
  }
  return hash.digest('hex');
}

/**
 * A connection that is cut may look like the end of the bytes, so that the rest is asked for again; where nothing came
 * twice, the file ends there.
 */
const MAX_SHORT = 3;

function cutShort({ status }: HttpAnswer, attempted: string): IngestError {
  return new IngestError('DESTINATION_UNCLEAR', `${attempted}: the answers end before they are whole`, {
    hint: 'Nothing to do: it is not taken for wrong bytes. If it stays, look at proxies on the way to the platform.',
    context: { status },
  });
}
