/**
 * What the adapter makes of the platform, situation by situation and generation by generation: the same end wherever the
 * two say the same in other words. What they say: nomad-answers, nomad-sending and nomad-files beside this.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { IngestError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Call } from '../../src/destinations/destination.ts';
import { createNomad } from '../../src/destinations/nomad/nomad.ts';
import { nomadOptions } from '../../src/destinations/nomad/options.ts';
import { createHttpClient, type HttpClient } from '../../src/http/http-client.ts';
import { contentOf } from '../support/content.ts';
import {
  comeBack,
  type Fault,
  type NomadServer,
  proxyPage,
  startNomadServer,
} from '../support/nomad-server.ts';
import { GENERATIONS } from './nomad-table.ts';

/** Evidence of the receipt, the code of the error, or `not confirmed` where only that counts. */
type End = string;
type Row = readonly [
  situation: string,
  /** Done between opening the container and sending into it. */
  prepare: (nomad: NomadServer, uploadId: string) => void,
  old: End,
  since14: End,
];

const onParcel =
  (fault: Fault): Row[1] =>
  (nomad) => {
    nomad.fault = ({ method, headers }) =>
      method === 'PUT' && Number(headers['content-length']) > 0 ? fault : undefined;
  };
const nothing = (): void => undefined;

const ROWS: readonly Row[] = [
  ['all goes well', nothing, 'confirmed', 'confirmed'],
  [
    'processing takes a while',
    (nomad) => (nomad.worker.settings.processingMs = () => 30),
    'confirmed',
    'confirmed',
  ],
  ['the answer comes late', onParcel({ kind: 'slow', ms: 30 }), 'confirmed', 'confirmed'],
  ['the upload was published by hand', (nomad, id) => nomad.publish(id), 'CONTAINER_LOST', 'CONTAINER_LOST'],
  ['the upload was deleted', (nomad, id) => nomad.removeUpload(id), 'CONTAINER_LOST', 'CONTAINER_LOST'],
  [
    'the account may not write any more',
    (nomad, id) => nomad.takeAccess(id),
    'CONTAINER_LOST',
    'CONTAINER_LOST',
  ],
  ['99 temp dirs were left behind', (nomad, id) => nomad.fillTempDirs(id), 'CONTAINER_LOST', 'confirmed'],
  ['user management is down', (nomad) => (nomad.outage = true), 'TOKEN_REJECTED', 'TOKEN_REJECTED'],
  [
    'the platform’s secret was changed',
    (nomad) => (nomad.secret = 'another'),
    'TOKEN_REJECTED',
    'TOKEN_REJECTED',
  ],
  ['503 with Retry-After', onParcel(comeBack(503, 1)), 'DESTINATION_BUSY', 'DESTINATION_BUSY'],
  ['429 with Retry-After', onParcel(comeBack(429, 1)), 'DESTINATION_BUSY', 'DESTINATION_BUSY'],
  [
    'the proxy finds it too large',
    onParcel(proxyPage(413, 'Request Entity Too Large')),
    'FILE_TOO_LARGE',
    'FILE_TOO_LARGE',
  ],
  [
    'the connection is cut in the body',
    onParcel({ kind: 'reset', afterBytes: 100 }),
    'DESTINATION_UNREACHABLE',
    'DESTINATION_UNREACHABLE',
  ],
  [
    'the answer is lost',
    onParcel({ kind: 'answer-lost' }),
    'DESTINATION_UNREACHABLE',
    'DESTINATION_UNREACHABLE',
  ],
  [
    'the proxy’s patience is over',
    onParcel({ ...proxyPage(504, 'Gateway Time-out'), afterEffect: true }),
    'DESTINATION_UNCLEAR',
    'DESTINATION_UNCLEAR',
  ],
  [
    'processing fails in the middle',
    (nomad) => nomad.worker.failNext('OSError: no space', 1),
    'not confirmed',
    'not confirmed',
  ],
  [
    '200, and nothing runs',
    onParcel({ kind: 'drop-files', process: false }),
    'not confirmed',
    'not confirmed',
  ],
  [
    '200, and what runs has no files',
    onParcel({ kind: 'drop-files', process: true }),
    'not confirmed',
    'not confirmed',
  ],
];

describe.each(GENERATIONS)('the adapter and NOMAD %s', (generation) => {
  let nomad: NomadServer;
  let http: HttpClient;

  beforeEach(async () => {
    nomad = await startNomadServer({ generation });
    http = createHttpClient({ userAgent: 'nightjar-test', clock: systemClock, stallMs: 5_000 });
  });
  afterEach(async () => {
    await http.close();
    await nomad.close();
  });

  async function delivered(token: string, prepare: Row[1]): Promise<string> {
    const options = nomadOptions.parse({ kind: 'nomad', base_url: nomad.url });
    const polling = { firstMs: 5, longestMs: 20, totalMs: 5_000 };
    const destination = createNomad(options, { http, clock: systemClock, polling });
    const call: Call = { token: new Secret(token), signal: new AbortController().signal };
    const content = contentOf({ owner: 'alice', files: { 'SEM1/a.tif': 'first', 'SEM1/b.tif': 'second' } });
    const container = await destination.open('n', call);
    prepare(nomad, container.id);
    try {
      await destination.send(container, content, call);
      return (await destination.close(container, content, call)).evidence;
    } catch (thrown) {
      if (thrown instanceof IngestError) return thrown.code;
      throw thrown;
    }
  }

  it.each(ROWS)('%s', async (_, prepare, old, since14) => {
    const end = await delivered(nomad.tokenOf('alice'), prepare);

    const wanted = generation === 'v1.3' ? old : since14;
    const isConfirmed = ['confirmed', 'verified'].includes(end);
    expect(wanted === 'not confirmed' && !isConfirmed ? 'not confirmed' : end).toBe(wanted);
  });

  it('ends at verified with a token that may read, and says nothing of it with one that may not', async () => {
    const app = await delivered(nomad.appToken('alice', 3600), nothing);
    const upload = await delivered(nomad.tokenOf('alice'), nothing);

    expect([app, upload]).toEqual(['verified', 'confirmed']);
  });
});
