import { createReadStream } from 'node:fs';
import type { ServerResponse } from 'node:http';
import type { Visit } from './model.ts';

/** A refusal in the platform's own form: `{"detail": …}` with a status. */
export class Refusal extends Error {
  readonly status: number;
  readonly detail: unknown;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail: unknown, headers: Readonly<Record<string, string>> = {}) {
    super(typeof detail === 'string' ? detail : JSON.stringify(detail));
    this.status = status;
    this.detail = detail;
    this.headers = headers;
  }
}

/** What a route answers. `text` for the thank-you page, `json` for everything else. */
export type Answer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
  /** A part of a file on disk, streamed. */
  readonly file?: { readonly path: string; readonly offset: number; readonly bytes: number };
};

export function writeAnswer(response: ServerResponse, answer: Answer): void {
  const [type, body] = bodyOf(answer);
  response.writeHead(answer.status, {
    ...(type === undefined ? {} : { 'content-type': type }),
    ...answer.headers,
  });
  if (answer.file === undefined || answer.file.bytes === 0) return void response.end(body);
  const { path, offset, bytes } = answer.file;
  createReadStream(path, { start: offset, end: offset + bytes - 1 })
    .on('error', () => response.destroy())
    .pipe(response);
}

function bodyOf(answer: Answer): [string | undefined, string | undefined] {
  if (answer.file !== undefined) return ['application/octet-stream', undefined];
  if (answer.text !== undefined) return ['text/plain; charset=utf-8', answer.text];
  if (answer.json !== undefined) return ['application/json', JSON.stringify(answer.json)];
  return [undefined, undefined];
}

export function answerOfThrown(thrown: unknown): Answer {
  if (thrown instanceof Refusal)
    return { status: thrown.status, headers: thrown.headers, json: { detail: thrown.detail } };
  const exception = thrown instanceof Error ? thrown.message : String(thrown);
  const detail = {
    reason: 'Unexpected exception while handling your request',
    exception,
    exception_class: 'RuntimeError',
    exception_traceback: 'Traceback (most recent call last): …',
  };
  return { status: 500, json: { detail } };
}

/** The answer to every writing call whose Accept is not exactly `application/json` (recorded: "create, Accept list"). */
export const thanks = (origin: string): string =>
  `\nThanks for uploading your data to nomad.\nGo back to ${origin}/nomad-oasis/gui and press\nreload to see the progress on your upload\nand publish your data.`;

/** One parameter error in FastAPI's form. */
export const invalid = (where: readonly string[], msg: string, type: string, ctx?: object): Refusal =>
  new Refusal(422, [{ loc: where, msg, type, ...(ctx === undefined ? {} : { ctx }) }]);

/** A query parameter as FastAPI takes an int; undefined when it is not there. */
export function integer(visit: Visit, name: string): number | undefined {
  const text = visit.seen.query.get(name);
  if (text === null) return undefined;
  if (!/^-?\d+$/.test(text))
    throw invalid(['query', name], 'value is not a valid integer', 'type_error.integer');
  return Number(text);
}
