/** NOMAD's wire types and addresses; every answer is parsed here. Facts and their sources are in README.md. */
import { z } from 'zod';
import { IngestError } from '../../core/errors.ts';
import { isUtf8, printable } from '../../core/share-path.ts';
import type { Generation } from './token.ts';

const uploadData = z.object({
  upload_id: z.string().optional(),
  process_running: z.boolean().optional(),
  process_status: z.string(),
  last_status_message: z.string().nullish(),
  errors: z.array(z.string()).default([]),
  complete_time: z.string().nullish(),
  main_author: z.string().nullish(),
  published: z.boolean().nullish(),
});
const uploadAnswer = z.object({ upload_id: z.string().regex(/^[\w-]{1,128}$/), data: uploadData });

/** What every writing call tells of its upload: state and errors of its last process, and when that ended. */
export type UploadState = {
  readonly uploadId: string;
  readonly isRunning: boolean;
  readonly status: string;
  readonly message: string | undefined;
  readonly errors: readonly string[];
  readonly completedAt: string | undefined;
  /** User id of the account that it belongs to. */
  readonly mainAuthor: string | undefined;
  readonly isPublished: boolean;
};

/** The upload in a successful answer; undefined when the answer is no such JSON (a proxy's page, a text). */
export function uploadStateOf(text: string): UploadState | undefined {
  const parsed = uploadAnswer.safeParse(jsonOf(text));
  if (!parsed.success) return undefined;
  const { upload_id, data } = parsed.data;
  return {
    uploadId: upload_id,
    isRunning:
      data.process_running ?? ['PENDING', 'RUNNING', 'WAITING_FOR_RESULT'].includes(data.process_status),
    status: data.process_status,
    message: data.last_status_message ?? undefined,
    errors: data.errors,
    completedAt: data.complete_time ?? undefined,
    mainAuthor: data.main_author ?? undefined,
    isPublished: data.published === true,
  };
}

const uploadList = z.object({
  data: z.array(
    z.object({
      upload_id: z.string().regex(/^[\w-]{1,128}$/),
      upload_name: z.string().nullish(),
      process_status: z.string(),
      published: z.boolean().nullish(),
      main_author: z.string().nullish(),
    }),
  ),
});

/** The listed uploads of exactly that name in which no process ever ran; undefined when it is no such list. */
export function emptyUploadsOf(
  text: string,
  name: string,
): readonly { readonly id: string; readonly mainAuthor: string | undefined }[] | undefined {
  const parsed = uploadList.safeParse(jsonOf(text));
  if (!parsed.success) return undefined;
  return parsed.data.data
    .filter((one) => one.upload_name === name && one.process_status === 'READY' && one.published !== true)
    .map((one) => ({ id: one.upload_id, mainAuthor: one.main_author ?? undefined }));
}

const detail = z.object({
  detail: z.union([
    z.string(),
    z.object({ reason: z.string().optional(), exception: z.string().optional() }),
    z.array(z.object({ loc: z.array(z.union([z.string(), z.number()])), msg: z.string() })),
  ]),
});

/** The platform's own words in a refusal, in all three forms it has; '' for what is not its JSON. */
export function detailOf(text: string): string {
  const parsed = detail.safeParse(jsonOf(text));
  if (!parsed.success) return '';
  const said = parsed.data.detail;
  if (typeof said === 'string') return said;
  if (Array.isArray(said)) return said.map((one) => `${one.loc.join('.')}: ${one.msg}`).join('; ');
  return [said.reason, said.exception].filter((one) => one !== undefined).join(': ');
}

/** The platform's own no to a path of an upload; a 404 of anything in front of it says nothing of the data. */
export function isNoSuchPath({ status, text }: { readonly status: number; readonly text: string }): boolean {
  return status === 404 && detailOf(text).startsWith('Not found. Invalid path');
}

const openapi = z.object({
  info: z.object({ version: z.string().optional() }).optional(),
  paths: z.object({
    '/uploads': z.object({
      post: z.object({ parameters: z.array(z.object({ name: z.string(), in: z.string() })) }),
    }),
  }),
});

/** Generation and version from `openapi.json`: the parameter that carries the upload token tells. */
export function generationOf(
  text: string,
): { generation: Generation; version: string | undefined } | undefined {
  const parsed = openapi.safeParse(jsonOf(text));
  if (!parsed.success) return undefined;
  const { parameters } = parsed.data.paths['/uploads'].post;
  const has = (name: string, where: string): boolean =>
    parameters.some((one) => one.in === where && one.name.toLowerCase() === name);
  const version = parsed.data.info?.version;
  if (has('upload-token', 'header')) return { generation: 'v1.4', version };
  if (has('token', 'query')) return { generation: 'v1.3', version };
  return undefined;
}

/** The JSON value of a text, or undefined. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** nginx refuses longer request lines (large_client_header_buffers, 8 kB); the token needs room in it too. */
const MAX_PATH = 7_500;
const MAX_NAME_BYTES = 255;

/** Whether a file can be named in a request that puts it into that directory of the upload. */
export function isSendable({ dir, name }: { readonly dir: string; readonly name: string }): boolean {
  const path = `${dir}/${name}`;
  return pathProblem(path) === undefined && encoded(path).length <= MAX_PATH;
}

/** A path of the upload as it stands in a URL; PATH_UNREPRESENTABLE for what the platform has no name for. */
export function encodePath(path: string): string {
  const problem = pathProblem(path);
  const text = problem === undefined ? encoded(path) : '';
  const reason = problem ?? (text.length > MAX_PATH ? 'it is too long for a URL' : undefined);
  if (reason === undefined) return text;
  throw new IngestError('PATH_UNREPRESENTABLE', `NOMAD cannot have the path ${printable(path)}: ${reason}`, {
    hint: 'Rename it on the share, or leave it out by a rule.',
    context: { path: printable(path) },
  });
}

const encoded = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

const pathProblem = (path: string): string | undefined =>
  path
    .split('/')
    .map(problemOf)
    .find((one) => one !== undefined);

function problemOf(segment: string): string | undefined {
  if (segment === '' || segment === '.' || segment === '..') return 'it has an empty or dotted part';
  if (!isUtf8(segment)) return 'a name in it is not valid UTF-8';
  // A newline in a path is no route of v1.3 (recorded: 404); other control characters are as unwelcome.
  if (/\p{Cc}/u.test(segment)) return 'a name in it has a control character';
  if (Buffer.byteLength(segment) > MAX_NAME_BYTES)
    return `a name in it has more than ${MAX_NAME_BYTES} bytes`;
  return undefined;
}
