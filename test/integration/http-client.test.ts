import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { IngestError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import { createHttpClient, type HttpClient } from '../../src/http/http-client.ts';
import { leapingClock } from '../support/leaping-clock.ts';

const MIB = 2 ** 20;
const never = new AbortController().signal;

async function listen(server: Server | TcpServer): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

async function failureOf(work: Promise<unknown>): Promise<IngestError> {
  const outcome = await work.then(
    () => new Error('it succeeded'),
    (error: unknown) => error,
  );
  if (outcome instanceof IngestError) return outcome;
  throw outcome;
}

/** A body that tells how much of it was read. */
function bodyOf(bytes: number, piece: number): { stream: Readable; bytes: number; given: () => number } {
  let given = 0;
  const pieces = function* (): Generator<Buffer> {
    for (; given < bytes; given += piece) yield Buffer.alloc(Math.min(piece, bytes - given), 7);
  };
  return { stream: Readable.from(pieces(), { objectMode: false }), bytes, given: () => given };
}

describe('the HTTP client', () => {
  let http: HttpClient;
  /** The same with so little patience that a test need not wait long for the end of it. */
  let impatient: HttpClient;
  let server: Server | TcpServer | undefined;

  beforeEach(() => {
    const options = { userAgent: 'nightjar-test', clock: systemClock, maxAnswerBytes: 1000 };
    http = createHttpClient(options);
    impatient = createHttpClient({ ...options, stallMs: 400 });
  });
  afterEach(async () => {
    await Promise.all([http.close(), impatient.close()]);
    if (server !== undefined && 'closeAllConnections' in server) server.closeAllConnections();
    server?.close();
    server = undefined;
  });

  async function serve(listener: RequestListener): Promise<string> {
    server = createServer(listener);
    return await listen(server);
  }

  it('takes no connection before the first bytes of a body are there: the other side would close it for silence', async () => {
    const url = await serve((request, response) => {
      request.resume();
      request.on('end', () => response.end('ok'));
    });
    const http1 = server as Server;
    const { promise: closed, resolve: onClose } = Promise.withResolvers<void>();
    http1.once('connection', (socket) => socket.once('close', () => onClose()));
    const { promise: asked, resolve: onAsked } = Promise.withResolvers<void>();
    const { promise: there, resolve: give } = Promise.withResolvers<void>();
    const slow = async function* (): AsyncGenerator<Buffer> {
      onAsked();
      await there;
      yield Buffer.alloc(10);
    };
    await http.request({ method: 'GET', url, signal: never });

    const body = { stream: Readable.from(slow(), { objectMode: false }), bytes: 10 };
    const answer = http.request({ method: 'PUT', url, body, signal: never });
    await asked;
    http1.closeIdleConnections();
    await closed;
    give();

    await expect(answer).resolves.toMatchObject({ status: 200, text: 'ok' });
  });

  it('hands an answer of any size on piece by piece, and keeps none of it', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200);
      Readable.from(Array.from({ length: 256 }, () => Buffer.alloc(64 * 1024, 7))).pipe(response);
    });
    let [bytes, largest] = [0, 0];
    const take = (piece: Uint8Array): void => {
      bytes += piece.length;
      largest = Math.max(largest, piece.length);
    };

    const answer = await http.request({
      ...{ method: 'GET', url, signal: never },
      into: { maxBytes: 20 * MIB, take },
    });

    expect(answer).toMatchObject({ status: 200, text: '', truncated: false });
    expect(bytes).toBe(16 * MIB);
    expect(largest).toBeLessThanOrEqual(MIB);
  });

  it('hands on no more than was asked for, and nothing of a refusal', async () => {
    const url = await serve((request, response) => {
      response.writeHead(request.url === '/no' ? 404 : 200);
      response.end('0123456789');
    });
    const pieces: string[] = [];
    const into = {
      maxBytes: 4,
      take: (piece: Uint8Array) => void pieces.push(Buffer.from(piece).toString()),
    };

    const more = await http.request({ method: 'GET', url, signal: never, into });
    const refused = await http.request({ method: 'GET', url: `${url}/no`, signal: never, into });

    expect(pieces).toEqual(['0123']);
    expect(more).toMatchObject({ text: '', truncated: true });
    expect(refused).toMatchObject({ status: 404, text: '0123456789' });
  });

  it('sends a stream with its length, in pieces worth a write, and reveals secrets only on the wire', async () => {
    const seen = {
      url: '' as string | undefined,
      headers: {} as NodeJS.Dict<string | string[]>,
      bytes: 0,
      reads: 0,
    };
    const base = await serve((incoming, response) => {
      seen.url = incoming.url;
      seen.headers = incoming.headers;
      incoming.on('data', (piece: Buffer) => {
        seen.bytes += piece.length;
        seen.reads += 1;
      });
      incoming.on('end', () => response.end('{"ok":true}'));
    });

    const answer = await http.request({
      method: 'PUT',
      url: `${base}/a%20b/%C3%BC?x=1`,
      secretQuery: { token: new Secret('s3cret') },
      secretHeaders: { 'x-key': new Secret('k3y') },
      body: bodyOf(2 * MIB, 100),
      signal: never,
    });

    expect(answer).toMatchObject({ status: 200, text: '{"ok":true}', truncated: false });
    expect(seen).toMatchObject({ url: '/a%20b/%C3%BC?x=1&token=s3cret', bytes: 2 * MIB });
    expect(seen.headers).toMatchObject({
      'content-length': String(2 * MIB),
      'user-agent': 'nightjar-test',
      'x-key': 'k3y',
    });
    expect(seen.headers['transfer-encoding']).toBeUndefined();
    expect(seen.reads).toBeLessThan(400);
  });

  it('shows an early answer while the body is in flight, and stops the body', async () => {
    const base = await serve((incoming, response) => {
      incoming.pause();
      response.writeHead(401, { 'content-type': 'application/json', connection: 'close' });
      response.end('{"detail":"no"}');
    });
    const body = bodyOf(256 * MIB, MIB);

    const answer = await http.request({ method: 'PUT', url: base, body, signal: never });

    expect(answer.status).toBe(401);
    expect(answer.text).toBe('{"detail":"no"}');
    expect(body.given()).toBeLessThan(64 * MIB);
    expect(body.stream.destroyed).toBe(true);
  });

  it('never follows a redirect', async () => {
    let requests = 0;
    const base = await serve((_, response) => {
      requests += 1;
      response.writeHead(302, { location: '/elsewhere?token=abc' });
      response.end();
    });

    const answer = await http.request({ method: 'GET', url: base, signal: never });

    expect(answer).toMatchObject({ status: 302, location: '/elsewhere?token=[secret]' });
    expect(requests).toBe(1);
  });

  it('keeps only so much of an answer, and reads how long to wait', async () => {
    const base = await serve((_, response) => {
      response.writeHead(503, { 'retry-after': '7' });
      response.end('x'.repeat(100_000));
    });

    const answer = await http.request({ method: 'GET', url: base, signal: never });

    expect(answer).toMatchObject({ status: 503, retryAfterMs: 7000, truncated: true });
    expect(answer.text).toHaveLength(1000);
  });

  it('gives up when no byte moves: no answer, a stopped answer, an unread body', async () => {
    const silent = await serve((incoming) => incoming.pause());
    const body = bodyOf(64 * MIB, MIB);
    const unread = await failureOf(impatient.request({ method: 'PUT', url: silent, body, signal: never }));
    const unanswered = await failureOf(impatient.request({ method: 'GET', url: silent, signal: never }));
    server?.close();
    const halting = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
    });
    const halted = await failureOf(impatient.request({ method: 'GET', url: halting, signal: never }));

    expect([unread.code, unanswered.code, halted.code]).toEqual(Array(3).fill('DESTINATION_STALLED'));
    expect(body.stream.destroyed).toBe(true);
  });

  it('blames the share, not the destination, when the body gives nothing', async () => {
    const base = await serve((incoming) => incoming.resume());
    const stream = new Readable({ read: () => undefined });
    stream.push('begun');

    const error = await failureOf(
      impatient.request({ method: 'PUT', url: base, body: { stream, bytes: 100 }, signal: never }),
    );

    expect(error.code).toBe('SHARE_STALLED');
    expect(stream.destroyed).toBe(true);
  });

  it('lives through a slow answer as long as bytes come', async () => {
    const clock = leapingClock();
    const patient = createHttpClient({ userAgent: 'nightjar-test', clock, stallMs: 400 });
    const body = Promise.withResolvers<ServerResponse>();
    const base = await serve((_, response) => body.resolve(response.writeHead(200)));
    let pieces = 0;
    const more = async (): Promise<void> => {
      const response = await body.promise;
      if (pieces === 6) response.end();
      else response.write('.');
    };
    const take = (): void => {
      pieces += 1;
      void clock.leap(300).then(more);
    };

    const answering = patient.request({
      ...{ method: 'GET', url: base, signal: never, into: { maxBytes: 100, take } },
    });
    await more();

    expect((await answering).status).toBe(200);
    expect(pieces).toBe(6);
    await patient.close();
  });

  it("passes on the body's own error, and never ends the request as if it were whole", async () => {
    let complete = false;
    const base = await serve((incoming, response) => {
      incoming.on('error', () => undefined);
      incoming.on('data', () => undefined);
      incoming.on('end', () => {
        complete = incoming.complete;
        response.end();
      });
    });
    const changed = new IngestError('FILE_CHANGED', 'changed', { hint: 'none' });
    const pieces = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.alloc(MIB);
      throw changed;
    };
    const stream = Readable.from(pieces(), { objectMode: false });

    const thrown = await http
      .request({ method: 'PUT', url: base, body: { stream, bytes: 2 * MIB }, signal: never })
      .catch((error: unknown) => error);

    expect(thrown).toBe(changed);
    expect(complete).toBe(false);
  });

  it.each([
    ['fewer', 10],
    ['more', 1000],
  ])('refuses a body of %s bytes than announced', async (word, bytes) => {
    const base = await serve((incoming, response) => {
      incoming.on('error', () => undefined);
      incoming.resume().on('end', () => response.end());
    });

    const error = await failureOf(
      http.request({
        method: 'PUT',
        url: base,
        body: { stream: bodyOf(bytes, 10).stream, bytes: 100 },
        signal: never,
      }),
    );

    expect(error.code).toBe('UNEXPECTED');
    expect(error.message).toContain(word);
  });

  it('stops at once when it is told to, for the reason it was given', async () => {
    const base = await serve((incoming) => incoming.resume());
    const lost = new IngestError('LEASE_LOST', 'lost', { hint: 'none' });
    const controller = new AbortController();
    const body = bodyOf(1024 * MIB, MIB);
    const running = http.request({ method: 'PUT', url: base, body, signal: controller.signal });
    controller.abort(lost);

    expect(await failureOf(running)).toBe(lost);
    expect(body.stream.destroyed).toBe(true);
    const aborted = await failureOf(http.request({ method: 'GET', url: base, signal: AbortSignal.abort() }));
    expect(aborted.code).toBe('INTERRUPTED');
  });

  const said = async (url: string): Promise<string> => {
    const error = await failureOf(http.request({ method: 'GET', url, signal: never }));
    return `${error.code}: ${error.message.split(': ').at(-1)}`;
  };

  it('has words for a closed port, an unknown name, a cut connection and a server without TLS', async () => {
    server = createTcpServer((socket) => socket.resetAndDestroy());
    const cut = await listen(server);
    const talker = createServer((_, response) => response.end());
    const plain = await listen(talker);
    const free = createTcpServer();
    const closed = await listen(free);
    free.close();

    expect(await said(closed)).toBe('DESTINATION_UNREACHABLE: nothing listens at that address and port');
    expect(await said(`${cut}/`)).toMatch(/^DESTINATION_UNREACHABLE: the connection was (?:reset|closed)/);
    expect(await said(plain.replace('http:', 'https:'))).toBe(
      'DESTINATION_UNREACHABLE: it does not speak TLS',
    );
    expect(await said('http://no-such-host.invalid/')).toMatch(/^DESTINATION_UNREACHABLE: the name .*DNS/);
    talker.close();
  });

  it('leaves no connection open behind close', async () => {
    const base = await serve((_, response) => response.end());
    const ended = Promise.withResolvers<string>();
    server?.once('connection', (socket) => socket.once('close', () => ended.resolve('closed')));
    await http.request({ method: 'GET', url: base, signal: never });

    await http.close();

    expect(await ended.promise).toBe('closed');
  });
});
