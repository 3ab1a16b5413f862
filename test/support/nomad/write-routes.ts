/**
 * The operations that take an upload token. Facts: nomad/app/v1/routers/uploads.py and the recording beside this (v1.3);
 * nomad/app/v1/routers/uploads/{default,utils}.py (1.4).
 */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { type Answer, integer, Refusal, thanks } from './answers.ts';
import { addFile, BAD_ARCHIVE, formatOf, named, unpacks } from './archive.ts';
import { copyRoute } from './copy.ts';
import type { Process, Route, Upload, Visit } from './model.ts';
import { isMainfile, match, type Worker } from './processing.ts';
import { checkPath, statOf } from './raw-files.ts';
import { checkLocalPath, type Part, receiveParts } from './receive.ts';
import { dataOf, newUpload, rawOf, refuseOverLimit, type State, timestamp, writableUpload } from './state.ts';
import { readZip } from './zip.ts';

/** Temp dirs are named <id>, <id>_2 … <id>_99 (v1.3, nomad/files.py); 1.4 names them at random, without an end. */
const MAX_TEMP_DIRS = 99;
const NO_BODY = 'Either an upload file or the query parameters for moving/copying a file should be provided.';

type NamedPart = Part & { readonly name: string };
type Update = {
  readonly parts: readonly NamedPart[];
  readonly target: string;
  readonly publish: boolean;
  readonly unpack: boolean;
};

export function writeRoutes(state: State, worker: Worker) {
  const isOld = state.generation === 'v1.3';
  const spool = path.join(state.root, 'spool');
  const processName = isOld ? 'process_upload' : '_process_upload';
  const isAsked = (visit: Visit, name: string): boolean => visit.seen.query.get(name) === 'true';

  const create: Route = async (visit) => {
    const user = state.auth.requireUser(visit, true);
    const embargo = integer(visit, 'embargo_length');
    refuseOverLimit(state, user);
    if (embargo !== undefined && (embargo < 0 || embargo > 36))
      throw new Refusal(400, '`embargo_length` must be between 0 and 36 months.');
    checkLocalPath(state, visit, user);
    const received = await receiveParts(visit, spool);
    const parts = await Promise.all(received.map(named));
    const query = visit.seen.query;
    const example = isOld ? null : query.get('example_upload_id');
    if (example !== null && !query.has('upload_name'))
      throw new Refusal(400, `Could not find example upload with id "${example}"`);
    const upload = await newUpload(state, user, query.get('upload_name') ?? received[0]?.name ?? null);
    upload.embargoLength = embargo ?? 0;
    const change = {
      parts,
      target: '',
      publish: isAsked(visit, 'publish_directly'),
      unpack: unpacks(visit, isOld),
    };
    if (example !== null) worker.schedule(upload, exampleProcess(example));
    else if (parts.length > 0) accept(visit, upload, { name: processName, run: running(upload, change) });
    return written(visit, upload, {});
  };

  const put: Route = async (visit, id) => {
    const user = state.auth.requireUser(visit, true);
    const query = visit.seen.query;
    const waits = isAsked(visit, 'wait_for_processing');
    if (isAsked(visit, 'include_archive') && !waits)
      throw new Refusal(400, '`include_archive` requires `wait_for_processing`.');
    const onlyFiles = !isOld && query.get('trigger_processing') === 'false';
    if (waits && onlyFiles)
      throw new Refusal(400, '`trigger_processing` must be true when `wait_for_processing` is set.`');
    const upload = writableUpload(state, id, user);
    checkPath(state.generation, visit.rest);
    if (query.has('copy_or_move') || query.has('copy_or_move_source_path'))
      return written(visit, upload, await copyRoute(state, worker, { visit, upload, processName }));
    checkFileName(query.get('file_name'));
    checkLocalPath(state, visit, user);
    if (isOld && upload.tempDirs >= MAX_TEMP_DIRS)
      throw new Error('Could not create temporary directory - too many directories with same prefix?');
    const parts = await receiveOrForget(visit, upload);
    // This server tells no hash of an entry, so any that is asked for differs.
    if ((query.get('entry_hash') ?? '') !== '')
      throw new Refusal(409, 'The provided hash did not match the current file.');
    const unpack = unpacks(visit, isOld);
    // From here on a refusal leaves its temp dir behind (recorded: after 92 refused PUTs …).
    const hasArchive = await checkParts(visit, upload, parts, unpack);
    const change = { parts, target: visit.rest, publish: false, unpack };
    if (waits) return await putAndWait(visit, upload, change, hasArchive);
    const done = async (): Promise<void> => {
      upload.tempDirs -= 1;
    };
    accept(visit, upload, { name: processName, run: running(upload, change), done, onlyFiles });
    return written(visit, upload, { processing: null });
  };

  /** A body that never came, or came broken, takes its temp dir with it. */
  async function receiveOrForget(visit: Visit, upload: Upload): Promise<NamedPart[]> {
    upload.tempDirs += 1;
    const parts = await receiveParts(visit, spool).catch((thrown: unknown) => {
      upload.tempDirs -= 1;
      throw thrown;
    });
    if (parts.length > 0) return await Promise.all(parts.map(named));
    upload.tempDirs -= 1;
    throw new Refusal(400, NO_BODY);
  }

  /** The file alone is processed while the caller waits. 1.4 removes its temp dir whatever comes (default.py, `finally`). */
  async function putAndWait(
    visit: Visit,
    upload: Upload,
    change: Update,
    hasArchive: boolean,
  ): Promise<Answer> {
    if (!isOld) upload.tempDirs -= 1;
    const [part] = change.parts;
    if (part === undefined || change.parts.length !== 1 || hasArchive)
      throw new Refusal(
        400,
        '`wait_for_processing` can only be used with single files, and not with compressed files.',
      );
    const where = path.join(visit.rest, part.name);
    await worker.runNow(upload, { name: 'put_file_and_process_local', run: running(upload, change) });
    if (isOld) upload.tempDirs -= 1;
    const found = isMainfile(where) ? { entry_id: where, parser_name: 'parsers/archive' } : {};
    const nothing = { entry_id: null, parser_name: null, entry: null, archive: null };
    const processing = { upload_id: upload.id, path: where, ...nothing, ...found };
    return { status: 200, json: { upload_id: upload.id, data: dataOf(state, upload, true), processing } };
  }

  /** Schedules, unless the test has this parcel dropped. */
  function accept(visit: Visit, upload: Upload, process: Process): void {
    const fault = visit.fault;
    if (fault?.kind === 'fails') return worker.schedule(upload, { ...process, failure: fault });
    if (fault?.kind !== 'drop-files') return worker.schedule(upload, process);
    void process.done?.();
    if (fault.process) worker.schedule(upload, { name: processName, run: async () => undefined });
  }

  const running =
    (upload: Upload, change: Update): Process['run'] =>
    async (stopAfter) => {
      const seen = new Set<string>();
      for (const part of change.parts) {
        // Files of one name in one request share one temp file: the second finds it gone (recorded in the contract).
        if (seen.has(part.name)) throw new Error(`FileNotFoundError: ${part.name} does not exist`);
        seen.add(part.name);
        const members = state.poison === undefined ? [] : await membersOf(part, change.target);
        await add(upload, part, change, stopAfter);
        const words = state.poison?.(members);
        if (words !== undefined) throw new Error(words);
      }
      await match(upload, change.publish, timestamp(state));
    };

  async function add(upload: Upload, part: NamedPart, change: Update, stopAfter?: number): Promise<void> {
    try {
      const merging = { raw: rawOf(upload), target: change.target, stopAfter };
      await addFile(state.generation, part, change.unpack, merging);
    } catch (thrown) {
      if (isOld) throw thrown;
      // 1.4 tries this step twice (nomad/workflows/workflows.py), but the first try has removed the received file
      // (`finally` of add_rawfiles, nomad/files.py): what is told in the end is only that it is not there.
      throw new Error(
        `AssertionError: /app/.volumes/fs/tmp/${path.basename(part.file)}/${part.name} does not exist`,
        { cause: thrown },
      );
    } finally {
      await rm(part.file, { force: true });
    }
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
      await match(upload, false, timestamp(state));
    };
    const onlyFiles = !isOld && visit.seen.query.get('trigger_processing') === 'false';
    worker.schedule(upload, { name: processName, run, onlyFiles });
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

function exampleProcess(id: string): Process {
  const run = async (): Promise<void> => {
    throw new Error(`KeyError: '${id}'`);
  };
  return { name: 'process_example_upload', run };
}

function checkFileName(name: string | null): void {
  if (name !== null && (name === '.' || name === '..' || name.includes('/')))
    throw new Refusal(400, 'Bad file name provided.');
}

/** Whether one of them would be unpacked. */
async function checkParts(
  visit: Visit,
  upload: Upload,
  parts: readonly NamedPart[],
  unpack: boolean,
): Promise<boolean> {
  let hasArchive = false;
  for (const part of parts) {
    const format = await formatOf(part, unpack);
    if (format === 'error') throw new Refusal(400, BAD_ARCHIVE);
    hasArchive ||= format !== 'file';
    if (format !== 'file' || visit.seen.query.get('overwrite_if_exists') !== 'false') continue;
    if ((await statOf(path.join(rawOf(upload), visit.rest, part.name))) !== undefined)
      throw new Refusal(409, 'The provided path already exists and overwrite_if_exists is set to False.');
  }
  return hasArchive;
}

async function membersOf(part: NamedPart, target: string): Promise<readonly string[]> {
  const entries = await readZip(part.file);
  return entries === undefined ? [path.join(target, part.name)] : entries.map(({ name }) => name);
}
