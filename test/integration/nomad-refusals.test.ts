import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { type ErrorCode, IngestError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Call } from '../../src/destinations/destination.ts';
import { type Connection, createConnection } from '../../src/destinations/nomad/connection.ts';
import { createNomad } from '../../src/destinations/nomad/nomad.ts';
import { nomadOptions } from '../../src/destinations/nomad/options.ts';
import { createHttpClient, type HttpClient } from '../../src/http/http-client.ts';
import { contentOf } from '../support/content.ts';
import { type Fault, type Generation, type NomadServer, startNomadServer } from '../support/nomad-server.ts';
import { startTlsServer } from '../support/tls-server.ts';

const MIB = 2 ** 20;
const HTML = '<html><head><title>Sorry</title></head><body><center>nginx</center></body></html>';

const callWith = (token: string): Call => ({
  token: new Secret(token),
  signal: new AbortController().signal,
});
const dead = (token: string): string => `${token.slice(0, -2)}${token.endsWith('AA') ? 'BB' : 'AA'}`;

/** 100 MiB that tell how many of them were taken. */
function parcel(): { stream: Readable; bytes: number; given: () => number } {
  let given = 0;
  const pieces = function* (): Generator<Buffer> {
    for (; given < 100 * MIB; given += MIB) yield Buffer.alloc(MIB, 7);
  };
  return { stream: Readable.from(pieces(), { objectMode: false }), bytes: 100 * MIB, given: () => given };
}

async function failureOf(work: Promise<unknown>): Promise<IngestError> {
  const outcome = await work.then(
    () => new Error('it succeeded'),
    (error: unknown) => error,
  );
  if (outcome instanceof IngestError) return outcome;
  throw outcome;
}

describe.each<Generation>(['v1.3', 'v1.4'])('a refusal by a platform of %s', (generation) => {
  let server: NomadServer;
  let http: HttpClient;

  beforeEach(async () => {
    server = await startNomadServer({ generation });
    http = createHttpClient({ userAgent: 'nightjar-test', clock: systemClock, stallMs: 5_000 });
  });
  afterEach(async () => {
    await http.close();
    await server.close();
  });

  const options = (baseUrl = server.url) => nomadOptions.parse({ kind: 'nomad', base_url: baseUrl });
  const connection = (baseUrl?: string): Connection => createConnection(options(baseUrl), http, systemClock);
  const nomad = () => createNomad(options(), { http, clock: systemClock });
  const put = {
    method: 'PUT',
    path: '/uploads/x/raw/',
    headers: { 'content-type': 'application/zip' },
  } as const;

  it.each<[string, number, Fault | undefined]>([
    ['a dead token', 401, undefined],
    ['a limit of the proxy', 413, { kind: 'answer', status: 413, body: HTML }],
    [
      'the limit of uploads',
      400,
      { kind: 'answer', status: 400, body: '{"detail":"Limit of unpublished uploads exceeded for user."}' },
    ],
  ])('for %s (%i) comes through while 100 MB are on their way', async (_, status, fault) => {
    const body = parcel();
    server.fault = ({ method }) => (method === 'PUT' ? fault : undefined);
    const token = server.tokenOf('alice');

    const answer = await connection().ask(
      { ...put, body },
      callWith(fault === undefined ? dead(token) : token),
    );

    expect(answer.status).toBe(status);
    expect(body.given()).toBeLessThan(64 * MIB);
    expect(body.stream.destroyed).toBe(true);
    expect(server.requests.at(-1)?.headers['content-length']).toBe(String(100 * MIB));
  });

  it('comes through TLS just as early', async () => {
    const body = parcel();
    const seen: { token: string | null }[] = [];
    await using platform = await startTlsServer((incoming, response) => {
      incoming.pause();
      const inUrl = new URL(incoming.url ?? '', 'https://x').searchParams.get('token');
      seen.push({ token: String(incoming.headers['upload-token'] ?? inUrl) });
      response.writeHead(401, { 'content-type': 'application/json', connection: 'close' });
      response.end('{"detail":"no"}');
    });
    const base_url = `${platform.url}/nomad-oasis/api/v1`;
    const known = nomadOptions.parse({ kind: 'nomad', base_url, generation });
    const token = server.tokenOf('alice');

    const answer = await createConnection(known, http, systemClock).ask({ ...put, body }, callWith(token));

    expect(answer).toMatchObject({ status: 401, text: '{"detail":"no"}' });
    expect(seen).toEqual([{ token }]);
    expect(body.given()).toBeLessThan(64 * MIB);
  });

  it.each<[string, number, string, ErrorCode]>([
    ['a proxy that finds the request malformed', 400, HTML, 'DESTINATION_UNCLEAR'],
    ['a proxy that wants a login', 401, HTML, 'TOKEN_REJECTED'],
    ['a proxy that refuses', 403, HTML, 'TOKEN_REJECTED'],
    ['a proxy that waited for the request', 408, HTML, 'DESTINATION_BUSY'],
    ['a proxy that finds no platform', 502, HTML, 'DESTINATION_BUSY'],
    ['maintenance', 503, HTML, 'DESTINATION_BUSY'],
    ['a proxy that waited for the answer', 504, HTML, 'DESTINATION_UNCLEAR'],
    ['a login page', 200, HTML, 'DESTINATION_UNCLEAR'],
    ['an answer that was cut', 200, '{"upload_id":"abc","data":{"process_', 'DESTINATION_UNCLEAR'],
    ['an answer of another service', 200, '{"ok":true}', 'DESTINATION_UNCLEAR'],
  ])('tells %s (%i) from the platform, at every call', async (_, status, body, code) => {
    const call = callWith(server.tokenOf('alice'));
    const container = await nomad().open('nightjar alice', call);
    server.fault = ({ path }) => (path === '/openapi.json' ? undefined : { kind: 'answer', status, body });

    const failures = await Promise.all([
      failureOf(nomad().check(call)),
      failureOf(nomad().open('another', call)),
      failureOf(nomad().send(container, contentOf({ owner: 'alice', files: { 'SEM1/a': 'a' } }), call)),
    ]);

    expect(failures.map((error) => error.code)).toEqual([code, code, code]);
    for (const { message } of failures) expect(message).not.toContain('<');
    expect(failures.every(({ hint }) => hint.includes('but a proxy'))).toBe([400, 401, 403].includes(status));
  });

  it.each([
    ['Could not validate credentials. The given token is invalid.', 401, 'Host'],
    ['Failed to verify authenticated user', 500, 'user management'],
    ["Missing scopes: ['uploads:write']", 403, 'uploads:write'],
    ['You are not authorized to access this Oasis', 403, 'authorized users'],
  ])('saying "%s" is a token that waits, with a hint at the cause', async (detail, status, word) => {
    server.fault = ({ path }) =>
      path === '/openapi.json' ? undefined : { kind: 'answer', status, body: JSON.stringify({ detail }) };

    const error = await failureOf(nomad().check(callWith(server.tokenOf('alice'))));

    expect(error.code).toBe('TOKEN_REJECTED');
    expect(error.hint).toContain(word);
  });

  it('is no reason to call a token good: an openapi.json that is a login page leaves the token to tell', async () => {
    server.fault = ({ path }) =>
      path === '/openapi.json' ? { kind: 'answer', status: 200, body: HTML } : undefined;

    const said = await nomad().check(callWith(server.tokenOf('alice')));

    expect(said).toContain(server.userId('alice'));
  });
});

it('which generation a platform is of is asked once, and again when an answer contradicts it', async () => {
  await using server = await startNomadServer({ generation: 'v1.4' });
  const http = createHttpClient({ userAgent: 'nightjar-test', clock: systemClock });
  try {
    const options = nomadOptions.parse({ kind: 'nomad', base_url: server.url });
    const connection = createConnection(options, http, systemClock);
    const probe = { method: 'PUT', path: '/uploads/x/raw/', query: { include_archive: 'true' } } as const;
    const asked = (): number => server.requests.filter(({ path }) => path === '/openapi.json').length;
    const call = callWith(server.tokenOf('alice'));

    for (let n = 0; n < 3; n += 1) await connection.ask(probe, call);
    const once = asked();
    server.fault = ({ method }) =>
      method === 'PUT'
        ? { kind: 'answer', status: 401, body: '{"detail":"Authorization required."}' }
        : undefined;
    await connection.ask(probe, call);
    server.fault = undefined;
    const answer = await connection.ask(probe, call);

    expect([once, asked(), answer.status]).toEqual([1, 2, 400]);
  } finally {
    await http.close();
  }
});
