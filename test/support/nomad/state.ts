/** The uploads of one server, and how they look in answers. */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { Refusal } from './answers.ts';
import { type Auth, USERS } from './auth.ts';
import type { Generation, Upload } from './model.ts';

export type State = {
  readonly generation: Generation;
  readonly root: string;
  readonly origin: string;
  readonly auth: Auth;
  readonly uploads: Map<string, Upload>;
  unpublishedLimit: number;
  /** Words with which a process fails that has merged these files; undefined lets it pass. */
  poison?: ((members: readonly string[]) => string | undefined) | undefined;
};

/** v1.3 writes UTC without saying so, v1.4 with its zone. */
export function timestamp(state: State): string {
  const now = performance.timeOrigin + performance.now();
  const micros = String(Math.floor((now % 1) * 1000)).padStart(3, '0');
  const text = `${new Date(Math.floor(now)).toISOString().slice(0, -1)}${micros}`;
  return state.generation === 'v1.3' ? text : `${text}Z`;
}

export async function newUpload(state: State, mainAuthor: string, name: string | null): Promise<Upload> {
  const id = randomBytes(16).toString('base64url');
  const upload: Upload = {
    id,
    mainAuthor,
    name,
    createTime: timestamp(state),
    dir: path.join(state.root, 'staging', id),
    coauthors: [],
    reviewers: [],
    embargoLength: 0,
    publishTime: null,
    completeTime: null,
    currentProcess: null,
    status: 'READY',
    message: null,
    errors: [],
    entries: 0,
    tempDirs: 0,
    isTaken: false,
    queue: [],
  };
  await mkdir(path.join(upload.dir, 'raw'), { recursive: true });
  state.uploads.set(id, upload);
  return upload;
}

/** Where the upload's raw files are. */
export const rawOf = (upload: Upload): string => path.join(upload.dir, 'raw');

export const isRunning = (upload: Upload): boolean =>
  upload.status === 'PENDING' || upload.status === 'RUNNING';

/** services.upload_limit: counts uploads of this main author without publish time; admins are exempt. */
export function refuseOverLimit(state: State, user: string): void {
  if (user === USERS.admin) return;
  const open = [...state.uploads.values()].filter(
    (one) => one.mainAuthor === user && one.publishTime === null,
  );
  if (open.length >= state.unpublishedLimit)
    throw new Refusal(400, 'Limit of unpublished uploads exceeded for user.');
}

/** The upload, for a writer of it and while it is not published (contract §3, order of checks). */
export function writableUpload(state: State, id: string, user: string): Upload {
  const isOld = state.generation === 'v1.3';
  const upload = state.uploads.get(id);
  if (upload === undefined) throw new Refusal(404, 'The specified upload_id was not found.');
  const isWriter = !upload.isTaken && [upload.mainAuthor, ...upload.coauthors].includes(user);
  if (!isWriter && user !== USERS.admin)
    throw new Refusal(isOld ? 401 : 403, 'You do not have write access to the specified upload.');
  if (upload.publishTime !== null)
    throw new Refusal(isOld ? 401 : 400, 'Upload is already published, operation not possible.');
  return upload;
}

/** Viewers always, others once it is published without embargo (get_upload_with_read_access, both generations). */
export function readableUpload(state: State, id: string, user: string | undefined): Upload {
  const upload = state.uploads.get(id);
  if (upload === undefined) throw new Refusal(404, 'The specified upload_id was not found.');
  const viewers = upload.isTaken ? [] : [upload.mainAuthor, ...upload.coauthors, ...upload.reviewers];
  if (user !== undefined && [...viewers, USERS.admin].includes(user)) return upload;
  const refused = state.generation === 'v1.3' ? 401 : 403;
  const words = 'You do not have access to the specified upload';
  if (upload.publishTime === null && user === undefined)
    throw new Refusal(401, 'You need to log in to access the specified upload.');
  if (upload.publishTime === null) throw new Refusal(refused, `${words}.`);
  if (upload.embargoLength > 0) throw new Refusal(refused, `${words} - published with embargo.`);
  return upload;
}

/** The `data` object; streamed answers of POST and PUT show nulls, all others leave them out (recorded). */
export function dataOf(state: State, upload: Upload, nulls: boolean): Record<string, unknown> {
  const people = [...upload.coauthors, upload.mainAuthor];
  const data = {
    process_running: isRunning(upload),
    current_process: upload.currentProcess,
    process_status: upload.status,
    last_status_message: upload.message,
    errors: [...upload.errors],
    warnings: [],
    complete_time: upload.completeTime,
    upload_id: upload.id,
    upload_name: upload.name,
    upload_create_time: upload.createTime,
    main_author: upload.mainAuthor,
    coauthors: [...upload.coauthors],
    coauthor_groups: [],
    reviewers: [...upload.reviewers],
    reviewer_groups: [],
    writers: people,
    writer_groups: [],
    viewers: [...upload.reviewers, ...people],
    viewer_groups: [],
    published: upload.publishTime !== null,
    published_to: [],
    publish_time: upload.publishTime,
    with_embargo: upload.embargoLength > 0,
    embargo_length: upload.embargoLength,
    license: 'CC BY 4.0',
    entries: upload.entries,
    upload_files_server_path: `/app/.volumes/fs/staging/${upload.id.slice(0, 2)}/${upload.id}`,
    ...(state.generation === 'v1.4' ? { description: null, doi: null } : {}),
  };
  return nulls ? data : Object.fromEntries(Object.entries(data).filter(([, value]) => value !== null));
}
