/** What only a bearer may do: listing, reading back, editing. Facts: contract of uploads.py, both generations. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { type Answer, integer, invalid, Refusal } from './answers.ts';
import { idOfUser } from './auth.ts';
import { listRoute } from './list-uploads.ts';
import type { Route, Upload, Visit } from './model.ts';
import { paged } from './paging.ts';
import { applyMetadata, isMainfile, type Worker } from './processing.ts';
import { checkPath, statOf, walk } from './raw-files.ts';
import { dataOf, rawOf, readableUpload, type State, writableUpload } from './state.ts';

/** get_upload_raw_path, uploads.py (v1.3) and uploads/default.py (1.4): zero is no length. */
const BAD_LENGTH =
  'Invalid length provided. Should be greater than 0, or -1 if the remainder\nof the file should be read.';

export function readRoutes(state: State, worker: Worker) {
  const get: Route = (visit, id) => {
    const upload = readableUpload(state, id, state.auth.readerOf(visit));
    return { status: 200, json: { upload_id: upload.id, data: dataOf(state, upload, false) } };
  };

  const rawdir: Route = async (visit, id) => {
    const upload = readableUpload(state, id, state.auth.readerOf(visit));
    const where = visit.rest.replace(/\/$/, '');
    checkPath(state.generation, where);
    const found = await statOf(path.join(rawOf(upload), where));
    if (found === undefined) throw new Refusal(404, 'Not found. Invalid path?');
    const name = path.basename(where);
    const head = { path: where, access: accessOf(upload) };
    if (found.isFile) return { status: 200, json: { ...head, file_metadata: { name, size: found.bytes } } };
    const below = await walk(path.join(rawOf(upload), where));
    const level = [...below].filter(([one]) => !one.includes('/'));
    const size = level.reduce((sum, [, one]) => sum + one.bytes, 0);
    const content = level.map(([one, what]) => ({ name: one, size: what.bytes, is_file: what.isFile }));
    const { page, pagination } = paged(state, visit, content, {});
    return { status: 200, json: { ...head, directory_metadata: { name, size, content: page }, pagination } };
  };

  /** One file, or a part of it; a directory only as a zip, which this server does not make. */
  const rawFile: Route = async (visit, id) => {
    const query = visit.seen.query;
    const [offset, length] = [integer(visit, 'offset') ?? 0, integer(visit, 'length') ?? -1];
    if (query.get('compress') === 'true' && (offset !== 0 || length !== -1))
      throw new Refusal(400, 'Cannot specify `offset` or `length` when `compress` is true');
    const upload = readableUpload(state, id, state.auth.readerOf(visit));
    checkPath(state.generation, visit.rest);
    const file = path.join(rawOf(upload), visit.rest);
    const found = await statOf(file);
    if (found === undefined) throw new Refusal(404, 'Not found. Invalid path?');
    if (!found.isFile) throw new Refusal(400, 'Path is a directory, `compress` must be set to true');
    if (offset < 0) throw new Refusal(400, 'Invalid offset provided.');
    if (length <= 0 && length !== -1) throw new Refusal(400, BAD_LENGTH);
    return { status: 200, file: { path: file, offset, bytes: length === -1 ? found.bytes : length } };
  };

  /** What was recognised: this server takes `*.archive.yaml` and `*.archive.json` for entries, and all succeed. */
  const entries: Route = async (visit, id) => {
    const upload = readableUpload(state, id, state.auth.readerOf(visit));
    const mainfiles = [...(await walk(rawOf(upload))).keys()].filter((name) => isMainfile(name));
    const all = mainfiles.map((mainfile) => ({
      process_running: false,
      process_status: 'SUCCESS',
      ...{ errors: [], warnings: [], mainfile },
      entry_id: createHash('sha256').update(`${id}/${mainfile}`).digest('base64url').slice(0, 28),
      upload_id: id,
      parser_name: 'parsers/archive',
    }));
    const { page, pagination } = paged(state, visit, all, { order_by: 'mainfile' });
    const counts = { processing_successful: all.length, processing_failed: 0 };
    return { status: 200, json: { pagination, ...counts, upload: dataOf(state, upload, false), data: page } };
  };

  const edit: Route = async (visit, id) => {
    const user = state.auth.requireUser(visit, false, 'uploads:write');
    const upload = writableUpload(state, id, user);
    const metadata = await metadataOf(visit);
    for (const name of namesOf(metadata['coauthors'])) {
      if (idOfUser(name) === undefined)
        throw invalid(
          ['metadata', 'coauthors'],
          `User reference not found: \`${name}\``,
          'value_error.exception',
        );
    }
    const run = async (): Promise<void> => applyMetadata(upload, metadata);
    worker.schedule(upload, { name: 'edit_upload_metadata', run });
    // 1.4 waits for the end unless told not to (default.py, post_upload_edit).
    if (state.generation === 'v1.4' && visit.seen.query.get('wait_for_processing') !== 'false')
      await worker.ended(upload);
    return { status: 200, json: { upload_id: upload.id, data: dataOf(state, upload, false) } };
  };

  return { list: listRoute(state), get, rawdir, rawFile, entries, edit };
}

function accessOf(upload: Upload): string {
  if (upload.publishTime === null) return 'unpublished';
  return upload.embargoLength > 0 ? 'embargoed' : 'public';
}

const namesOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');

async function metadataOf(visit: Visit): Promise<Record<string, unknown>> {
  const pieces: Buffer[] = [];
  for await (const chunk of visit.incoming) pieces.push(Buffer.from(chunk));
  const body: unknown = JSON.parse(Buffer.concat(pieces).toString());
  const metadata =
    typeof body === 'object' && body !== null && 'metadata' in body ? body.metadata : undefined;
  return typeof metadata === 'object' && metadata !== null
    ? Object.fromEntries(Object.entries(metadata))
    : {};
}

/** `openapi.json`: only what tells the generations apart (contract §6). */
export function openapi(state: State): Answer {
  const isOld = state.generation === 'v1.3';
  const token = isOld ? { name: 'token', in: 'query' } : { name: 'Upload-Token', in: 'header' };
  const parameters = [{ name: 'upload_name', in: 'query' }, token];
  const version = `v1, NOMAD ${isOld ? '1.3.10' : '1.4.3'}`;
  return {
    status: 200,
    json: {
      openapi: '3.0.2',
      info: { title: 'NOMAD', version },
      paths: { '/uploads': { post: { parameters } } },
    },
  };
}

export function info(state: State): Answer {
  const version = state.generation === 'v1.3' ? '1.3.10' : '1.4.3';
  const lists = { parsers: [], metainfo_packages: [], codes: [], normalizers: [] };
  return { status: 200, json: { ...lists, version, deployment: 'test', oasis: true, git: {} } };
}
