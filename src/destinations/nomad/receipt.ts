import type { Content } from '../../core/content.ts';
import { deliveredPath, deliveredPlace } from '../../core/delivered-path.ts';
import { IngestError } from '../../core/errors.ts';
import type { Receipt } from '../../core/model.ts';
import { printable } from '../../core/share-path.ts';
import { count } from '../../core/units.ts';
import type { Call, RemoteContainer } from '../destination.ts';
import type { UploadState } from './api.ts';
import { isThere } from './confirm.ts';
import type { Connection } from './connection.ts';
import type { NomadOptions } from './options.ts';
import { processingFailed, saidOf } from './processing-failed.ts';
import { readBack } from './read-back.ts';

/** A batch and the upload that ought to have it. */
export type Asking = {
  readonly connection: Connection;
  readonly container: RemoteContainer;
  readonly content: Content;
  readonly call: Call;
  readonly verify: NomadOptions['verify'];
};

/** What a batch's receipt says whatever the evidence is. */
export function countsOf({
  container,
  content: { batch },
}: Pick<Asking, 'container' | 'content'>): Pick<Receipt, 'location' | 'files' | 'bytes'> {
  return { location: container.location, files: batch.files.length, bytes: batch.bytes };
}

/**
 * The receipt of a batch whose upload has come to rest in this state. Throws PROCESSING_FAILED, PARCEL_DROPPED when
 * the batch's own manifest is not there, RECEIPT_MISMATCH when what was read back is not as sent.
 */
export async function receiptOf(asking: Asking, state: UploadState): Promise<Receipt> {
  const { connection, container, content, call, verify } = asking;
  const { batch } = content;
  if (state.status === 'FAILURE') throw processingFailed(content, container, state);
  const manifest = { dir: `${content.targetDir}/.nightjar`, name: `${batch.id}.json` };
  if (!(await isThere(connection, container, manifest, call)))
    throw dropped(asking, 'the manifest of the batch is not in the upload', state);
  const has = `NOMAD ended processing (${state.status}) and has the batch's manifest ${manifest.dir}/${manifest.name}`;
  const { evidence, how, wrong } = await readBack({ connection, container, content, call }, verify);
  if (wrong.length > 0) throw mismatch(asking, wrong, state);
  return { ...countsOf(asking), evidence, how: `${has}; ${how}.` };
}

/** The first file of the batch that the upload has not, asked one by one, as a token that may not read can. */
export async function missingFile({
  connection,
  container,
  content,
  call,
}: Asking): Promise<string | undefined> {
  for (const file of content.batch.files)
    if (!(await isThere(connection, container, deliveredPlace(file, content.targetDir), call)))
      return printable(deliveredPath(file));
  return undefined;
}

/** A parcel that was answered 200 and is not there (FAIRmat-NFDI/nomad#136, May 2026). */
export function dropped(
  { container, content }: Pick<Asking, 'container' | 'content'>,
  what: string,
  state: UploadState | undefined,
): IngestError {
  const { id } = content.batch;
  return new IngestError(
    'PARCEL_DROPPED',
    `batch ${id} in NOMAD upload ${container.id}: it was answered 200, but ${what}`,
    {
      hint: 'It is sent again by itself, a few times. If it is held for this, show these words to the operator of the platform: it says yes to files and loses them.',
      context: { batchId: id, upload: container.id, status: state?.status, said: saidOf(state) },
    },
  );
}

function mismatch({ container, content }: Asking, wrong: readonly string[], state: UploadState): IngestError {
  const { id } = content.batch;
  const what = `${count(wrong.length, 'file')} not there as sent: ${someOf(wrong)}`;
  return new IngestError('RECEIPT_MISMATCH', `batch ${id} in NOMAD upload ${container.id}: ${what}`, {
    hint: 'The platform took the bytes but does not have the batch. Look at the upload there, remove the cause, then requeue: sending it again replaces what is there.',
    context: { batchId: id, upload: container.id, status: state.status, said: saidOf(state) },
  });
}

const NAMED = 5;

function someOf(names: readonly string[]): string {
  const more = names.length - NAMED;
  return `${names.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
