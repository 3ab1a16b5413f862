import { createServer, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Server } from 'node:net';
import { makeCertificate } from './make-certificate.ts';

/** Something at an address where a platform ought to be: each answers every request alike, or is no server at all. */
export type BadAnswer =
  | 'nobody listens'
  | 'no such name'
  | 'bad certificate'
  | 'redirect'
  | 'HTML instead of JSON'
  | 'truncated JSON'
  | 'JSON of other types'
  | 'answer without end'
  | 'answer in drops';

type Served =
  | 'redirect'
  | 'HTML instead of JSON'
  | 'truncated JSON'
  | 'JSON of other types'
  | 'answer without end'
  | 'answer in drops';

const JSON_TYPE = { 'content-type': 'application/json' };
const LOGIN = '<html><head><title>Sign in</title></head><body><form>password</form></body></html>';

/** `elsewhere` is where a redirect leads. */
const ANSWERS: Readonly<Record<Served, (response: ServerResponse, elsewhere: string) => void>> = {
  redirect: (response, elsewhere) => response.writeHead(307, { location: elsewhere }).end(),
  'HTML instead of JSON': (response) => response.writeHead(200, { 'content-type': 'text/html' }).end(LOGIN),
  'truncated JSON': (response) =>
    response.writeHead(200, JSON_TYPE).end('{"upload_id":"abc","data":{"process_'),
  'JSON of other types': (response) =>
    response
      .writeHead(200, JSON_TYPE)
      .end('{"upload_id":["abc"],"data":{"process_status":200,"errors":"none"}}'),
  'answer without end': (response) => {
    response.writeHead(200, JSON_TYPE);
    const more = (): void => {
      while (!response.destroyed && response.write(' '.repeat(65_536))) continue;
    };
    response.on('drain', more);
    more();
  },
  'answer in drops': (response) => {
    response.writeHead(200, JSON_TYPE);
    const drops = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(drops));
  },
};

export type BadPlace = AsyncDisposable & {
  readonly origin: string;
  /** Requests that came here. */
  readonly asked: () => number;
};

export async function startBadAnswers(kind: BadAnswer, elsewhere: string): Promise<BadPlace> {
  let asked = 0;
  if (kind === 'no such name') return placeOf('https://nomad.invalid', () => asked);
  const certificate = kind === 'bad certificate' ? makeCertificate() : undefined;
  const listener = (_: unknown, response: ServerResponse): void => {
    asked += 1;
    if (kind in ANSWERS) ANSWERS[kind as Served](response, elsewhere);
    else response.end('{}');
  };
  const server = certificate === undefined ? createServer(listener) : createTlsServer(certificate, listener);
  server.on('tlsClientError', () => undefined);
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  if (kind === 'nobody listens') server.close();
  return placeOf(`http${certificate === undefined ? '' : 's'}://127.0.0.1:${port}`, () => asked, server);
}

function placeOf(origin: string, asked: () => number, server?: Server): BadPlace {
  const close = async (): Promise<void> => {
    if (server !== undefined && 'closeAllConnections' in server)
      (server as { closeAllConnections: () => void }).closeAllConnections();
    server?.close();
  };
  return { origin, asked, [Symbol.asyncDispose]: close };
}
