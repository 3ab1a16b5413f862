import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { type ErrorCode, IngestError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Call, Destination, RemoteContainer } from '../../src/destinations/destination.ts';
import { createNomad } from '../../src/destinations/nomad/nomad.ts';
import { nomadOptions } from '../../src/destinations/nomad/options.ts';
import { tokenFacts } from '../../src/destinations/nomad/token.ts';
import { createHttpClient, type HttpClient } from '../../src/http/http-client.ts';
import { contentOf } from '../support/content.ts';
import { type Fault, type Generation, type NomadServer, startNomadServer } from '../support/nomad-server.ts';

const PLAN = { owner: 'alice', files: { 'SEM1/run 1/ä.tif': 'first', 'SEM1/run 1/b.tif': 'second' } };
const POLLING = { firstMs: 5, longestMs: 20, totalMs: 20_000, busyMs: 50 };

const callWith = (token: string): Call => ({
  token: new Secret(token),
  signal: new AbortController().signal,
});
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

async function failureOf(work: Promise<unknown>): Promise<IngestError> {
  const outcome = await work.then(
    () => new Error('it succeeded'),
    (error: unknown) => error,
  );
  if (outcome instanceof IngestError) return outcome;
  throw outcome;
}

async function codeOf(work: Promise<unknown>): Promise<ErrorCode> {
  return (await failureOf(work)).code;
}

describe.each<Generation>(['v1.3', 'v1.4'])('the NOMAD adapter and a platform of %s', (generation) => {
  let server: NomadServer;
  let http: HttpClient;
  let nomad: Destination;

  beforeEach(async () => {
    server = await startNomadServer({ generation });
    http = createHttpClient({ userAgent: 'nightjar-test', clock: systemClock, stallMs: 5_000 });
    nomad = adapter();
  });
  afterEach(async () => {
    await http.close();
    await server.close();
  });

  function adapter(block: object = {}, polling = POLLING): Destination {
    const options = nomadOptions.parse({ kind: 'nomad', base_url: server.url, ...block });
    return createNomad(options, { http, clock: systemClock, polling });
  }

  const call = (): Call => callWith(server.tokenOf('alice'));
  const opened = async (): Promise<RemoteContainer> => await nomad.open('nightjar alice 2026-10', call());

  /** The fault for the PUT of a parcel only. */
  function onParcel(fault: Fault): void {
    server.fault = (request) =>
      request.method === 'PUT' && request.headers['content-type'] === 'application/zip' ? fault : undefined;
  }

  it('delivers a batch as confirmed, byte for byte below the target directory', async () => {
    const content = contentOf(PLAN);
    const container = await opened();

    await nomad.send(container, content, call());
    const receipt = await nomad.close(container, content, call());

    expect(receipt).toMatchObject({ evidence: 'confirmed', files: 2, bytes: 11 });
    expect(receipt.location).toBe(`${server.origin}/nomad-oasis/gui/user/uploads/upload/id/${container.id}`);
    const hashes = await server.sha256Of(container.id);
    expect(hashes.get(`${content.targetDir}/SEM1/run 1/ä.tif`)).toBe(sha256('first'));
    expect(hashes.get(`${content.targetDir}/SEM1/run 1/b.tif`)).toBe(sha256('second'));
    expect(hashes.has(`${content.targetDir}/.nightjar/${content.batch.id}.json`)).toBe(true);
    expect(server.unexpected).toEqual([]);
  });

  it('sends one credential in the form of the generation, the length, the type and the exact Accept', async () => {
    const content = contentOf(PLAN);
    const container = await opened();
    await nomad.send(container, content, call());

    for (const request of server.requests.filter((one) => one.path !== '/openapi.json')) {
      expect(request.query.get('token')).toBe(generation === 'v1.3' ? server.tokenOf('alice') : null);
      expect(request.headers['upload-token']).toBe(
        generation === 'v1.4' ? server.tokenOf('alice') : undefined,
      );
      expect(request.headers.authorization).toBeUndefined();
      expect(request.headers.accept).toBe('application/json');
    }
    const put = server.requests.find((one) => one.headers['content-type'] === 'application/zip');
    const bytes = (await content.parcel(new AbortController().signal)).bytes;
    expect(put?.headers['content-length']).toBe(String(bytes));
    expect(put?.headers['transfer-encoding']).toBeUndefined();
    expect(put?.bodyBytes).toBe(bytes);
    expect(server.requests.filter((one) => one.path === '/openapi.json')).toHaveLength(1);
  });

  it('checks a token without creating anything, and says whose it is', async () => {
    const sentence = await nomad.check(call());

    expect(sentence).toContain(server.userId('alice'));
    expect(sentence).toContain(generation === 'v1.3' ? '1.3.10' : '1.4.3');
    expect(server.uploads()).toEqual([]);
  });

  it('reads the user id out of a token offline', () => {
    expect(tokenFacts(new Secret(server.tokenOf('collector'))).userId).toBe(server.userId('collector'));
  });

  it('holds a dead token, and one that only looks dead while user management is down', async () => {
    const dead = server.tokenOf('alice').replace(/.$/, (last) => (last === 'A' ? 'E' : 'A'));
    const rejected = await failureOf(nomad.check(callWith(dead)));
    server.outage = true;
    const suspected = await failureOf(nomad.check(call()));

    expect([rejected.code, suspected.code]).toEqual(['TOKEN_REJECTED', 'TOKEN_REJECTED']);
    expect(suspected.hint).toContain('user management');
    server.outage = false;
    await expect(nomad.check(call())).resolves.toContain('takes the upload token');
  });

  it("refuses the other generation's token before it is sent anywhere", async () => {
    const other = await startNomadServer({ generation: generation === 'v1.3' ? 'v1.4' : 'v1.3' });
    const foreign = other.tokenOf('alice');
    await other.close();

    const error = await failureOf(nomad.open('x', callWith(foreign)));

    expect(error.code).toBe('TOKEN_REJECTED');
    expect(server.requests.map((one) => one.path)).toEqual(['/openapi.json']);
    expect(await codeOf(adapter({ generation }).open('x', callWith(foreign)))).toBe('TOKEN_REJECTED');
    expect(await codeOf(nomad.open('x', callWith('not-a-token')))).toBe('TOKEN_REJECTED');
    expect(await codeOf(nomad.open('x', { ...call(), token: undefined }))).toBe('TOKEN_MISSING');
  });

  it('goes by the token where the platform hides its openapi.json', async () => {
    server.fault = (request) =>
      request.path === '/openapi.json' ? { kind: 'answer', status: 404, body: '<h1>no</h1>' } : undefined;

    await expect(opened()).resolves.toMatchObject({ name: 'nightjar alice 2026-10' });
  });

  it('says that the account has too many unpublished uploads', async () => {
    for (let count = 0; count < 10; count++) await opened();

    expect(await codeOf(opened())).toBe('QUOTA_EXCEEDED');
    expect(server.uploads()).toHaveLength(10);
  });

  it.each([
    ['was published', (id: string) => server.publish(id)],
    ['is gone', (id: string) => server.removeUpload(id)],
  ])('calls the container lost when it %s', async (_, change) => {
    const container = await opened();
    change(container.id);

    expect(await codeOf(nomad.send(container, contentOf(PLAN), call()))).toBe('CONTAINER_LOST');
  });

  it("calls the container lost when it is another account's", async () => {
    const container = await opened();

    const send = nomad.send(container, contentOf(PLAN), callWith(server.tokenOf('bob')));

    expect(await codeOf(send)).toBe('CONTAINER_LOST');
    expect((await server.filesOf(container.id)).size).toBe(0);
  });

  it('does not send into an upload that is still being processed', async () => {
    const container = await opened();
    server.worker.hold('running');
    await nomad.send(container, contentOf(PLAN), call());
    const sent = server.requests.length;

    const error = await failureOf(nomad.send(container, contentOf(PLAN), call()));

    expect(error.code).toBe('DESTINATION_BUSY');
    expect(error.retryAfterMs).toBeGreaterThan(0);
    expect(new Set(server.requests.slice(sent).map((one) => one.method))).toEqual(new Set(['POST']));
    server.worker.release();
  });

  it('waits for the end of what the platform works on, and sends then', async () => {
    nomad = adapter({}, { ...POLLING, busyMs: 20_000 });
    const container = await opened();
    server.worker.hold('running');
    await nomad.send(container, contentOf(PLAN), call());
    const asked = server.requests.length;
    server.fault = () => {
      if (server.requests.length >= asked + 3) server.worker.release();
      return undefined;
    };
    const content = contentOf({ ...PLAN, files: { 'SEM1/c': 'c', 'SEM1/d': 'd' } });

    await nomad.send(container, content, call());

    await expect(nomad.close(container, content, call())).resolves.toMatchObject({ evidence: 'confirmed' });
    expect((await server.filesOf(container.id)).size).toBe(8);
  });

  it('stays at accepted when processing does not end in time', async () => {
    nomad = adapter({}, { ...POLLING, longestMs: 5, totalMs: 40 });
    const container = await opened();
    server.worker.hold();
    const content = contentOf(PLAN);
    await nomad.send(container, content, call());

    const receipt = await nomad.close(container, content, call());

    expect(receipt.evidence).toBe('accepted');
    expect(receipt.how).toContain('had not said');
    server.worker.release();
  });

  it('stops waiting for the end when it is told to, for the reason it was given', async () => {
    const container = await opened();
    server.worker.hold();
    const content = contentOf(PLAN);
    await nomad.send(container, content, call());
    const lost = new IngestError('LEASE_LOST', 'lost', { hint: 'none' });
    const controller = new AbortController();
    const closing = nomad.close(container, content, { ...call(), signal: controller.signal });
    controller.abort(lost);

    await expect(closing).rejects.toBe(lost);
    server.worker.release();
  });

  it("passes on the platform's own words when processing fails, and a repeat replaces", async () => {
    const container = await opened();
    const content = contentOf(PLAN);
    server.worker.failNext("BadZipFile: Bad CRC-32 for file 'x'");
    await nomad.send(container, content, call());

    const error = await failureOf(nomad.close(container, content, call()));

    expect(error.code).toBe('PROCESSING_FAILED');
    expect(error.message).toContain("BadZipFile: Bad CRC-32 for file 'x'");
    await nomad.send(container, content, call());
    await expect(nomad.close(container, content, call())).resolves.toMatchObject({ evidence: 'confirmed' });
  });

  it.each([true, false])(
    'calls nothing confirmed that was answered 200 and dropped (process: %s)',
    async (process) => {
      const container = await opened();
      const content = contentOf(PLAN);
      onParcel({ kind: 'drop-files', process });
      await nomad.send(container, content, call());

      expect(await codeOf(nomad.close(container, content, call()))).toBe('PARCEL_DROPPED');
    },
  );

  it('is not misled by the manifest of an earlier attempt when the next one is dropped', async () => {
    const container = await opened();
    const content = contentOf(PLAN);
    await nomad.send(container, content, call());
    await nomad.close(container, content, call());
    onParcel({ kind: 'drop-files', process: false });
    await nomad.send(container, content, call());

    expect(await codeOf(nomad.close(container, content, call()))).toBe('PARCEL_DROPPED');
  });

  it.each<[string, Fault, ErrorCode]>([
    ['a reset in mid-body', { kind: 'reset', afterBytes: 100 }, 'DESTINATION_UNREACHABLE'],
    ['an answer lost after the effect', { kind: 'answer-lost' }, 'DESTINATION_UNREACHABLE'],
    ['413 as HTML', { kind: 'answer', status: 413, body: '<html><h1>413 Too Large</h1>' }, 'FILE_TOO_LARGE'],
    ['504 after the body', { kind: 'answer', status: 504, afterBody: true }, 'DESTINATION_UNCLEAR'],
    ['a login page', { kind: 'answer', status: 200, body: '<html>log in</html>' }, 'DESTINATION_UNCLEAR'],
    [
      'a redirect',
      { kind: 'answer', status: 302, headers: { location: 'https://sso.example.org/' } },
      'CONFIG_INVALID',
    ],
    ['500', { kind: 'answer', status: 500, body: 'oops' }, 'DESTINATION_BUSY'],
  ])('names %s for what it is, and the next attempt delivers', async (_, fault, code) => {
    const container = await opened();
    const content = contentOf(PLAN);
    onParcel(fault);

    expect(await codeOf(nomad.send(container, content, call()))).toBe(code);

    server.fault = undefined;
    await server.worker.idle();
    await nomad.send(container, content, call());
    await expect(nomad.close(container, content, call())).resolves.toMatchObject({ evidence: 'confirmed' });
    expect((await server.filesOf(container.id)).size).toBe(4);
  });

  it('verifies by reading names and sizes back with a token that may read, and leaves no status directory', async () => {
    const reader = callWith(server.appToken('alice', 3600));
    const content = contentOf({
      owner: 'alice',
      files: Object.fromEntries(
        Array.from({ length: 700 }, (_, n) => [`SEM1/run/${n % 2 === 0 ? 'a/' : ''}img ü ${n}.tif`, `${n}`]),
      ),
    });
    const container = await nomad.open('n', reader);
    await nomad.send(container, content, reader);

    const receipt = await nomad.close(container, content, reader);

    expect(receipt).toMatchObject({ evidence: 'verified', files: 700 });
    expect([...(await server.filesOf(container.id)).keys()].some((path) => path.includes('-status'))).toBe(
      false,
    );
    expect([...(await server.sizesOf(container.id)).keys()].some((path) => path.includes('-status'))).toBe(
      false,
    );
    expect(server.unexpected).toEqual([]);
  });

  it('trap 16: looks for a file under its safe path when it reads back', async () => {
    const own = 'SEM1/a\nb/K\udcf6rner';
    const content = contentOf({ ...PLAN, files: { [own]: 'a' }, as: { [own]: 'SEM1/a_b~1/K_rner~2' } });
    const reading = callWith(server.appToken('alice', 3600));
    const container = await nomad.open('n', reading);
    await nomad.send(container, content, reading);

    expect(await nomad.close(container, content, reading)).toMatchObject({ evidence: 'verified', files: 1 });
  });

  it('does not verify when a file is missing or has another size, and names it', async () => {
    const reader = callWith(server.appToken('alice', 3600));
    const content = contentOf(PLAN);
    const container = await nomad.open('n', reader);
    await nomad.send(container, content, reader);
    await server.worker.idle();
    const dir = server.uploads().find(({ id }) => id === container.id)?.dir ?? '';
    await rm(join(dir, 'raw', content.targetDir, 'SEM1/run 1/ä.tif'));
    await writeFile(join(dir, 'raw', content.targetDir, 'SEM1/run 1/b.tif'), 'other');

    const error = await failureOf(nomad.close(container, content, reader));

    expect(error.code).toBe('RECEIPT_MISMATCH');
    expect(error.message).toContain('SEM1/run 1/ä.tif (missing)');
    expect(error.message).toContain('SEM1/run 1/b.tif (5 bytes instead of 6)');
  });

  it('refuses a target that the platform has no name for', async () => {
    const container = await opened();

    for (const targetDir of ['a/../b', 'a//b', 'a\nb', 'x'.repeat(256), '\udc80'])
      expect(await codeOf(nomad.send(container, { ...contentOf(PLAN), targetDir }, call()))).toBe(
        'PATH_UNREPRESENTABLE',
      );
  });
});

describe('a personal access token', () => {
  it.each([
    [['uploads:write'], 'confirmed'],
    [['uploads:write', 'uploads:read'], 'verified'],
  ])('with %s ends as %s', async (scopes, evidence) => {
    await using server = await startNomadServer({ generation: 'v1.4' });
    const http = createHttpClient({ userAgent: 'nightjar-test', clock: systemClock });
    const options = nomadOptions.parse({ kind: 'nomad', base_url: server.url });
    const nomad = createNomad(options, { http, clock: systemClock, polling: POLLING });
    const pat = server.pats.create(server.userId('alice'), { name: 'n', scopes, days: 1 });
    const content = contentOf(PLAN);
    const container = await nomad.open('n', callWith(pat.raw));
    await nomad.send(container, content, callWith(pat.raw));

    const receipt = await nomad.close(container, content, callWith(pat.raw));

    expect(receipt.evidence).toBe(evidence);
    pat.revoked = true;
    expect(await codeOf(nomad.send(container, content, callWith(pat.raw)))).toBe('TOKEN_REJECTED');
    await http.close();
  });
});

describe('the NOMAD adapter over an upgrade of the platform', () => {
  it('asks anew which generation it is, and wants the new token', async () => {
    const old = await startNomadServer({ generation: 'v1.3' });
    const http = createHttpClient({ userAgent: 'nightjar-test', clock: systemClock });
    const { port } = new URL(old.url);
    const options = nomadOptions.parse({ kind: 'nomad', base_url: old.url });
    const nomad = createNomad(options, { http, clock: systemClock });
    const signal = new AbortController().signal;
    const oldCall = { token: new Secret(old.tokenOf('alice')), signal };
    await nomad.check(oldCall);
    await old.close();
    await using upgraded = await startNomadServer({ generation: 'v1.4', port: Number(port) });

    await expect(nomad.check(oldCall)).rejects.toMatchObject({ code: 'TOKEN_REJECTED' });
    await expect(nomad.check(oldCall)).rejects.toThrow('the token was made by NOMAD v1.3');
    const newCall = { token: new Secret(upgraded.tokenOf('alice')), signal };
    await expect(nomad.check(newCall)).resolves.toContain('v1.4');
    await http.close();
  });
});
