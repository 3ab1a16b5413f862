import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { IngestError } from '../../core/errors.ts';
import { watchStandstill } from '../../core/standstill.ts';
import type { HttpAnswer } from '../../http/http-client.ts';
import type { Call, RemoteContainer } from '../destination.ts';
import { detailOf, encodePath, type UploadState, uploadStateOf } from './api.ts';
import type { Connection } from './connection.ts';
import { rawDirPages } from './raw-dir.ts';
import { mayRead } from './read-back.ts';
import { notNomad, refusalOfQuestion } from './refusal.ts';

/** How long and how often the end of processing is asked for, in milliseconds. */
export type Polling = {
  readonly firstMs: number;
  readonly longestMs: number;
  readonly totalMs: number;
  /** Before a parcel is sent into an upload that is busy; default: BUSY_MS. */
  readonly busyMs?: number;
  /** After which others need not wait for the end; default: STANDS_MS. */
  readonly standsMs?: number;
};

/** What others do in an upload mostly ends within minutes; the owner's other lanes wait no longer for it. */
const BUSY_MS = 5 * 60_000;

/**
 * What the platform works on is a burden to it, and holds its place like bytes that move; but a process that never ends
 * (for one owner's data, again and again) must not hold it for all of `totalMs`.
 */
const STANDS_MS = 2 * 60_000;

/** Each question leaves one empty directory below this in the upload, as only a new one is answered with the state. */
const STATUS_DIR = '.nightjar-status';

/**
 * State of the upload's last process. A write-only token may not read, but making a directory is answered with it;
 * a new name each time, as an existing one is refused without. CONTAINER_LOST when the upload cannot be written.
 */
export async function readState(
  connection: Connection,
  container: RemoteContainer,
  call: Call,
): Promise<UploadState> {
  const attempted = `asking NOMAD how upload ${container.id} is`;
  const read = mayRead(call) ? await stateByReading(connection, container, call) : undefined;
  if (read !== undefined) return read;
  const path = `/uploads/${encodePath(container.id)}/raw-create-dir/${STATUS_DIR}/${randomBytes(6).toString('hex')}`;
  const answer = await connection.ask({ method: 'POST', path }, call);
  if (answer.status !== 200) throw refusalOfQuestion(answer, attempted);
  const state = uploadStateOf(answer.text);
  if (state === undefined) throw notNomad(answer, attempted);
  return state;
}

/** The same without a trace, for a credential that may read; undefined when it may not after all. */
async function stateByReading(
  connection: Connection,
  container: RemoteContainer,
  call: Call,
): Promise<UploadState | undefined> {
  const path = `/uploads/${encodePath(container.id)}`;
  const answer = await connection.ask({ method: 'GET', path }, call);
  return answer.status === 200 ? uploadStateOf(answer.text) : undefined;
}

/**
 * The state once nothing runs any more; undefined when that was not to be learned within `totalMs`. Throws when the
 * platform is away: what it has of the batch is looked for when it is back.
 */
export async function stateAtEnd(
  connection: Connection,
  container: RemoteContainer,
  call: Call,
  { clock, polling }: { clock: Clock; polling: Polling },
): Promise<UploadState | undefined> {
  const deadline = clock.monotonic() + polling.totalMs;
  using _ = standsAfter(polling.standsMs ?? STANDS_MS, call, clock);
  let failures = 0;
  // Waits before it asks: the first answer would be "pending", and each costs a directory.
  for (let wait = polling.firstMs; ; wait = Math.min(wait * 2, polling.longestMs)) {
    // Aborted in its sleep, it asks once more: that throws the reason as an IngestError.
    await clock.sleep(wait, call.signal).catch(() => undefined);
    const state = await readState(connection, container, call).catch((thrown: unknown) => {
      failures += 1;
      return unlessPassing(thrown, failures, call.signal);
    });
    if (state !== undefined) failures = 0;
    if (state !== undefined && !state.isRunning) return state;
    if (clock.monotonic() >= deadline) return undefined;
  }
}

/** From then on until it is disposed of, the delivery stands still. */
function standsAfter(ms: number, { standstill }: Call, clock: Clock): Disposable {
  const ended = new AbortController();
  const begun = clock.monotonic();
  const patient = standstill && { ...standstill, afterMs: ms };
  watchStandstill({ clock, standstill: patient, since: () => begun }, ended.signal);
  return { [Symbol.dispose]: () => ended.abort() };
}

/** The state now, or once what runs has ended; still running when that took longer than a delivery waits for it. */
export async function stateAtRest(
  connection: Connection,
  container: RemoteContainer,
  call: Call,
  { clock, polling }: { clock: Clock; polling: Polling },
): Promise<UploadState> {
  const now = await readState(connection, container, call);
  if (!now.isRunning) return now;
  const bounded = { ...polling, totalMs: polling.busyMs ?? BUSY_MS };
  return (await stateAtEnd(connection, container, call, { clock, polling: bounded })) ?? now;
}

/** So many questions in a row without an answer are an outage, and no moment. */
const AWAY_AFTER = 3;

/** A platform that is away for a moment is asked again. */
function unlessPassing(thrown: unknown, inARow: number, signal: AbortSignal): undefined {
  const isPassing = thrown instanceof IngestError && thrown.disposition === 'retry';
  if (isPassing && inARow < AWAY_AFTER && !signal.aborted) return undefined;
  throw thrown;
}

/**
 * True when the path is in the upload. A file copied onto itself is refused as existing (409) without any change;
 * where it is missing the answer is 404 (no such directory), 409 in other words (v1.4), or 200 and nothing (v1.3).
 */
export async function isThere(
  connection: Connection,
  container: RemoteContainer,
  path: { readonly dir: string; readonly name: string },
  call: Call,
): Promise<boolean> {
  const source = `${path.dir}/${path.name}`;
  const query = { copy_or_move: 'copy', copy_or_move_source_path: source, file_name: path.name };
  const url = `/uploads/${encodePath(container.id)}/raw/${encodePath(path.dir)}`;
  const answer = await connection.ask({ method: 'PUT', path: url, query }, call);
  const said = yesOrNo(answer, container);
  if (said !== undefined) return said;
  const attempted = `asking NOMAD whether upload ${container.id} has ${source}`;
  const refusal = refusalOfQuestion(answer, attempted);
  // An answer to this question in words that are not known, or a page with such a status.
  if (answer.status === 200 || refusal.code === 'TARGET_CONFLICT') throw notNomad(answer, attempted);
  const read = refusal.context['published'] === true && mayRead(call);
  const isListed = read ? await isThereByReading(connection, container, path, call) : undefined;
  if (isListed === undefined) throw refusal;
  return isListed;
}

/**
 * Undefined where it is neither. A page of something between us and the platform is never a no: the batch would be sent
 * again, or an old delivery called gone.
 */
function yesOrNo({ status, text }: HttpAnswer, { id }: RemoteContainer): boolean | undefined {
  const said = detailOf(text);
  if (status === 409 && said.includes('The provided path already exists.')) return true;
  const isNo =
    (status === 409 && said.includes('No file or folder with that source path')) ||
    (status === 200 && uploadStateOf(text)?.uploadId === id) ||
    (status === 404 && said.includes('No file or folder with that path found.'));
  return isNo ? false : undefined;
}

/** The same where nothing may be written any more; undefined when the credential may not read after all. */
async function isThereByReading(
  connection: Connection,
  { id: upload }: RemoteContainer,
  { dir, name }: { readonly dir: string; readonly name: string },
  call: Call,
): Promise<boolean | undefined> {
  for await (const page of rawDirPages(connection, { upload, dir }, call)) {
    if (page === undefined) return undefined;
    if (page.some((entry) => entry.isFile && entry.name === name)) return true;
  }
  return false;
}
