import { createServer, type RequestListener, type Server } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { createHttpClient, type HttpClient } from '../../src/http/http-client.ts';
import { type HttpLimits, withLimits } from '../../src/http/with-limits.ts';
import { FakeClock } from '../support/fake-clock.ts';

const never = new AbortController().signal;
const none: HttpLimits = { requestsPerMinute: undefined, bytesPerSecond: () => undefined };

/** Stands still but for our own waiting; the watchdog of a request, which sleeps as well, is not asked. */
class PacingClock extends FakeClock {
  readonly waits: number[] = [];
  override readonly sleep: Clock['sleep'] = async (ms) => {
    this.waits.push(ms);
    this.advance(ms);
  };
}

let server: Server | undefined;
let plain: HttpClient | undefined;

afterEach(async () => {
  await plain?.close();
  server?.closeAllConnections();
  server?.close();
});

async function platform(listener: RequestListener, limits: Partial<HttpLimits>, clock: Clock) {
  server = createServer(listener);
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/`;
  // The client's own clock only watches for stalls: it never moves here.
  const still: Clock = { now: () => 0, monotonic: () => 0, sleep: () => new Promise(() => undefined) };
  plain = createHttpClient({ userAgent: 'test', clock: still });
  const http = withLimits(plain, clock, { ...none, ...limits });
  const get = () => http.request({ method: 'GET', url, signal: never });
  const put = (bytes: number, piece = 64 * 1024) => {
    const pieces = function* (): Generator<Buffer> {
      for (let left = bytes; left > 0; left -= piece) yield Buffer.alloc(Math.min(piece, left), 7);
    };
    const stream = Readable.from(pieces(), { objectMode: false });
    return http.request({ method: 'PUT', url, body: { stream, bytes }, signal: never });
  };
  return { get, put, http, url };
}

const takes: RequestListener = (incoming, response) => {
  incoming.resume();
  incoming.on('end', () => response.end('ok'));
};

describe('a client with limits', () => {
  it('keeps requests apart, whoever makes them', async () => {
    const clock = new PacingClock(0);
    const { get } = await platform(takes, { requestsPerMinute: 30 }, clock);

    for (let nth = 0; nth < 5; nth += 1) await get();

    expect(clock.now()).toBe(8000);
  });

  it('sends all bodies together no faster than the limit', async () => {
    const clock = new PacingClock(0);
    const { put } = await platform(takes, { bytesPerSecond: () => 100_000 }, clock);

    const answers = await Promise.all([put(400_000), put(600_000)]);

    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    // The last piece may go at once when its turn has come.
    expect(clock.now()).toBeGreaterThanOrEqual(9500);
    expect(clock.now()).toBeLessThanOrEqual(10_000);
  });

  it('heeds a change of the limit in the middle of a transfer', async () => {
    const clock = new PacingClock(0);
    const slowUntil = 4000;
    const { put } = await platform(
      takes,
      { bytesPerSecond: () => (clock.now() < slowUntil ? 10_000 : undefined) },
      clock,
    );

    await put(10_000_000);

    expect(clock.now()).toBeGreaterThanOrEqual(slowUntil);
    expect(clock.now()).toBeLessThan(slowUntil + 500);
  });

  it('sends the same bytes as without a limit', async () => {
    const clock = new PacingClock(0);
    const got: Buffer[] = [];
    const keeps: RequestListener = (incoming, response) => {
      incoming.on('data', (piece: Buffer) => got.push(piece));
      incoming.on('end', () => response.end('ok'));
    };
    const { put } = await platform(keeps, { bytesPerSecond: () => 30_001 }, clock);

    await put(200_000, 7777);

    expect(Buffer.concat(got).equals(Buffer.alloc(200_000, 7))).toBe(true);
  });

  it.each([
    [429, 20_000],
    [503, 20_000],
    [500, 0],
  ])('is quiet towards a platform whose answer %i asks to come back later', async (status, waited) => {
    const clock = new PacingClock(0);
    let told = 0;
    const { get } = await platform(
      (_, response) => {
        told += 1;
        response.writeHead(told === 1 ? status : 200, { 'retry-after': '20' });
        response.end();
      },
      {},
      clock,
    );

    await get();
    const next = await get();

    expect([next.status, clock.now()]).toEqual([200, waited]);
  });

  it('waits no longer than five minutes for one answer', async () => {
    const clock = new PacingClock(0);
    const { get } = await platform(
      (_, response) => {
        response.writeHead(429, { 'retry-after': '36000' });
        response.end();
      },
      {},
      clock,
    );

    await get();
    await get();

    expect(clock.now()).toBe(300_000);
  });

  it('stops waiting when it is told to, and closes the source of the body', async () => {
    const stop = new AbortController();
    const clock: Clock = {
      now: () => 0,
      monotonic: () => 0,
      sleep: (_ms, signal) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason as Error));
          stop.abort();
        }),
    };
    const { http, url } = await platform(takes, { bytesPerSecond: () => 1000 }, clock);
    const stream = Readable.from([Buffer.alloc(100_000)], { objectMode: false });

    const outcome = http.request({
      method: 'PUT',
      url,
      body: { stream, bytes: 100_000 },
      signal: stop.signal,
    });

    await expect(outcome).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(stream.destroyed).toBe(true);
  });

  it('keeps the failure of the source what it is', async () => {
    const clock = new PacingClock(0);
    const { http, url } = await platform(takes, { bytesPerSecond: () => 1_000_000 }, clock);
    const failing = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.alloc(10);
      throw new Error('the disk is gone');
    };
    const stream = Readable.from(failing(), { objectMode: false });

    const outcome = http.request({ method: 'PUT', url, body: { stream, bytes: 100 }, signal: never });

    await expect(outcome).rejects.toThrow('the disk is gone');
  });
});
