import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { IngestError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Call, Destination, RemoteContainer } from '../../src/destinations/destination.ts';
import { createNomad } from '../../src/destinations/nomad/nomad.ts';
import { nomadOptions } from '../../src/destinations/nomad/options.ts';
import { createHttpClient, type HttpClient } from '../../src/http/http-client.ts';
import { contentOf } from '../support/content.ts';
import { type Generation, type NomadServer, startNomadServer } from '../support/nomad-server.ts';
import { untilTrue } from '../support/until.ts';

const sha256 = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');
const ONE = { owner: 'alice', files: { 'SEM1/run 1/ä b.tif': 'the one file' } };

type Body = Parameters<HttpClient['request']>[0]['body'];

/** The same body, which tells how many bytes of its stream were given away. */
function counted(body: Body, given: (bytes: number) => void): Body {
  if (body === undefined || body instanceof Uint8Array) return body;
  const { stream, bytes } = body;
  const pieces = async function* (): AsyncGenerator<Buffer> {
    for await (const piece of stream) {
      given(piece.length);
      yield piece;
    }
  };
  return { bytes, stream: Readable.from(pieces(), { objectMode: false }) };
}

describe.each<Generation>(['v1.3', 'v1.4'])('a batch of one file and a platform of %s', (generation) => {
  let server: NomadServer;
  let http: HttpClient;
  let nomad: Destination;
  let container: RemoteContainer;

  beforeEach(async () => {
    server = await startNomadServer({ generation });
    http = createHttpClient({ userAgent: 'nightjar-test', clock: systemClock, stallMs: 5_000 });
    nomad = adapter();
    container = await nomad.open('nightjar alice 2026-10', call());
  });
  afterEach(async () => {
    server.worker.release();
    await http.close();
    await server.close();
  });

  function adapter(block: object = {}, client = http): Destination {
    const options = nomadOptions.parse({ kind: 'nomad', base_url: server.url, ...block });
    const polling = { firstMs: 5, longestMs: 20, totalMs: 5_000 };
    return createNomad(options, { http: client, clock: systemClock, polling });
  }
  function call(): Call {
    return { token: new Secret(server.tokenOf('alice')), signal: new AbortController().signal };
  }
  const puts = () => server.requests.filter((one) => one.method === 'PUT' && !one.query.has('copy_or_move'));

  it('goes without a zip, to the very path that the zip would have brought it to', async () => {
    const content = contentOf(ONE);

    await nomad.send(container, content, call());
    const receipt = await nomad.close(container, content, call());

    expect(receipt).toMatchObject({ evidence: 'confirmed', files: 1, bytes: 12 });
    const [file, manifest] = puts();
    expect(file?.query.get('file_name')).toBe('ä b.tif');
    expect(file?.headers['content-type']).toBe('application/octet-stream');
    expect(file?.headers['content-length']).toBe('12');
    expect(manifest?.headers['content-type']).toMatch(/^multipart\/form-data/);
    expect(puts()).toHaveLength(2);

    const raw = await server.sha256Of(container.id);
    nomad = adapter({ single_files: 'zip' });
    const other = await nomad.open('zipped', call());
    await nomad.send(other, content, call());
    await nomad.close(other, content, call());
    expect(raw).toEqual(await server.sha256Of(other.id));
    expect(raw.get('lab/SEM1/run 1/ä b.tif')).toBe(sha256('the one file'));
    expect(content.hashes().get('SEM1/run 1/ä b.tif')).toBe(sha256('the one file'));
    expect(server.unexpected).toEqual([]);
  });

  it('asks for no second processing for the manifest, where the platform can do without', async () => {
    await nomad.send(container, contentOf(ONE), call());

    expect(puts().map((one) => one.query.get('trigger_processing'))).toEqual([null, 'false']);
  });

  it.each([
    ['a .gz that is no tar', 'SEM1/scan.nii.gz', 'no tar at all'],
    ['a .ZIP that is none', 'SEM1/Export.ZIP', 'no zip at all'],
    ['an .eln', 'SEM1/notes.eln', 'no archive'],
    ['a .tar.bz2', 'SEM1/a.tar.bz2', 'no archive'],
    ['an empty file', 'SEM1/empty.tif', ''],
    ['a path too long for a URL', `${'ü'.repeat(120)}/`.repeat(12).concat('a.tif'), 'far down'],
  ])('keeps %s whole inside a zip', async (_, path, text) => {
    const content = contentOf({ owner: 'alice', files: { [path]: text } });

    await nomad.send(container, content, call());
    const receipt = await nomad.close(container, content, call());

    expect(receipt.evidence).toBe('confirmed');
    expect(puts().map((one) => one.headers['content-type'])).toEqual(['application/zip']);
    const files = await server.filesOf(container.id);
    expect(String(files.get(`lab/${path}`))).toBe(text);
  });

  it('leaves nothing there of a file that is found changed at its very last byte', async () => {
    const changed = new IngestError('FILE_CHANGED', 'it grew', { hint: 'later' });
    const plan = { owner: 'alice', files: { 'SEM1/a.tif': Buffer.alloc(200, 7) }, piece: 100 };
    const content = contentOf({ ...plan, fault: { file: 0, byte: 200, error: changed } });
    let given = 0;
    const { request } = http;
    const counting: HttpClient = {
      ...http,
      request: async (wish) =>
        await request({ ...wish, body: counted(wish.body, (bytes) => (given += bytes)) }),
    };
    nomad = adapter({}, counting);

    const sending = nomad.send(container, content, call());

    await expect(sending).rejects.toMatchObject({ code: 'FILE_CHANGED' });
    expect(given).toBe(100);
    await server.worker.idle();
    expect([...(await server.filesOf(container.id)).keys()]).toEqual([]);
  });

  it('sends the manifest only when the platform is done with the file', async () => {
    server.worker.hold('running');
    const content = contentOf(ONE);
    const sending = nomad.send(container, content, call());
    const asked = () => server.requests.filter((one) => one.path.includes('raw-create-dir')).length;
    await untilTrue(() => asked() >= 4, 'it asks whether the platform is done');

    expect(puts()).toHaveLength(1);
    server.worker.release();
    await sending;
    await expect(nomad.close(container, content, call())).resolves.toMatchObject({ evidence: 'confirmed' });
  });

  it('is never confirmed when the platform failed with the file', async () => {
    server.worker.failNext('OSError: no space left on device');

    const sending = nomad.send(container, contentOf(ONE), call());

    await expect(sending).rejects.toMatchObject({
      code: 'PROCESSING_FAILED',
      context: { said: expect.arrayContaining([expect.stringContaining('no space left')]) },
    });
    expect(puts()).toHaveLength(1);
  });

  it.each([true, false])(
    'has no manifest there when the platform dropped the file (a process ran: %s)',
    async (process) => {
      server.fault = (request) =>
        request.headers['content-type'] === 'application/octet-stream'
          ? { kind: 'drop-files', process }
          : undefined;

      const sending = nomad.send(container, contentOf(ONE), call());

      await expect(sending).rejects.toMatchObject({
        code: 'PARCEL_DROPPED',
        message: expect.stringContaining(process ? 'not in the upload' : 'no process ran afterwards'),
      });
      expect([...(await server.filesOf(container.id)).keys()]).toEqual([]);
    },
  );

  it('is noticed as dropped where an older file of that path is there, and an older failure is not blamed on it', async () => {
    await nomad.send(container, contentOf(ONE), call());
    server.worker.failNext('OSError: an older one');
    await nomad
      .send(container, contentOf({ owner: 'alice', files: { 'x.tif': 'x' } }), call())
      .catch(() => 0);
    server.fault = (request) =>
      request.headers['content-type'] === 'application/octet-stream'
        ? { kind: 'drop-files', process: false }
        : undefined;

    const sending = nomad.send(container, contentOf(ONE), call());

    await expect(sending).rejects.toMatchObject({ code: 'PARCEL_DROPPED' });
  });

  it('may be sent again after an answer was lost, without doubles', async () => {
    server.fault = (request) =>
      request.headers['content-type'] === 'application/octet-stream' ? { kind: 'answer-lost' } : undefined;
    await expect(nomad.send(container, contentOf(ONE), call())).rejects.toThrow(IngestError);
    server.fault = undefined;
    await server.worker.idle();

    const content = contentOf(ONE);
    await nomad.send(container, content, call());
    await expect(nomad.close(container, content, call())).resolves.toMatchObject({ evidence: 'confirmed' });

    const data = [...(await server.filesOf(container.id)).keys()].filter(
      (path) => !path.includes('.nightjar'),
    );
    expect(data).toEqual(['lab/SEM1/run 1/ä b.tif']);
  });
});
