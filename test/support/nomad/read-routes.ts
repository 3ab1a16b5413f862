/** What only a bearer may do: listing, reading back, editing. Facts: contract of uploads.py, both generations. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Answer, invalid, Refusal } from './answers.ts';
import { idOfUser } from './auth.ts';
import type { Route, Visit } from './model.ts';
import { applyMetadata, type Worker } from './processing.ts';
import { checkPath, statOf, walk } from './raw-files.ts';
import { dataOf, isRunning, rawOf, readableUpload, type State, writableUpload } from './state.ts';

/** get_upload_raw_path, uploads.py (v1.3) and uploads/default.py (1.4): zero is no length. */
const BAD_LENGTH =
  'Invalid length provided. Should be greater than 0, or -1 if the remainder of the file should be read.';
const ORDERS = ['upload_create_time', 'publish_time', 'upload_name', 'last_status_message'];

export function readRoutes(state: State, worker: Worker) {
  const list: Route = (visit) => {
    const user = state.auth.requireUser(visit, false);
    const query = visit.seen.query;
    const orderBy = query.get('order_by') ?? 'upload_create_time';
    if (!ORDERS.includes(orderBy))
      throw invalid(['query', 'order_by'], 'order_by must be a valid attribute', 'assertion_error');
    const names = query.getAll('upload_name');
    const processing = query.get('is_processing');
    const echo: Record<string, unknown> = {};
    if (names.length > 0) echo['upload_name'] = names;
    if (processing !== null) echo['is_processing'] = processing === 'true';
    const shown = [...state.uploads.values()]
      .filter((one) => [one.mainAuthor, ...one.coauthors, ...one.reviewers].includes(user))
      .filter((one) => names.length === 0 || names.includes(one.name ?? ''))
      .filter((one) => processing === null || isRunning(one) === (processing === 'true'));
    if (query.get('order') === 'desc') shown.reverse();
    const { page, pagination } = paged(visit, shown, { order_by: orderBy });
    return {
      status: 200,
      json: { query: echo, pagination, data: page.map((one) => dataOf(state, one, false)) },
    };
  };

  function paged<T>(visit: Visit, items: readonly T[], more: object): { page: T[]; pagination: object } {
    const query = visit.seen.query;
    const size = Number(query.get('page_size') ?? 10);
    const after = query.get('page_after_value');
    const number = after === null ? Number(query.get('page') ?? 1) : (Number(after) + 1) / size + 1;
    const start = (number - 1) * size;
    if (number > 1 && start >= items.length) throw new Refusal(400, 'Page out of range requested.');
    const kept = new URLSearchParams(query);
    kept.delete('page_after_value');
    kept.delete('page');
    const first = `${state.origin}/nomad-oasis/api/v1${visit.seen.path}${kept.size === 0 ? '' : `?${kept.toString()}`}`;
    const last = start + size - 1;
    const hasMore = start + size < items.length;
    const next = `${first}${first.includes('?') ? '&' : '?'}page_after_value=${last}`;
    const pagination = {
      page_size: size,
      ...more,
      order: query.get('order') ?? 'asc',
      page: number,
      total: items.length,
      ...(hasMore ? { next_page_after_value: String(last), next_page_url: next } : {}),
      page_url: first,
      first_page_url: first,
    };
    return { page: items.slice(start, start + size), pagination };
  }

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
    const head = { path: where, access: upload.publishTime === null ? 'unpublished' : 'public' };
    if (found.isFile) return { status: 200, json: { ...head, file_metadata: { name, size: found.bytes } } };
    const below = await walk(path.join(rawOf(upload), where));
    const level = [...below].filter(([one]) => !one.includes('/'));
    const size = level.reduce((sum, [, one]) => sum + one.bytes, 0);
    const content = level.map(([one, what]) => ({ name: one, size: what.bytes, is_file: what.isFile }));
    const { page, pagination } = paged(visit, content, {});
    return { status: 200, json: { ...head, directory_metadata: { name, size, content: page }, pagination } };
  };

  const rawFile: Route = async (visit, id) => {
    const upload = readableUpload(state, id, state.auth.readerOf(visit));
    checkPath(state.generation, visit.rest);
    const found = await statOf(path.join(rawOf(upload), visit.rest));
    if (found?.isFile !== true) throw new Refusal(404, 'Not found. Invalid path?');
    const offset = Number(visit.seen.query.get('offset') ?? 0);
    const length = Number(visit.seen.query.get('length') ?? -1);
    if (offset < 0) throw new Refusal(400, 'Invalid offset provided.');
    if (length <= 0 && length !== -1) throw new Refusal(400, BAD_LENGTH);
    const bytes = await readFile(path.join(rawOf(upload), visit.rest));
    return { status: 200, bytes: bytes.subarray(offset, length === -1 ? undefined : offset + length) };
  };

  const edit: Route = async (visit, id) => {
    const user = state.auth.requireUser(visit, false);
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
    return { status: 200, json: { upload_id: upload.id, data: dataOf(state, upload, false) } };
  };

  return { list, get, rawdir, rawFile, edit };
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
