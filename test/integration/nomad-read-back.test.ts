import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { Content } from '../../src/core/content.ts';
import { IngestError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Call, Destination, RemoteContainer } from '../../src/destinations/destination.ts';
import { createConnection } from '../../src/destinations/nomad/connection.ts';
import { createNomad } from '../../src/destinations/nomad/nomad.ts';
import { nomadOptions } from '../../src/destinations/nomad/options.ts';
import { wrongHashes } from '../../src/destinations/nomad/read-hashes.ts';
import { createHttpClient, type HttpClient } from '../../src/http/http-client.ts';
import { contentOf, passOver } from '../support/content.ts';
import { type Generation, type NomadServer, startNomadServer } from '../support/nomad-server.ts';

const POLLING = { firstMs: 5, longestMs: 20, totalMs: 5_000 };
const FILES = { 'SEM1/run 1/ä.tif': 'first', 'SEM1/run 1/b.tif': 'second', 'SEM1/empty': '' };
const PLAN = { owner: 'alice', files: FILES };
const MANY = {
  owner: 'alice',
  files: Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`SEM1/run/img ${n}.tif`, `image ${n}`])),
};

describe.each<Generation>(['v1.3', 'v1.4'])('what is read back from a NOMAD of %s', (generation) => {
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

  const optionsWith = (verify: string) => nomadOptions.parse({ kind: 'nomad', base_url: server.url, verify });
  const adapter = (verify: string): Destination =>
    createNomad(optionsWith(verify), { http, clock: systemClock, polling: POLLING });
  const callWith = (token: string): Call => ({
    token: new Secret(token),
    signal: new AbortController().signal,
  });
  const reader = (): Call => callWith(server.appToken('alice', 3600));

  /** The batch as it is in the upload once the platform has unpacked it. */
  async function sent(nomad: Destination, content: Content, call = reader()): Promise<RemoteContainer> {
    const container = await nomad.open('n', call);
    await nomad.send(container, content, call);
    await server.worker.idle();
    return container;
  }
  async function damage(container: RemoteContainer, content: Content, path: string, text: string) {
    const dir = server.uploads().find(({ id }) => id === container.id)?.dir ?? '';
    await writeFile(join(dir, 'raw', content.targetDir, path), text);
  }
  const readPaths = (): string[] =>
    server.requests
      .filter(({ method, path }) => method === 'GET' && path.includes('/raw/'))
      .map(({ path }) => path.replace(/^.*\/raw\//, ''));
  async function mismatchOf(work: Promise<unknown>): Promise<IngestError> {
    const thrown = await work.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (thrown instanceof IngestError && thrown.code === 'RECEIPT_MISMATCH') return thrown;
    throw new Error('no RECEIPT_MISMATCH', { cause: thrown });
  }

  it('is the SHA-256 of every file with `verify: all`, and the receipt says so', async () => {
    const nomad = adapter('all');
    const content = contentOf(PLAN);
    const container = await sent(nomad, content);

    const receipt = await nomad.close(container, content, reader());

    expect(receipt.evidence).toBe('verified');
    expect(receipt.how).toContain('names, sizes and SHA-256 of all 3 files (11 B) were read back');
    expect(readPaths()).toHaveLength(2);
    expect(server.unexpected).toEqual([]);
  });

  it.each(['all', 'sample'])(
    'is never called verified with wrong bytes (`verify: %s`), and names the files',
    async (verify) => {
      const nomad = adapter(verify);
      const content = contentOf(PLAN);
      const container = await sent(nomad, content);
      await damage(container, content, 'SEM1/run 1/ä.tif', 'fIrst');

      const error = await mismatchOf(nomad.close(container, content, reader()));

      expect(error.message).toContain('SEM1/run 1/ä.tif (other bytes: SHA-256');
      expect(error.message).not.toContain('b.tif');
    },
  );

  it('is names and sizes alone with `verify: sizes`: no byte is downloaded, and the receipt claims no hash', async () => {
    const nomad = adapter('sizes');
    const content = contentOf(PLAN);
    const container = await sent(nomad, content);

    const receipt = await nomad.close(container, content, reader());

    expect(receipt.evidence).toBe('verified');
    expect(receipt.how).toContain('names and sizes of all 3 files were read back');
    expect(receipt.how).not.toContain('SHA-256');
    expect(readPaths()).toEqual([]);
  });

  it('is the same sample on every attempt, and the receipt says how many it was', async () => {
    const nomad = adapter('sample');
    const content = contentOf(MANY);
    const container = await sent(nomad, content);

    const receipt = await nomad.close(container, content, reader());
    const first = readPaths();
    await nomad.close(container, content, reader());

    expect(first).toHaveLength(20);
    expect(new Set(first).size).toBe(20);
    expect(readPaths().slice(20)).toEqual(first);
    expect(receipt).toMatchObject({ evidence: 'verified' });
    expect(receipt.how).toContain(
      'names and sizes of all 60 files were read back, and the SHA-256 of 20 of them',
    );
  });

  it('is nothing with a token that may not read, and is not called verified', async () => {
    const nomad = adapter('all');
    const content = contentOf(PLAN);
    const writer = callWith(server.tokenOf('alice'));
    const container = await sent(nomad, content, writer);

    const receipt = await nomad.close(container, content, writer);

    expect(receipt).toMatchObject({ evidence: 'confirmed' });
    expect(receipt.how).toContain('cannot be read back with this token');
    expect(readPaths()).toEqual([]);
  });

  it.each([
    ['/raw/', 'names and sizes of all 3 files were read back, but not their SHA-256'],
    ['/rawdir/', 'nothing was read back'],
  ])('is told when the platform fails at %s meanwhile: confirmed, not sent again', async (where, words) => {
    const nomad = adapter('all');
    const content = contentOf(PLAN);
    const container = await sent(nomad, content);
    server.fault = ({ method, path }) =>
      method === 'GET' && path.includes(where) ? { kind: 'answer', status: 503 } : undefined;

    const receipt = await nomad.close(container, content, reader());

    expect(receipt.evidence).toBe('confirmed');
    expect(receipt.how).toContain(words);
    expect(receipt.how).toContain('answered 503');
  });

  it('goes on where an answer was cut and looked whole: half of the bytes are no other bytes', async () => {
    const nomad = adapter('all');
    const content = contentOf(PLAN);
    const container = await sent(nomad, content);
    const cut = ['sec', '', 'on'];
    server.fault = ({ method, path }) => {
      const body = method === 'GET' && path.endsWith('b.tif') ? cut.shift() : undefined;
      return body === undefined ? undefined : { kind: 'answer', status: 200, body };
    };

    const receipt = await nomad.close(container, content, reader());

    expect(receipt).toMatchObject({ evidence: 'verified', how: expect.stringContaining('SHA-256 of all 3') });
    expect(readPaths()).toHaveLength(5);
  });

  it('is given up, and never called wrong, where the answers are cut again and again', async () => {
    const nomad = adapter('all');
    const content = contentOf(PLAN);
    const container = await sent(nomad, content);
    server.fault = ({ method, path }) =>
      method === 'GET' && path.endsWith('b.tif') ? { kind: 'answer', status: 200, body: 's' } : undefined;

    const receipt = await nomad.close(container, content, reader());

    expect(receipt.evidence).toBe('confirmed');
    expect(receipt.how).toContain('the answers end before they are whole');
  });

  it('stops with its reason when it is told to stop', async () => {
    const nomad = adapter('all');
    const content = contentOf(PLAN);
    const container = await sent(nomad, content);
    const stop = new AbortController();
    server.fault = ({ method, path }) => {
      if (method !== 'GET' || !path.includes('/raw/')) return undefined;
      stop.abort();
      return { kind: 'stall' };
    };

    const work = nomad.close(container, content, { ...reader(), signal: stop.signal });

    await expect(work).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('is read in slices, and what is shorter or longer than it was sent is told as other bytes', async () => {
    const content = contentOf(PLAN);
    const container = await sent(adapter('all'), content);
    await passOver(content);
    const parts = {
      ...{ connection: createConnection(optionsWith('all'), http, systemClock), container, content },
      ...{ call: reader(), slice: 2 },
    };

    const good = await wrongHashes(parts, content.batch.files);
    const slices = server.requests
      .filter(({ path }) => path.includes('/raw/') && path.endsWith('b.tif'))
      .map(({ query }) => [query.get('offset'), query.get('length')]);
    await damage(container, content, 'SEM1/run 1/b.tif', 'secon');
    const short = await wrongHashes(parts, content.batch.files);

    expect(good).toEqual([]);
    expect(slices).toEqual([
      ['0', '2'],
      ['2', '2'],
      ['4', '2'],
    ]);
    expect(short).toEqual([expect.stringContaining('SEM1/run 1/b.tif (other bytes')]);
  });
});
