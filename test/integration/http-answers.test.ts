import { createServer as createTcpServer, type Server } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { IngestError } from '../../src/core/errors.ts';
import { createHttpClient, type HttpAnswer, type HttpClient } from '../../src/http/http-client.ts';

const never = new AbortController().signal;

describe('an answer', () => {
  let http: HttpClient;
  let server: Server;
  /** Answered to every request; the last piece again and again, every 20 ms, where `endless` is said. */
  let says: { readonly pieces: readonly (string | Buffer)[]; readonly endless?: true; readonly last?: true };
  let written: number;
  let url: string;

  beforeEach(async () => {
    http = createHttpClient({
      ...{ userAgent: 'nightjar-test', clock: systemClock },
      ...{ stallMs: 400, answerMs: 700, maxAnswerBytes: 100_000 },
    });
    written = 0;
    server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        for (const piece of says.pieces) socket.write(piece);
        if (says.last === true) socket.end();
        if (says.endless !== true) return;
        const more = setInterval(() => {
          written += 1;
          socket.write(says.pieces.at(-1) ?? '');
        }, 20);
        socket.once('close', () => clearInterval(more));
      });
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, '127.0.0.1', resolve);
    await promise;
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/`;
  });
  afterEach(async () => {
    await http.close();
    server.close();
  });

  const asked = async (): Promise<HttpAnswer | IngestError> =>
    await http.request({ method: 'GET', url, signal: never }).catch((thrown: unknown) => {
      if (thrown instanceof IngestError) return thrown;
      throw thrown;
    });
  const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';

  it.each<[string, readonly string[]]>([
    ['of the status line', ['HTTP/1.1 200 ', 'O']],
    ['of the headers', [HEAD, 'x']],
    ['of a body of known length', [`${HEAD}content-length: 1000000\r\n\r\n`, ' ']],
    ['of a body in chunks', [`${HEAD}transfer-encoding: chunked\r\n\r\n`, '1\r\n \r\n']],
    ['that are hints before the answer', ['HTTP/1.1 103 Early Hints\r\n\r\n']],
  ])('that comes in drops for ever is given up, drops %s', async (_, pieces) => {
    says = { pieces, endless: true };

    const error = await asked();

    expect(error).toMatchObject({ code: 'DESTINATION_STALLED', disposition: 'retry' });
    expect(written).toBeGreaterThan(5);
  });

  it('that is slow and long may take longer, for what has come counts', async () => {
    says = { pieces: [`${HEAD}content-length: 640000\r\n\r\n`, 'x'.repeat(10_000)], endless: true };
    let bytes = 0;
    const into = { maxBytes: 10 ** 6, take: (piece: Uint8Array) => void (bytes += piece.length) };

    const answer = await http.request({ method: 'GET', url, into, signal: never });

    expect(answer.status).toBe(200);
    expect(bytes).toBe(640_000);
  });

  it.each<[string, typeof says]>([
    ['in the status line', { pieces: ['HTTP/1.1 2'], last: true }],
    ['in the headers', { pieces: [HEAD], last: true }],
    ['in a body of known length', { pieces: [`${HEAD}content-length: 20\r\n\r\n`, '{"upload'], last: true }],
    [
      'in a body in chunks',
      { pieces: [`${HEAD}transfer-encoding: chunked\r\n\r\n8\r\n{"upload\r\n`], last: true },
    ],
    ['before it began', { pieces: [], last: true }],
  ])('that is cut %s is none, and says so in words', async (_, cut) => {
    says = cut;

    const error = await asked();

    expect(error).toMatchObject({ code: 'DESTINATION_UNREACHABLE' });
    expect(error instanceof IngestError ? error.message : '').toMatch(
      /: (?:the connection was (?:closed from the other side|reset)|its answer was cut off or is no HTTP)$/,
    );
  });

  it.each<[string, readonly string[], string]>([
    ['is no HTTP', ['220 mail.example ESMTP\r\n'], 'its answer was cut off or is no HTTP'],
    [
      'has headers without end',
      [`${HEAD}x: ${'y'.repeat(100_000)}`],
      'the headers of its answer are too long',
    ],
    [
      'has two lengths',
      [`${HEAD}content-length: 1\r\ncontent-length: 2\r\n\r\nxx`],
      'its answer was cut off or is no HTTP',
    ],
  ])('that %s is told in words', async (_, pieces, words) => {
    says = { pieces, last: true };

    const error = await asked();

    expect(error).toMatchObject({ code: 'DESTINATION_UNREACHABLE' });
    expect(error instanceof IngestError ? error.message : '').toMatch(new RegExp(`: ${words}$`));
  });

  it('without end is kept so far as it may be, and the rest is not waited for', async () => {
    says = {
      pieces: [`${HEAD}transfer-encoding: chunked\r\n\r\n`, `10000\r\n${'x'.repeat(65_536)}\r\n`],
      endless: true,
    };

    const answer = await asked();

    expect(answer).toMatchObject({ status: 200, truncated: true });
    expect('text' in answer ? answer.text.length : 0).toBe(100_000);
  });

  it('that is compressed is never unpacked, however small it is and large it would be', async () => {
    const bomb = gzipSync(Buffer.alloc(32 * 1024 * 1024));
    const head = `${HEAD}content-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`;
    says = { pieces: [head, bomb], last: true };

    const answer = await asked();

    expect(answer).toMatchObject({ status: 200, truncated: false });
    expect('text' in answer ? answer.text.length : 0).toBeLessThanOrEqual(bomb.length);
  });
});
