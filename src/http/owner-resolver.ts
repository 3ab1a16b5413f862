import type { Clock } from '../core/clock.ts';
import { asIngestError, IngestError } from '../core/errors.ts';
import type { OwnerQuestion, SourceAnswer } from '../core/owner-source.ts';
import type { Secret } from '../core/secret.ts';
import { printable } from '../core/share-path.ts';
import type { HttpAnswer, HttpClient } from './http-client.ts';

export type ResolverOptions = {
  readonly url: string;
  readonly timeoutMs: number;
  /** Sent as `Authorization: Bearer …`, if there is one. */
  readonly token: () => Promise<Secret | undefined>;
};

/** Asks whose a dataset is; never throws but for the signal's reason: what it cannot learn is `unresolved`. */
export type OwnerResolver = (question: OwnerQuestion, signal: AbortSignal) => Promise<SourceAnswer>;

/** So many failures one after the other, and for some minutes it is not asked at all. */
const MOST_FAILURES = 3;
const REST_MS = 10 * 60_000;

export function createOwnerResolver(
  options: ResolverOptions,
  { http, clock }: { readonly http: HttpClient; readonly clock: Clock },
): OwnerResolver {
  let failures = 0;
  let restsUntil = 0;
  let last = '';
  return async (question, signal) => {
    if (clock.monotonic() < restsUntil)
      return {
        kind: 'unresolved',
        why: `it is not asked for some minutes after ${MOST_FAILURES} failures: ${last}`,
      };
    try {
      const answer = answerOf(await ask(options, question, { http, clock, signal }));
      failures = 0;
      return answer;
    } catch (thrown) {
      signal.throwIfAborted();
      last = asIngestError(thrown, 'ask the resolver').message;
      failures += 1;
      if (failures >= MOST_FAILURES) restsUntil = clock.monotonic() + REST_MS;
      return { kind: 'unresolved', why: last };
    }
  };
}

async function ask(
  { url, timeoutMs, token }: ResolverOptions,
  question: OwnerQuestion,
  { http, clock, signal }: { readonly http: HttpClient; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<HttpAnswer> {
  const bearer = await token();
  const done = new AbortController();
  const late = new AbortController();
  void clock.sleep(timeoutMs, done.signal).then(
    () => late.abort(refused(`it did not answer within ${timeoutMs} ms`)),
    () => undefined,
  );
  try {
    return await http.request({
      method: 'GET',
      url: withQuery(url, question),
      headers: { accept: 'application/json' },
      ...(bearer === undefined ? {} : { bearer }),
      signal: AbortSignal.any([signal, late.signal]),
    });
  } finally {
    done.abort();
  }
}

function withQuery(base: string, { share, dataset, rule, instrument, facts }: OwnerQuestion): string {
  const url = new URL(base);
  // Bytes outside UTF-8 are shown as everywhere else: a URL has only text.
  const parts = { ...facts, share, dataset: printable(dataset), rule, instrument };
  for (const [name, value] of Object.entries(parts)) url.searchParams.set(name, printable(value));
  return url.href;
}

/** Throws for what is no answer. */
function answerOf({ status, text }: HttpAnswer): SourceAnswer {
  if (status === 404 || status === 204) return { kind: 'nobody', why: `it knows nobody (${status})` };
  if (status !== 200) throw refused(`it answered ${status}`);
  const owner = ownerIn(text);
  if (owner === null || owner === '') return { kind: 'nobody', why: 'it knows nobody' };
  if (typeof owner === 'string') return { kind: 'name', name: owner };
  throw refused('its answer is not {"owner": "NAME"} or {"owner": null}');
}

function ownerIn(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'owner' in value ? value.owner : undefined;
  } catch {
    return undefined;
  }
}

function refused(what: string): IngestError {
  return new IngestError('DESTINATION_UNREACHABLE', what, {
    hint: 'Look whether the resolver of folders.yaml is up; the next run asks again.',
  });
}
