import type { ServerResponse } from 'node:http';

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
  readonly bytes?: Buffer;
};

export function writeAnswer(response: ServerResponse, answer: Answer): void {
  const [type, body] = bodyOf(answer);
  response.writeHead(answer.status, {
    ...(type === undefined ? {} : { 'content-type': type }),
    ...answer.headers,
  });
  response.end(body);
}

function bodyOf(answer: Answer): [string | undefined, string | Buffer | undefined] {
  if (answer.bytes !== undefined) return ['application/octet-stream', answer.bytes];
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
