import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { IngestError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Call, Destination } from '../../src/destinations/destination.ts';
import { createNomad } from '../../src/destinations/nomad/nomad.ts';
import { nomadOptions } from '../../src/destinations/nomad/options.ts';
import { createHttpClient, type HttpClient } from '../../src/http/http-client.ts';
import { contentOf } from '../support/content.ts';
import { type NomadServer, startNomadServer } from '../support/nomad-server.ts';

const CONTENT = contentOf({
  owner: 'alice',
  files: { 'SEM1/run/__proto__': 'a file', 'SEM1/run/constructor': 'another' },
});

/** A host that nobody should ever be sent to. */
async function startElsewhere(): Promise<AsyncDisposable & { readonly url: string; heard: number }> {
  const there = { url: '', heard: 0 };
  const server = createServer((_, answer) => {
    there.heard += 1;
    answer.end('{}');
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  there.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`;
  return Object.assign(there, {
    [Symbol.asyncDispose]: async () => {
      const { promise: closed, resolve: end } = Promise.withResolvers<void>();
      server.close(() => end());
      await closed;
    },
  });
}

describe('a platform that means ill, or is broken,', () => {
  let server: NomadServer;
  let http: HttpClient;
  let nomad: Destination;
  let call: Call;

  beforeEach(async () => {
    server = await startNomadServer({ generation: 'v1.3' });
    http = createHttpClient({
      ...{ userAgent: 'nightjar-test', clock: systemClock, stallMs: 5_000, maxAnswerBytes: 100_000 },
    });
    const options = nomadOptions.parse({ kind: 'nomad', base_url: server.url });
    const polling = { firstMs: 2, longestMs: 10, totalMs: 500, busyMs: 50 };
    nomad = createNomad(options, { http, clock: systemClock, polling });
    call = { token: new Secret(server.appToken('alice', 3600)), signal: new AbortController().signal };
  });
  afterEach(async () => {
    await http.close();
    await server.close();
  });

  /** What a call came to: its code, or what it answered. */
  async function outcomeOf(work: Promise<unknown> | undefined): Promise<unknown> {
    try {
      return await work;
    } catch (thrown) {
      if (thrown instanceof IngestError) return thrown.code;
      throw thrown;
    }
  }

  /** Every kind of call, each by itself. */
  function calls(): (() => Promise<unknown> | undefined)[] {
    const container = { id: 'x'.repeat(22), name: 'nightjar alice', location: '' };
    return [
      () => nomad.check(call),
      () => nomad.open('nightjar alice', call),
      () => nomad.findEmpty?.('nightjar alice', call),
      () => nomad.send(container, CONTENT, call),
      () => nomad.close(container, CONTENT, call),
      () => nomad.find?.(container, CONTENT, call),
      () => nomad.account?.(call, { left: 10, bytesLeft: 10 })?.containers(),
    ];
  }

  it.each([301, 302, 303, 307, 308])(
    'that sends us elsewhere with %i is not followed, in any call',
    async (status) => {
      await using elsewhere = await startElsewhere();
      server.fault = ({ path }) => ({
        ...{ kind: 'answer', status },
        headers: { location: `${elsewhere.url}${path}`, 'content-length': '0' },
      });

      for (const one of calls()) expect(await outcomeOf(one())).toBe('CONFIG_INVALID');

      expect(elsewhere.heard).toBe(0);
    },
  );

  it('is asked for the next page at its own address, whatever link its list has', async () => {
    await using elsewhere = await startElsewhere();
    const links = { next_page_url: elsewhere.url, first_page_url: elsewhere.url, page_url: elsewhere.url };
    server.fault = ({ path }) =>
      path === '/uploads'
        ? {
            kind: 'answer',
            status: 200,
            body: JSON.stringify({ pagination: { total: 999, ...links }, data: [ONE] }),
          }
        : undefined;
    const asks = { left: 10, bytesLeft: 10 };

    const found = await nomad.account?.(call, asks)?.containers();

    expect(found).toHaveLength(5);
    expect(elsewhere.heard).toBe(0);
    expect(found?.every(({ location }) => location.startsWith(server.origin))).toBe(true);
  });

  it.each([
    [
      'without an end',
      `{"upload_id": "${'x'.repeat(22)}", "data": {"process_status": "SUCCESS", "pad": "${'-'.repeat(300_000)}"}}`,
    ],
    ['that is cut short', `{"upload_id": "${'x'.repeat(22)}", "data": {"process_status": "SUC`],
    ['of another form', '[[[[[[1]]]]]]'],
    ['of lists in lists', `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
    ['of lists in lists that never end', '['.repeat(100_000)],
  ])('is not believed when it gives an answer %s', async (_, body) => {
    server.fault = () => ({ kind: 'answer', status: 200, body });

    const outcomes = [];
    for (const one of calls()) outcomes.push(await outcomeOf(one()));

    const notBelieved = ['CONFIG_INVALID', 'DESTINATION_UNCLEAR', 'DESTINATION_UNREACHABLE'];
    // On a slow machine the time to wait for the end of processing can be over first: nothing was told, then.
    const isBelieved = (one: unknown): boolean =>
      !notBelieved.includes(String(one)) && (one as { evidence?: string }).evidence !== 'accepted';
    expect(outcomes.filter((one) => one === undefined || isBelieved(one))).toEqual([]);
  });

  it('cannot change our objects by the names in its answers, nor by names of files', async () => {
    const container = await nomad.open('nightjar alice', call);
    await nomad.send(container, CONTENT, call);

    expect((await nomad.close(container, CONTENT, call)).evidence).toBe('verified');

    const evil =
      '"__proto__": {"isRunning": true, "polluted": 1}, "constructor": {"prototype": {"polluted": 1}}';
    const data = `{"process_status": "READY", "errors": [], ${evil}}`;
    server.fault = ({ method }) =>
      method === 'POST'
        ? { kind: 'answer', status: 200, body: `{"upload_id": "abc", "data": ${data}, ${evil}}` }
        : undefined;
    expect(await nomad.open('nightjar alice', call)).toEqual({
      ...{ id: 'abc', name: 'nightjar alice', location: expect.stringContaining('/id/abc') },
    });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('that lists a directory without an end is left after so many pages', async () => {
    const container = await nomad.open('nightjar alice', call);
    await nomad.send(container, CONTENT, call);
    const content = [{ name: 'again', size: 1, is_file: true }];
    const body = JSON.stringify({ directory_metadata: { content }, pagination: { total: 1e15 } });
    server.fault = ({ path }) =>
      path.includes('/rawdir/') ? { kind: 'answer', status: 200, body } : undefined;

    const receipt = await nomad.close(container, CONTENT, call);

    expect(receipt).toMatchObject({
      evidence: 'confirmed',
      how: expect.stringContaining('nothing was read back'),
    });
  });
});

const ONE = { upload_id: 'abc', upload_name: 'mine', process_status: 'SUCCESS', published: false };
