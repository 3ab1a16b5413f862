import { Readable } from 'node:stream';
import type { Agent, Dispatcher } from 'undici';
import type { Clock } from '../core/clock.ts';
import { IngestError } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import type { Standstill } from '../core/standstill.ts';
import { withFirstPiece } from './first-piece.ts';
import { withoutSecrets } from './mask-secrets.ts';
import { networkError } from './network-error.ts';
import { redact } from './redact.ts';
import { type Failed, type Progress, paced, type RequestBody } from './request-body.ts';
import { retryAfterMs } from './retry-after.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

/** One request. Secrets are named apart from URL and headers, so that only this module ever reveals them. */
export type HttpRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly secretHeaders?: Readonly<Record<string, Secret>>;
  readonly secretQuery?: Readonly<Record<string, Secret>>;
  /** Sent as `Authorization: Bearer …`. */
  readonly bearer?: Secret | undefined;
  readonly body?: RequestBody | undefined;
  /** Secrets inside the body: like the others they are taken out of a refusal that repeats them. */
  readonly secretsInBody?: readonly Secret[];
  /** Takes the body of an answer of 200, which `text` has not then. */
  readonly into?: AnswerSink | undefined;
  readonly signal: AbortSignal;
  /** Told while the other side neither takes nor sends anything. */
  readonly standstill?: Standstill | undefined;
};

/** Where an answer of any size goes piece by piece, at most `maxBytes` of it: memory stays flat. */
export type AnswerSink = { readonly maxBytes: number; readonly take: (piece: Uint8Array) => void };

/** Any answer, of any status. `text` is bounded; `truncated` says that there was more. */
export type HttpAnswer = {
  readonly status: number;
  /** Names in small letters; repeated headers joined by ', '. */
  readonly headers: Readonly<Record<string, string>>;
  readonly location: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly text: string;
  readonly truncated: boolean;
};

export type HttpClient = {
  /**
   * Answers with whatever status came, never following a redirect, never repeating a request. Throws IngestError:
   * DESTINATION_UNREACHABLE (network, TLS, DNS), DESTINATION_STALLED or SHARE_STALLED (no byte for `stallMs`, an
   * answer in drops for `answerMs`), the body's own error, or the signal's reason (INTERRUPTED where that is no IngestError).
   */
  readonly request: (request: HttpRequest) => Promise<HttpAnswer>;
  /** Ends idle connections and breaks running ones; may be called again. */
  readonly close: () => Promise<void>;
};

export type HttpClientOptions = {
  readonly userAgent: string;
  readonly clock: Clock;
  /** Milliseconds without any byte either way before a request is given up. */
  readonly stallMs?: number;
  /** Milliseconds for the body of an answer, and more for a long one. */
  readonly answerMs?: number;
  readonly connectMs?: number;
  readonly maxAnswerBytes?: number;
};

/** The one HTTP client. It holds connections only; whoever makes it closes it. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  let agent: Promise<Agent> | undefined;
  let isClosed = false;
  const theAgent = async (): Promise<Agent> => {
    const made = await (agent ??= openAgent(options));
    // A request that comes too late is refused by it.
    if (isClosed) await made.destroy();
    return made;
  };
  const limits = {
    clock: options.clock,
    userAgent: options.userAgent,
    stallMs: options.stallMs ?? 120_000,
    answerMs: options.answerMs ?? 10 * 60_000,
    maxAnswerBytes: options.maxAnswerBytes ?? 8 * 1024 * 1024,
  };
  return {
    request: async (request) => {
      // Its failure reaches us through the iteration; one that comes before or after must not end the process.
      if (request.body !== undefined && 'stream' in request.body)
        request.body.stream.on('error', () => undefined);
      return await runRequest(await theAgent(), limits, request);
    },
    close: async () => {
      isClosed = true;
      await (await agent)?.destroy();
    },
  };
}

/** Loaded with the first request: most commands make none, and it is a tenth of the program. */
async function openAgent({ connectMs = 15_000 }: HttpClientOptions): Promise<Agent> {
  const { Agent } = await import('undici');
  return new Agent({
    // Both bounded by the watchdog instead: a big body may take hours, silence may not.
    headersTimeout: 0,
    bodyTimeout: 0,
    // Said here, so that NODE_TLS_REJECT_UNAUTHORIZED in the environment cannot switch it off.
    connect: { timeout: connectMs, rejectUnauthorized: true },
    // A server that closes idle connections must not meet our next request: undici's default of 4 s is below
    // the 75 s of nginx and the 5 s of node and uvicorn.
    keepAliveTimeout: 4_000,
    pipelining: 1,
  });
}

type Bounds = Required<Omit<HttpClientOptions, 'connectMs'>>;

async function runRequest(agent: Agent, bounds: Bounds, request: HttpRequest): Promise<HttpAnswer> {
  const attempted = `${request.method} ${redact(request.url)}`;
  const ended = new AbortController();
  const watch = startWatchdog({ ...bounds, standstill: request.standstill }, attempted, ended.signal);
  const signal = AbortSignal.any([request.signal, watch.expired]);
  const failed: Failed = { error: undefined };
  const body = outgoing(request, watch.progress, failed);
  try {
    signal.throwIfAborted();
    const stream = (await body?.begin(signal)) ?? null;
    const answer = await agent.request(dispatchOptions(bounds, request, stream, signal));
    watch.answered(0);
    return withoutSecrets(await readAnswer(answer, bounds, watch, request.into), request);
  } catch (thrown) {
    throw (
      stopped(request.signal, watch.expired, attempted) ?? failed.error ?? networkError(thrown, attempted)
    );
  } finally {
    ended.abort();
    // An early answer leaves the rest of the body unsent: its source must not stay open behind it.
    body?.stop();
  }
}

/** `begin` resolves when there is something to send. */
type Outgoing = {
  readonly begin: (signal: AbortSignal) => Promise<Readable | Buffer>;
  readonly stop: () => void;
};

function outgoing(request: HttpRequest, progress: Progress, failed: Failed): Outgoing | undefined {
  const body = request.body;
  if (body === undefined) return undefined;
  if (body instanceof Uint8Array) return { begin: async () => Buffer.from(body), stop: () => undefined };
  const source = body.stream;
  let stream: Readable | undefined;
  const begin = async (signal: AbortSignal): Promise<Readable> => {
    stream = Readable.from(await withFirstPiece(paced(body, progress, failed), signal), {
      objectMode: false,
    });
    stream.on('error', () => undefined);
    return stream;
  };
  const stop = (): void => {
    source.destroy();
    stream?.destroy();
  };
  return { begin, stop };
}

function dispatchOptions(
  bounds: Bounds,
  request: HttpRequest,
  body: Readable | Buffer | null,
  signal: AbortSignal,
): Dispatcher.RequestOptions & { origin: string } {
  const url = new URL(request.url);
  for (const [name, secret] of Object.entries(request.secretQuery ?? {}))
    url.searchParams.set(name, secret.reveal());
  const headers: Record<string, string> = { 'user-agent': bounds.userAgent, ...request.headers };
  for (const [name, secret] of Object.entries(request.secretHeaders ?? {})) headers[name] = secret.reveal();
  if (request.bearer !== undefined) headers['authorization'] = `Bearer ${request.bearer.reveal()}`;
  if (request.body !== undefined) {
    headers['content-length'] = String(
      request.body instanceof Uint8Array ? request.body.length : request.body.bytes,
    );
  }
  return {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: request.method,
    headers,
    body,
    signal,
    // A streamed body may be cut by an early answer: its connection is not used again.
    reset: body instanceof Readable,
  };
}

async function readAnswer(
  answer: Dispatcher.ResponseData,
  bounds: Bounds,
  { answered }: Pick<Watchdog, 'answered'>,
  into: AnswerSink | undefined,
): Promise<HttpAnswer> {
  const pieces: Uint8Array[] = [];
  const kept = { maxBytes: bounds.maxAnswerBytes, take: (piece: Uint8Array) => void pieces.push(piece) };
  const { maxBytes, take } = answer.statusCode === 200 ? (into ?? kept) : kept;
  let bytes = 0;
  let truncated = false;
  for await (const chunk of answer.body) {
    const piece = chunk instanceof Uint8Array ? chunk : Buffer.from(String(chunk));
    answered(piece.length);
    truncated = bytes + piece.length > maxBytes;
    const taken = piece.subarray(0, maxBytes - bytes);
    take(taken);
    bytes += taken.length;
    if (truncated) break;
  }
  const headers = flat(answer.headers);
  return {
    status: answer.statusCode,
    headers,
    location: headers['location'] === undefined ? undefined : redact(headers['location']),
    retryAfterMs: retryAfterMs(headers['retry-after'], bounds.clock.now()),
    text: Buffer.concat(pieces).toString('utf8'),
    truncated,
  };
}

function flat(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  const flattened: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flattened[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flattened;
}

/** Why we stopped it ourselves, if we did: the caller's reason, or the watchdog's. */
function stopped(caller: AbortSignal, watchdog: AbortSignal, attempted: string): IngestError | undefined {
  const reason: unknown = caller.aborted ? caller.reason : watchdog.aborted ? watchdog.reason : undefined;
  if (reason instanceof IngestError) return reason;
  if (!caller.aborted) return undefined;
  return new IngestError('INTERRUPTED', `${attempted}: stopped before the answer`, {
    hint: 'Nothing to do: it goes on after the next start.',
    cause: reason,
  });
}
