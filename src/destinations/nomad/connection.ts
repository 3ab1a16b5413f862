import type { Clock } from '../../core/clock.ts';
import { IngestError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import type { HttpAnswer, HttpClient, HttpRequest } from '../../http/http-client.ts';
import type { Call } from '../destination.ts';
import { detailOf, generationOf } from './api.ts';
import type { NomadOptions } from './options.ts';
import { type Generation, lastingToken, type TokenFacts } from './token.ts';

/** A request below the API, without credential: `ask` adds the one it needs in the form of the generation. */
type ApiRequest = Pick<HttpRequest, 'method' | 'body' | 'into'> & {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
};

export type Connection = {
  /** One request with the call's token, exactly one credential in exactly one form. Any status is an answer. */
  readonly ask: (request: ApiRequest, call: Call) => Promise<HttpAnswer>;
  /** What the platform says of itself: its version, where it tells. */
  readonly version: (call: Call) => Promise<string | undefined>;
};

/** Remembers which generation the platform is of, and asks again when a token or an answer contradicts it. */
export function createConnection(options: NomadOptions, http: HttpClient, clock: Clock): Connection {
  let known: Generation | undefined;

  async function probe(signal: AbortSignal): Promise<string | undefined> {
    const found = await askGeneration(options, http, signal);
    known = found?.generation;
    return found?.version;
  }

  /** The generation to speak with this token. A platform that does not tell is taken for the one that made the token. */
  async function generationFor({ generation: made }: TokenFacts, signal: AbortSignal): Promise<Generation> {
    if (options.generation !== 'auto') return agreed(made, options.generation, true);
    if (known === undefined || (made !== undefined && known !== made)) await probe(signal);
    return agreed(made, known ?? made ?? 'v1.4', false);
  }

  async function ask(request: ApiRequest, call: Call): Promise<HttpAnswer> {
    const token = tokenOf(call);
    const facts = lastingToken(token, clock.now());
    const generation = await generationFor(facts, call.signal);
    const search = new URLSearchParams(request.query).toString();
    const answer = await http.request({
      method: request.method,
      url: `${options.baseUrl}${request.path}${search === '' ? '' : `?${search}`}`,
      // Exactly this Accept: with any other the platform answers thanks in plain text, without the upload's id.
      headers: { ...request.headers, accept: 'application/json' },
      // Without a body still a Content-Length of zero: some proxies refuse a PUT or POST that has none.
      ...(request.method === 'GET' ? {} : { body: request.body ?? new Uint8Array(0) }),
      into: request.into,
      signal: call.signal,
      standstill: call.standstill,
      ...credentialIn(facts, generation, token),
    });
    if (contradicts(answer, generation)) known = undefined;
    return answer;
  }

  return { ask, version: async (call) => await probe(call.signal) };
}

/** What `openapi.json` tells of the platform, asked without any credential; undefined when it does not tell. */
export async function askGeneration(
  { baseUrl }: Pick<NomadOptions, 'baseUrl'>,
  http: HttpClient,
  signal: AbortSignal,
): Promise<ReturnType<typeof generationOf>> {
  const url = `${baseUrl}/openapi.json`;
  const answer = await http.request({ method: 'GET', url, headers: { accept: 'application/json' }, signal });
  return answer.status === 200 ? generationOf(answer.text) : undefined;
}

/** Exactly one credential in exactly one form: a bad bearer beats a good upload token on both generations (recorded). */
function credentialIn({ kind }: TokenFacts, generation: Generation, token: Secret): Partial<HttpRequest> {
  if (kind !== 'upload') return { bearer: token };
  return generation === 'v1.3' ? { secretQuery: { token } } : { secretHeaders: { 'upload-token': token } };
}

/** Each generation asks anonymous callers in its own words: hearing the other's means that it was exchanged. */
function contradicts(answer: HttpAnswer, spoken: Generation): boolean {
  if (answer.status !== 401) return false;
  return (
    detailOf(answer.text) === (spoken === 'v1.3' ? 'Authentication required.' : 'Authorization required.')
  );
}

function agreed(made: Generation | undefined, spoken: Generation, isConfigured: boolean): Generation {
  if (made === undefined || made === spoken) return spoken;
  const who = isConfigured ? 'configured for' : 'of';
  throw new IngestError(
    'TOKEN_REJECTED',
    `the token was made by NOMAD ${made}, the platform is ${who} ${spoken}`,
    {
      hint: isConfigured
        ? 'Correct `generation` of this destination, or enrol a token that the platform gives now. Nothing was sent.'
        : 'An upgrade of the platform ends every upload token: enrol the new one. Nothing was sent.',
      context: { token: made, platform: spoken },
    },
  );
}

function tokenOf(call: Call): Secret {
  if (call.token !== undefined) return call.token;
  throw new IngestError('TOKEN_MISSING', 'NOMAD was to be asked without an upload token', {
    hint: 'Name the token of this owner in the folder mapping, and put it into a file of that name in the credentials directory.',
  });
}
