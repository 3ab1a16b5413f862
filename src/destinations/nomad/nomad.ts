import type { Clock } from '../../core/clock.ts';
import type { Content } from '../../core/content.ts';
import { type ErrorCode, IngestError } from '../../core/errors.ts';
import type { Batch, Receipt } from '../../core/model.ts';
import type { HttpClient } from '../../http/http-client.ts';
import type { Call, Destination, RemoteContainer } from '../destination.ts';
import { detailOf, emptyUploadsOf, encodePath, type UploadState, uploadStateOf } from './api.ts';
import { auditUpload } from './audit.ts';
import { type Polling, readState, stateAtEnd, stateAtRest } from './confirm.ts';
import { type Connection, createConnection } from './connection.ts';
import { accountOf } from './find-by-hand.ts';
import { metadataDocument, putDocument } from './metadata.ts';
import type { NomadOptions } from './options.ts';
import { publishingOf } from './publish.ts';
import { mayRead } from './read-back.ts';
import { type Asking, countsOf, dropped, missingFile, receiptOf } from './receipt.ts';
import { notNomad, refusalOf, refusalOfQuestion } from './refusal.ts';
import { goesRaw, sendRaw } from './send-raw.ts';
import { KIND_WORDS, tokenFacts } from './token.ts';

export type NomadParts = {
  readonly http: HttpClient;
  readonly clock: Clock;
  /** How the end of processing is waited for; 30 minutes is where the platform itself gives up (v1.3). */
  readonly polling?: Polling;
};

const POLLING: Polling = { firstMs: 500, longestMs: 60_000, totalMs: 30 * 60_000 };

/** v1.3 keeps a temp dir of each, has room for 99 in an upload, and answers 500 for ever then (recorded, after 92). */
const MAX_REFUSED = 80;

type Nomad = {
  readonly options: NomadOptions;
  readonly connection: Connection;
  readonly clock: Clock;
  readonly polling: Polling;
  /** What was answered 200 without anything being scheduled; forgotten with the content. */
  readonly unscheduled: WeakSet<Content>;
};

/**
 * NOMAD through each owner's write-only upload token. A container is an upload; a parcel is a zip that the platform
 * unpacks below the target directory. `close` answers `confirmed` only when processing ended well and the batch's own
 * manifest is there, `verified` when a credential that may read found every name and size; else `accepted`,
 * PROCESSING_FAILED, PARCEL_DROPPED or RECEIPT_MISMATCH.
 */
export function createNomad(options: NomadOptions, { http, clock, polling }: NomadParts): Destination {
  const nomad: Nomad = {
    options,
    connection: createConnection(options, http, clock),
    clock,
    polling: polling ?? POLLING,
    unscheduled: new WeakSet(),
  };
  return {
    kind: 'nomad',
    limits: {
      maxBytes: options.maxBytes,
      maxFiles: options.maxFiles,
      maxContainerBytes: options.maxUpload,
      maxRefused: MAX_REFUSED,
      acceptsZip: true,
    },
    describing: {
      document: metadataDocument,
      put: async (container, put, call) => await putDocument(nomad, container, put, call),
    },
    publishing: publishingOf(nomad),
    check: async (call) => await check(nomad, call),
    containerName: (batch) => containerName(options.container, batch),
    open: async (name, call) => await open(nomad, name, call),
    findEmpty: async (name, call) => await findEmpty(nomad, name, call),
    send: async (container, content, call) => await send(nomad, container, content, call),
    close: async (container, content, call) => await close(nomad, container, content, call),
    find: async (container, content, call) => await find(nomad, container, content, call),
    audit: async (container, content, { call, ...audit }) =>
      await auditUpload({ connection: nomad.connection, container, content, call }, audit),
    account: (call, asks) => {
      if (options.byHand === 'off' || !mayRead(call)) return undefined;
      const pageOf = (id: string): string => locationOf(options, id);
      return accountOf({ connection: nomad.connection, call, asks, pageOf, now: clock.now });
    },
  };
}

/**
 * `{owner}` and `{month}` (of planning, UTC), the rule where its data goes apart, and the batch where it is published: the same batch
 * gives the same name on every attempt.
 */
function containerName(template: string, batch: Batch): string {
  const month = new Date(batch.plannedAt).toISOString().slice(0, 7);
  const name = template.replaceAll('{owner}', batch.owner).replaceAll('{month}', month);
  const apart = batch.apart === undefined ? name : `${name}, ${batch.apart}`;
  return batch.publish === true ? `${apart}, ${batch.id}` : apart;
}

/**
 * A request that is refused for its parameters right after the token was looked at, before any upload is: 400 means
 * a good token, and nothing changes.
 */
async function check({ options, connection }: Nomad, call: Call): Promise<string> {
  const attempted = `checking the token at ${options.baseUrl}`;
  const query = { include_archive: 'true' };
  const answer = await connection.ask({ method: 'PUT', path: '/uploads/anything/raw/', query }, call);
  if (answer.status !== 400 || !detailOf(answer.text).includes('wait_for_processing'))
    throw answer.status < 300 ? notNomad(answer, attempted) : refusalOf(answer, attempted);
  const version = (await connection.version(call)) ?? 'NOMAD of unknown version';
  return `${options.baseUrl} answers (${version}) and takes the ${saidOf(call)}.`;
}

/** The token for a person: its kind, whose it is, and who made it, as far as it tells. */
function saidOf({ token }: Call): string {
  if (token === undefined) return 'token';
  const { kind, userId, generation } = tokenFacts(token);
  const whose = userId === undefined ? '' : ` of user ${userId}`;
  const made = generation === undefined ? '' : ` (${generation})`;
  const warning = kind === 'app' ? ', a kind that newer platforms call deprecated' : '';
  return `${KIND_WORDS[kind]}${whose}${made}${warning}`;
}

async function open({ options, connection }: Nomad, name: string, call: Call): Promise<RemoteContainer> {
  const attempted = `opening the NOMAD upload "${name}"`;
  const query = { upload_name: name };
  const answer = await connection.ask({ method: 'POST', path: '/uploads', query }, call);
  if (answer.status !== 200) throw refusalOfQuestion(answer, attempted);
  const state = uploadStateOf(answer.text);
  if (state === undefined) throw notNomad(answer, attempted);
  return containerOf(options, name, { id: state.uploadId, mainAuthor: state.mainAuthor });
}

/** Uploads of that name that the account made and nothing ever happened in; undefined for a token that may not read. */
async function findEmpty(
  { options, connection }: Nomad,
  name: string,
  call: Call,
): Promise<readonly RemoteContainer[] | undefined> {
  if (!mayRead(call)) return undefined;
  const query = { upload_name: name, roles: 'main_author', page_size: '100', order: 'desc' };
  const answer = await connection.ask({ method: 'GET', path: '/uploads', query }, call);
  if (answer.status === 401 || answer.status === 403) return undefined;
  const attempted = `looking for an empty NOMAD upload "${name}"`;
  if (answer.status !== 200) throw refusalOfQuestion(answer, attempted);
  const empty = emptyUploadsOf(answer.text, name);
  if (empty === undefined) throw notNomad(answer, attempted);
  return empty.map((one) => containerOf(options, name, one));
}

function containerOf(
  options: NomadOptions,
  name: string,
  { id, mainAuthor }: { readonly id: string; readonly mainAuthor: string | undefined },
): RemoteContainer {
  const account = mainAuthor === undefined ? {} : { account: mainAuthor };
  return { id, name, location: locationOf(options, id), ...account };
}

/** The upload's page in the platform's web pages, which lie beside the API. */
function locationOf(options: NomadOptions, uploadId: string): string {
  return `${options.baseUrl.replace(/\/api\/v1$/, '')}/gui/user/uploads/upload/id/${uploadId}`;
}

/**
 * Asks first whether the upload is busy, and waits for some minutes until it is not: v1.3 queues behind a running
 * process and drops the queue when that fails, v1.4 refuses only after it has taken the whole body.
 */
async function send(nomad: Nomad, container: RemoteContainer, content: Content, call: Call): Promise<void> {
  const attempted = `sending batch ${content.batch.id} to NOMAD upload ${container.id}`;
  const path = `/uploads/${encodePath(container.id)}/raw/${encodePath(content.targetDir)}`;
  const before = await stateAtRest(nomad.connection, container, call, nomad);
  if (before.isRunning) throw busy(attempted, before);
  nomad.unscheduled.delete(content);
  if (nomad.options.singleFiles === 'raw' && goesRaw(content))
    return await sendRaw({ ...nomad, before }, container, content, call);
  const body = await content.parcel(call.signal);
  const headers = { 'content-type': 'application/zip' };
  const answer = await nomad.connection.ask({ method: 'PUT', path, headers, body }, call);
  const refusedWhole = body.stream.readableEnded && answer.status < 500;
  if (answer.status !== 200) throw refusalOf(answer, attempted, { refusedWhole });
  const after = uploadStateOf(answer.text);
  if (after?.uploadId !== container.id) throw notNomad(answer, attempted);
  // Only this answer tells: afterwards each question sets the time of completion too, as it makes a directory.
  const isScheduled = after.isRunning || after.completedAt !== before.completedAt;
  if (!isScheduled) nomad.unscheduled.add(content);
}

function busy(attempted: string, state: UploadState): IngestError {
  return new IngestError(
    'DESTINATION_BUSY',
    `${attempted}: the platform still works on it (${state.status})`,
    {
      hint: 'Nothing to do: it is tried again later. If it stays so for days, ask the operator of the platform.',
      retryAfterMs: 60_000,
      context: { status: state.status },
    },
  );
}

async function close(
  nomad: Nomad,
  container: RemoteContainer,
  content: Content,
  call: Call,
): Promise<Receipt> {
  const asking = askingOf(nomad, container, content, call);
  const state = await stateAtEnd(nomad.connection, container, call, nomad);
  if (state === undefined) {
    const minutes = Math.round(nomad.polling.totalMs / 60_000);
    const how = `NOMAD answered 200 to the parcel; ${minutes} minutes later it had not said that it unpacked it.`;
    return { ...countsOf(asking), evidence: 'accepted', how };
  }
  if (nomad.unscheduled.has(content)) throw dropped(asking, 'no process ran afterwards', state);
  return await receiptOf(asking, state);
}

/**
 * Whether a parcel of which nobody knows the outcome is there: the upload's last process ended well, and the batch's
 * manifest and its files are in it. Anything else means that it has to be sent (again). The last process may be another's:
 * one of ours that failed before it may have left the manifest and not all of the files, as v1.3 merges in any order.
 */
async function find(
  nomad: Nomad,
  container: RemoteContainer,
  content: Content,
  call: Call,
): Promise<Receipt | IngestError> {
  const { connection } = nomad;
  const state =
    call.once === true
      ? await readState(connection, container, call)
      : await stateAtRest(connection, container, call, nomad);
  if (state.isRunning)
    throw busy(`looking for batch ${content.batch.id} in NOMAD upload ${container.id}`, state);
  const asking = askingOf(nomad, container, content, call);
  // The manifest of a file sent by itself follows when the file is there, and v1.4 runs no process for it.
  const hasEnded = state.status === 'SUCCESS' || state.status === 'FAILURE' || goesRaw(content);
  if (!hasEnded) return dropped(asking, `no process ended in the upload (${state.status})`, state);
  try {
    const receipt = await receiptOf(asking, state);
    const missing =
      receipt.evidence === 'verified' || goesRaw(content) ? undefined : await missingFile(asking);
    if (missing === undefined) return receipt;
    return dropped(asking, `${missing} is not in the upload, though the manifest is`, state);
  } catch (thrown) {
    if (thrown instanceof IngestError && NOT_THERE.includes(thrown.code)) return thrown;
    throw thrown;
  }
}

const NOT_THERE: readonly ErrorCode[] = ['PROCESSING_FAILED', 'PARCEL_DROPPED', 'RECEIPT_MISMATCH'];

function askingOf(
  { connection, options: { verify } }: Nomad,
  container: RemoteContainer,
  content: Content,
  call: Call,
): Asking {
  return { connection, container, content, call, verify };
}
