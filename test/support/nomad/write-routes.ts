/** The operations that take an upload token. Facts: nomad/app/v1/routers/uploads.py and the recording beside this. */
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { type Answer, invalid, Refusal, thanks } from './answers.ts';
import type { Process, Route, Upload, Visit } from './model.ts';
import { match, type Worker } from './processing.ts';
import { checkPath, mergeZip, putFile, statOf } from './raw-files.ts';
import { type Part, receiveParts } from './receive.ts';
import {
  dataOf,
  isRunning,
  newUpload,
  rawOf,
  refuseOverLimit,
  type State,
  timestamp,
  writableUpload,
} from './state.ts';
import { readZip } from './zip.ts';

const ZIP_NAME = /\.(?:zip|eln)$/i;
const TAR_NAME = /\.(?:tar|tgz|gz|tar\.gz|tar\.bz2)$/i;
const BAD_ARCHIVE = 'Cannot extract file. Bad file format or file extension?';
/** Temp dirs are named <id>, <id>_2 … <id>_99 (v1.3, nomad/files.py). */
const MAX_TEMP_DIRS = 99;

export function writeRoutes(state: State, worker: Worker) {
  const isOld = state.generation === 'v1.3';
  const spool = path.join(state.root, 'spool');
  const processName = isOld ? 'process_upload' : '_process_upload';

  const create: Route = async (visit) => {
    const user = state.auth.requireUser(visit, true);
    const embargo = integer(visit, 'embargo_length');
    refuseOverLimit(state, user);
    if (embargo !== undefined && (embargo < 0 || embargo > 36))
      throw new Refusal(400, '`embargo_length` must be between 0 and 36 months.');
    const parts = await receiveParts(visit, spool);
    for (const part of parts) {
      if (part.name === undefined && (await readZip(part.file)) === undefined)
        throw new Refusal(400, 'No file name provided, and the file does not look like a zip or tar file.');
    }
    const query = visit.seen.query;
    const upload = await newUpload(state, user, query.get('upload_name') ?? parts[0]?.name ?? null);
    upload.embargoLength = embargo ?? 0;
    const publish = query.get('publish_directly') === 'true';
    if (parts.length > 0) accept(visit, upload, async () => await update(upload, parts, '', publish));
    return written(visit, upload, {});
  };

  const put: Route = async (visit, id) => {
    const user = state.auth.requireUser(visit, true);
    const query = visit.seen.query;
    const waits = query.get('wait_for_processing') === 'true';
    if (query.get('include_archive') === 'true' && !waits)
      throw new Refusal(400, '`include_archive` requires `wait_for_processing`.');
    const upload = writableUpload(state, id, user);
    checkPath(state.generation, visit.rest);
    checkFileName(query.get('file_name'));
    if (query.has('copy_or_move') || query.has('copy_or_move_source_path')) return await copy(visit, upload);
    if (isOld && upload.tempDirs >= MAX_TEMP_DIRS)
      throw new Error('Could not create temporary directory - too many directories with same prefix?');
    const parts = await receiveOrForget(visit, upload);
    // From here on a refusal leaves its temp dir behind (recorded: after 92 refused PUTs …).
    await checkParts(visit, upload, parts);
    if (waits && isRunning(upload))
      throw new Refusal(400, 'The upload is currently being processed, operation not allowed.');
    const target = visit.rest;
    accept(
      visit,
      upload,
      async () => await update(upload, parts, target, false),
      () => {
        upload.tempDirs -= 1;
      },
    );
    return written(visit, upload, { processing: null });
  };

  /** A body that never came, or came broken, takes its temp dir with it. */
  async function receiveOrForget(visit: Visit, upload: Upload): Promise<Part[]> {
    upload.tempDirs += 1;
    try {
      const parts = await receiveParts(visit, spool);
      if (parts.length > 0) return parts;
    } catch (thrown) {
      upload.tempDirs -= 1;
      throw thrown;
    }
    upload.tempDirs -= 1;
    const text =
      'Either an upload file or the query parameters for moving/copying a file should be provided.';
    throw new Refusal(400, text);
  }

  function accept(
    visit: Visit,
    upload: Upload,
    run: () => Promise<void>,
    after = (): void => undefined,
  ): void {
    const fault = visit.fault;
    const done = async (): Promise<void> => after();
    if (fault?.kind !== 'drop-files') return worker.schedule(upload, { name: processName, run, done });
    after();
    if (fault.process) worker.schedule(upload, { name: processName, run: async () => undefined });
  }

  async function update(
    upload: Upload,
    parts: readonly Part[],
    target: string,
    publish: boolean,
  ): Promise<void> {
    for (const part of parts) {
      const entries = TAR_NAME.test(part.name ?? '') ? undefined : await readZip(part.file);
      const isArchive = part.name === undefined || ZIP_NAME.test(part.name) || TAR_NAME.test(part.name);
      if (!isArchive) await putFile(rawOf(upload), path.join(target, part.name ?? ''), part.file);
      else if (entries === undefined) throw new Error(`AssertionError: ${BAD_ARCHIVE}`);
      else await mergeZip(state.generation, part.file, entries, { raw: rawOf(upload), target });
      await rm(part.file, { force: true });
    }
    await match(upload, publish, timestamp(state));
  }

  async function copy(visit: Visit, upload: Upload): Promise<Answer> {
    const query = visit.seen.query;
    const mode = query.get('copy_or_move');
    const source = query.get('copy_or_move_source_path');
    const name = query.get('file_name');
    if ((mode !== 'copy' && mode !== 'move') || source === null || name === null)
      throw new Refusal(400, 'Bad parameters for copying or moving a file.');
    const target = path.join(rawOf(upload), visit.rest, name);
    if ((await statOf(path.dirname(target))) === undefined)
      throw new Refusal(404, 'No file or folder with that path found.');
    if ((await statOf(target)) !== undefined) throw new Refusal(409, 'The provided path already exists.');
    const from = path.join(rawOf(upload), source);
    const isThere = (await statOf(from)) !== undefined;
    if (!isThere && !isOld) throw new Refusal(409, `No file or folder with that source path: ${source}`);
    const run = async (): Promise<void> => {
      if (isThere && mode === 'copy') await cp(from, target, { recursive: true });
      if (isThere && mode === 'move') await rename(from, target);
    };
    worker.schedule(upload, { name: processName, run });
    return written(visit, upload, { processing: null });
  }

  const createDir: Route = async (visit, id) => {
    const user = state.auth.requireUser(visit, true);
    const upload = writableUpload(state, id, user);
    checkPath(state.generation, visit.rest);
    if (visit.rest === '') throw new Refusal(400, 'Bad path provided.');
    const target = path.join(rawOf(upload), visit.rest);
    if ((await statOf(target)) !== undefined)
      throw new Refusal(400, `Path \`${visit.rest}\` already exists.`);
    await mkdir(target, { recursive: true });
    // "We should signal that the upload has changed": source of both generations, post_upload_raw_create_dir_path.
    upload.completeTime = timestamp(state);
    return { status: 200, json: { upload_id: upload.id, data: dataOf(state, upload, false) } };
  };

  const remove: Route = async (visit, id) => {
    const user = state.auth.requireUser(visit, true);
    const upload = writableUpload(state, id, user);
    checkPath(state.generation, visit.rest);
    const target = path.join(rawOf(upload), visit.rest);
    if ((await statOf(target)) === undefined)
      throw new Refusal(404, 'No file or folder with that path found.');
    const run = async (): Promise<void> => {
      await rm(target, { recursive: true });
      await mkdir(rawOf(upload), { recursive: true });
    };
    const process: Process = { name: processName, run };
    worker.schedule(upload, process);
    return { status: 200, json: { upload_id: upload.id, data: dataOf(state, upload, false) } };
  };

  /** JSON only for an Accept that equals application/json; anything else gets thanks and never the id. */
  function written(visit: Visit, upload: Upload, more: object): Answer {
    if (visit.incoming.headers.accept !== 'application/json')
      return { status: 200, text: thanks(state.origin) };
    return { status: 200, json: { upload_id: upload.id, data: dataOf(state, upload, true), ...more } };
  }

  return { create, put, createDir, remove };
}

/** A streamed body without name is known by content, one with a name by its extension alone (recorded). */
async function kindOf(part: Part): Promise<'archive' | 'file'> {
  if (part.name === undefined) {
    if ((await readZip(part.file)) !== undefined) return 'archive';
    throw new Refusal(400, 'No file name provided, and the file does not look like a zip or tar file.');
  }
  if (TAR_NAME.test(part.name)) throw new Refusal(400, BAD_ARCHIVE);
  if (!ZIP_NAME.test(part.name)) return 'file';
  if ((await readZip(part.file)) === undefined) throw new Refusal(400, BAD_ARCHIVE);
  return 'archive';
}

function checkFileName(name: string | null): void {
  if (name !== null && (name === '.' || name === '..' || name.includes('/')))
    throw new Refusal(400, 'Bad file name provided.');
}

function integer(visit: Visit, name: string): number | undefined {
  const text = visit.seen.query.get(name);
  if (text === null) return undefined;
  if (!/^-?\d+$/.test(text))
    throw invalid(['query', name], 'value is not a valid integer', 'type_error.integer');
  return Number(text);
}

async function checkParts(visit: Visit, upload: Upload, parts: readonly Part[]): Promise<void> {
  for (const part of parts) {
    const kind = await kindOf(part);
    if (kind !== 'file') continue;
    const there = await statOf(path.join(rawOf(upload), visit.rest, part.name ?? ''));
    if (there !== undefined && visit.seen.query.get('overwrite_if_exists') === 'false')
      throw new Refusal(409, 'The provided path already exists and overwrite_if_exists is set to False.');
  }
}
