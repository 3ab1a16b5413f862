import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Content } from '../../core/content.ts';
import { deliveredPath, deliveredPlace } from '../../core/delivered-path.ts';
import { IngestError } from '../../core/errors.ts';
import { nameOf } from '../../core/share-path.ts';
import type { Call, RemoteContainer } from '../destination.ts';
import { isSendable, type UploadState, uploadStateOf } from './api.ts';
import { isThere, stateAtEnd } from './confirm.ts';
import type { Connection } from './connection.ts';
import { processingFailed } from './processing-failed.ts';
import { type Put, putInto, type RawParts } from './put-raw.ts';
import { dropped } from './receipt.ts';
import { notNomad, refusalOf } from './refusal.ts';

/**
 * What the platform takes apart by its ending, in whatever case, and refuses when it cannot (nomad/files.py, both):
 * .zip .eln .tar .tgz .gz .tar.gz .tar.bz2. Its relatives are held back too, for a later release may know them.
 */
const UNPACKED = /\.(?:zip|eln|tar|tgz|gz|bz2|tbz2?|xz|txz|zst|7z|rar)$/i;

/** True when the batch is one file that the platform takes as it is; everything else goes inside a zip, where all is whole. */
export function goesRaw({ batch, targetDir }: Pick<Content, 'batch' | 'targetDir'>): boolean {
  const [file, ...others] = batch.files;
  if (file === undefined || others.length > 0 || batch.compress) return false;
  // A body without bytes is none: "Either an upload file or …" (recorded).
  return (
    file.size > 0 &&
    !UNPACKED.test(nameOf(deliveredPath(file))) &&
    isSendable(deliveredPlace(file, targetDir))
  );
}

/**
 * Sends the one file as it is, to where the parcel would have been unpacked, waits until the platform is done with it,
 * and then the two forms of the manifest. Each request makes a process on the platform and only one may run: v1.4
 * refuses the second after taking it, v1.3 drops what waits behind a failing one.
 */
export async function sendRaw(
  parts: RawParts & { readonly before: UploadState },
  container: RemoteContainer,
  content: Content,
  call: Call,
): Promise<void> {
  const { batch, targetDir } = content;
  const [file] = batch.files;
  if (file === undefined) throw new RangeError('a batch has at least one file');
  const body = { bytes: file.size, stream: Readable.from(onlyFile(content, call.signal), RAW) };
  const place = deliveredPlace(file, targetDir);
  const request = { place, type: 'application/octet-stream', body };
  const attempted = `sending batch ${batch.id}`;
  const after = await put(parts.connection, container, { ...request, attempted }, call);
  // A file of that path may be there from before: only this answer tells that a process of ours was scheduled.
  if (!after.isRunning && after.completedAt === parts.before.completedAt)
    throw dropped({ container, content }, 'no process ran afterwards', after);
  const state = await stateAtEnd(parts.connection, container, call, parts);
  if (state === undefined) throw stillBusy(content, container);
  if (state.status === 'FAILURE') throw processingFailed(content, container, state);
  // Early 1.4 answered 200 and dropped files (FAIRmat-NFDI/nomad#136): a manifest beside nothing would confirm it.
  if (!(await isThere(parts.connection, container, place, call)))
    throw dropped({ container, content }, 'the file is not in the upload', state);
  await putManifest(parts.connection, container, content, call);
}

const RAW = { objectMode: false } as const;

/** The file's bytes; the last are held back until it is known that it was read whole and had not moved meanwhile. */
async function* onlyFile(content: Content, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let held: Uint8Array | undefined;
  for await (const { body } of content.files(signal)) {
    for await (const piece of body) {
      if (held !== undefined) yield held;
      held = piece;
    }
  }
  if (held !== undefined) yield held;
}

/** Both forms in one request, so that they cost one process; v1.4 only puts them down, and none runs (no mail). */
async function putManifest(
  connection: Connection,
  container: RemoteContainer,
  content: Content,
  call: Call,
): Promise<void> {
  const { json, sha256sums } = content.manifest();
  const { id } = content.batch;
  const boundary = `nightjar-${randomUUID()}`;
  const body = multipart(boundary, [
    [`${id}.json`, json],
    [`${id}.sha256`, sha256sums],
  ]);
  await put(
    connection,
    container,
    {
      place: { dir: `${content.targetDir}/.nightjar` },
      type: `multipart/form-data; boundary=${boundary}`,
      body,
      query: { trigger_processing: 'false' },
      attempted: `sending the manifest of batch ${id}`,
    },
    call,
  );
}

/** `file` may come as often as there are files (recorded). The names are ours and plain, so none needs an escape. */
function multipart(boundary: string, files: readonly (readonly [name: string, text: string])[]): Buffer {
  const parts = files.map(
    ([name, text]) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: text/plain\r\n\r\n${text}\r\n`,
  );
  return Buffer.from(`${parts.join('')}--${boundary}--\r\n`);
}

/** The state of the upload in the answer. Throws unless the platform says that this upload took it. */
async function put(
  connection: Connection,
  container: RemoteContainer,
  { attempted, ...request }: Put & { readonly attempted: string },
  call: Call,
): Promise<UploadState> {
  const answer = await putInto(connection, container, request, call);
  const what = `${attempted} to NOMAD upload ${container.id}`;
  const { body } = request;
  const refusedWhole = (body instanceof Uint8Array || body.stream.readableEnded) && answer.status < 500;
  if (answer.status !== 200) throw refusalOf(answer, what, { refusedWhole });
  const state = uploadStateOf(answer.text);
  if (state?.uploadId !== container.id) throw notNomad(answer, what);
  return state;
}

function stillBusy({ batch }: Content, container: RemoteContainer): IngestError {
  return new IngestError(
    'DESTINATION_BUSY',
    `sending batch ${batch.id} to NOMAD upload ${container.id}: it has the file and was not done with it in time`,
    {
      hint: 'Nothing to do: it is tried again later, and sending it again replaces it. If it stays so for days, ask the operator of the platform.',
      retryAfterMs: 60_000,
    },
  );
}
