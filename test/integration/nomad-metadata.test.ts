import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { ContainerMetadata } from '../../src/core/container-metadata.ts';
import { IngestError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Call, Describing, Destination, RemoteContainer } from '../../src/destinations/destination.ts';
import { createNomad } from '../../src/destinations/nomad/nomad.ts';
import { nomadOptions } from '../../src/destinations/nomad/options.ts';
import { createHttpClient, type HttpClient } from '../../src/http/http-client.ts';
import { contentOf } from '../support/content.ts';
import { type Generation, type NomadServer, startNomadServer } from '../support/nomad-server.ts';
import { untilTrue } from '../support/until.ts';

const SHARED: ContainerMetadata = { coauthors: ['bob'], reviewers: [], references: [], embargoMonths: 6 };
const DATA = { owner: 'alice', files: { 'SEM1/a.tif': 'a', 'SEM1/b.tif': 'b' } };

describe.each<Generation>(['v1.3', 'v1.4'])('the metadata file of an upload at %s', (generation) => {
  let server: NomadServer;
  let http: HttpClient;
  let nomad: Destination;
  let describing: Describing;
  let container: RemoteContainer;

  beforeEach(async () => {
    server = await startNomadServer({ generation });
    http = createHttpClient({ userAgent: 'nightjar-test', clock: systemClock, stallMs: 5_000 });
    const options = nomadOptions.parse({ kind: 'nomad', base_url: server.url });
    const polling = { firstMs: 5, longestMs: 20, totalMs: 5_000 };
    nomad = createNomad(options, { http, clock: systemClock, polling });
    if (nomad.describing === undefined) throw new Error('NOMAD describes its containers');
    describing = nomad.describing;
    container = await nomad.open('nightjar alice 2026-10', call());
  });
  afterEach(async () => {
    server.worker.release();
    await http.close();
    await server.close();
  });

  function call(): Call {
    return { token: new Secret(server.tokenOf('alice')), signal: new AbortController().signal };
  }
  let begun: string[] = [];
  const put = async (metadata: ContainerMetadata, replace: boolean, before?: string) =>
    await describing.put(
      container,
      {
        document: describing.document(metadata, before) ?? '',
        replace,
        begin: () => begun.push(`after ${server.requests.at(-1)?.method ?? 'nothing'}`),
      },
      call(),
    );
  const send = async (): Promise<void> => {
    const content = contentOf(DATA);
    await nomad.send(container, content, call());
    await nomad.close(container, content, call());
  };
  const upload = () => server.uploads().find(({ id }) => id === container.id);
  const puts = () => server.requests.filter(({ query }) => query.get('file_name') === 'nomad.yaml');

  it('shares the upload and sets its embargo once data is there', async () => {
    expect(await put(SHARED, false)).toBe('put');
    await send();

    expect(upload()).toMatchObject({ coauthors: [server.userId('bob')], embargoLength: 6 });
    expect(upload()?.name).toBe('nightjar alice 2026-10');
    expect(server.unexpected).toEqual([]);
  });

  it('takes away by name whom it had added, and leaves whom somebody else invited', async () => {
    await put(SHARED, false);
    await send();
    const before = describing.document(SHARED, undefined);
    await writeFile(join(upload()?.dir ?? '', 'raw', 'nomad.yaml'), 'coauthors: { add: [collector] }\n');
    await send();

    await put({ ...SHARED, coauthors: [] }, true, before);
    await send();

    expect(upload()?.coauthors).toEqual([server.userId('collector')]);
  });

  it('never takes the place of one that is not ours', async () => {
    await writeFile(join(upload()?.dir ?? '', 'raw', 'nomad.yaml'), 'comment: mine\n');

    expect(await put(SHARED, false)).toBe('foreign');
    await send();

    expect(String((await server.filesOf(container.id)).get('nomad.yaml'))).toBe('comment: mine\n');
    expect(upload()?.coauthors).toEqual([]);
  });

  it('is taken for ours only from the moment at which it is put', async () => {
    begun = [];
    server.fault = ({ path }) =>
      path.includes('raw-create-dir') ? { kind: 'answer', status: 503 } : undefined;
    await expect(put(SHARED, false)).rejects.toThrow(IngestError);
    expect([begun, puts()]).toEqual([[], []]);

    server.fault = undefined;
    await put(SHARED, false);
    expect([begun, puts()]).toEqual([['after POST'], [expect.anything()]]);
  });

  it('is put again after an answer was lost, over our own', async () => {
    server.fault = ({ query }) => (query.has('file_name') ? { kind: 'answer-lost' } : undefined);
    await expect(put(SHARED, false)).rejects.toThrow(IngestError);
    server.fault = undefined;
    await server.worker.idle();

    expect(await put(SHARED, true)).toBe('put');
    await send();
    expect(upload()?.coauthors).toEqual([server.userId('bob')]);
  });

  it('waits while the platform works on the upload, and is never queued behind that', async () => {
    server.worker.hold('running');
    const content = contentOf(DATA);
    await nomad.send(container, content, call());
    const asked = () => server.requests.filter(({ path }) => path.includes('raw-create-dir')).length;
    const before = asked();

    const putting = put(SHARED, false);
    await untilTrue(() => asked() >= before + 2, 'it asks whether the upload is busy');
    expect(puts()).toEqual([]);
    server.worker.release();

    expect(await putting).toBe('put');
    expect(upload()?.errors).toEqual([]);
  });

  it('is not taken for put when the platform failed with it, and the data waits', async () => {
    server.worker.failNext('OSError: no space left on device');

    await expect(put(SHARED, false)).rejects.toMatchObject({
      code: 'DESTINATION_BUSY',
      context: { said: expect.arrayContaining([expect.stringContaining('no space left')]) },
    });
  });
});
