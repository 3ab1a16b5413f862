import { Readable } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import type { HttpAnswer, HttpClient, HttpRequest } from './http-client.ts';
import { createPace, type Pace } from './pace.ts';
import type { RequestBody } from './request-body.ts';

/** How hard a platform may be pressed. */
export type HttpLimits = {
  readonly requestsPerMinute: number | undefined;
  /** Bytes a second that may be sent now; undefined = as many as the network takes. */
  readonly bytesPerSecond: () => number | undefined;
};

/** So long a request waits at most because an earlier one was told to come back later; then it asks for itself. */
const LONGEST_QUIET_MS = 5 * 60_000;

/**
 * The same client for one platform, shared by all its deliveries: requests keep a distance, bodies share a bandwidth, and
 * what one of them is told (429, or 503 with Retry-After) all of them heed.
 */
export function withLimits(
  http: HttpClient,
  clock: Clock,
  { requestsPerMinute, bytesPerSecond }: HttpLimits,
): HttpClient {
  const turns = createPace(clock, () =>
    requestsPerMinute === undefined ? undefined : requestsPerMinute / 60,
  );
  const bytes = createPace(clock, bytesPerSecond);
  let quietUntil = 0;
  return {
    request: async (request) => {
      const { signal } = request;
      // Whoever waits for the quiet to end takes a turn afterwards, so that not all come at once.
      while (clock.monotonic() < quietUntil && !signal.aborted)
        await clock.sleep(quietUntil - clock.monotonic(), signal).catch(() => undefined);
      await turns.pass(1, signal).catch(() => undefined);
      const answer = await http.request(paced(request, bytes));
      quietUntil = Math.max(quietUntil, clock.monotonic() + quietAsked(answer));
      return answer;
    },
    close: http.close,
  };
}

function quietAsked({ status, retryAfterMs = 0 }: HttpAnswer): number {
  return status === 429 || status === 503 ? Math.min(retryAfterMs, LONGEST_QUIET_MS) : 0;
}

function paced(request: HttpRequest, pace: Pace): HttpRequest {
  const { body, signal } = request;
  if (body === undefined || body instanceof Uint8Array) return request;
  return { ...request, body: pacedBody(body, pace, signal) };
}

function pacedBody(
  body: Exclude<RequestBody, Uint8Array>,
  pace: Pace,
  signal: AbortSignal,
): Exclude<RequestBody, Uint8Array> {
  const { stream } = body;
  const slow = Readable.from(inTurns(stream, pace, signal), { objectMode: false });
  // One that is not read to its end, or not begun at all, must not leave its source open.
  slow.once('close', () => stream.destroy());
  stream.on('error', () => undefined);
  return { ...body, stream: slow };
}

async function* inTurns(stream: Readable, pace: Pace, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of stream) {
    let rest = chunk instanceof Uint8Array ? chunk : Buffer.from(String(chunk));
    while (rest.length > 0) {
      const piece = rest.subarray(0, pace.turn() ?? rest.length);
      await pace.pass(piece.length, signal);
      yield piece;
      rest = rest.subarray(piece.length);
    }
  }
}
