import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeZip } from '../support/nomad/make-zip.ts';
import { MISDEEDS, type Misdeed } from '../support/nomad/misbehave.ts';
import { type NomadApi, nomadApi } from '../support/nomad-api.ts';
import {
  comeBack,
  type Fault,
  type Generation,
  type NomadServer,
  proxyPage,
  startNomadServer,
} from '../support/nomad-server.ts';
import { untilTrue } from '../support/until.ts';

const PARCEL = makeZip([
  { name: 'a.txt', data: 'first' },
  { name: 'b.txt', data: 'second' },
  { name: 'c.txt', data: 'third' },
]);

describe.each<Generation>(['v1.3', 'v1.4'])('a misbehaving NOMAD of %s', (generation) => {
  let nomad: NomadServer;
  let api: NomadApi;
  let id: string;

  beforeEach(async () => {
    nomad = await startNomadServer({ generation });
    api = nomadApi(nomad, 'alice');
    id = await api.create('n');
  });
  afterEach(async () => {
    await nomad.close();
  });

  const names = async (): Promise<string[]> => [...(await nomad.filesOf(id)).keys()];
  const onParcel = (fault: Fault): void => {
    nomad.fault = ({ method }) => (method === 'PUT' ? fault : undefined);
  };

  it('lets a process take its time, and says that it runs', async () => {
    nomad.worker.settings.processingMs = () => 60;

    await api.put(id, PARCEL);

    expect((await api.state(id)).process_running).toBe(true);
    await untilTrue(async () => !(await api.state(id)).process_running, 'the process ended');
    expect(await names()).toEqual(['a.txt', 'b.txt', 'c.txt']);
  });

  it('queues what comes while a process runs (v1.3), or refuses it after the body (v1.4)', async () => {
    nomad.worker.hold('running');
    await api.put(id, PARCEL);

    const second = await api.put(id, PARCEL, { dir: 'again' });

    const isOld = generation === 'v1.3';
    expect(second.status).toBe(isOld ? 200 : 400);
    expect(nomad.requests.at(-1)?.bodyBytes).toBe(PARCEL.length);
    nomad.worker.release();
    await nomad.worker.idle();
    expect((await names()).includes('again/a.txt')).toBe(isOld);
  });

  it('v1.4 as it was in May 2026: answers 200 to what comes while a process runs, and loses it', async () => {
    nomad.worker.settings.dropsWhileBusy = true;
    nomad.worker.hold('running');
    await api.put(id, PARCEL);

    const second = await api.put(id, PARCEL, { dir: 'again' });

    expect(second.status).toBe(200);
    nomad.worker.release();
    await nomad.worker.idle();
    expect((await names()).includes('again/a.txt')).toBe(generation === 'v1.3');
  });

  it('fails in the middle with the words it is told, and leaves what it had merged', async () => {
    nomad.worker.failNext('ProcessFailure: time limit', 2);

    await api.put(id, PARCEL);
    await nomad.worker.idle();

    expect(await names()).toEqual(['a.txt', 'b.txt']);
    expect(await api.state(id)).toMatchObject({
      process_status: 'FAILURE',
      errors: ['ProcessFailure: time limit'],
    });
  });

  it('names the bad member of an archive in v1.3, and only the received file in v1.4', async () => {
    await api.put(id, makeZip([{ name: 'a' }, { name: 'x/crc.txt', data: 'x', crc: 1 }]));
    await nomad.worker.idle();

    const words =
      generation === 'v1.3'
        ? /^BadZipFile: Bad CRC-32 for file 'x\/crc.txt'$/
        : /^AssertionError: \/app\/.*NO NAME\.zip does not exist$/;
    expect((await api.state(id)).errors).toEqual([expect.stringMatching(words)]);
    expect((await names()).includes('a')).toBe(generation === 'v1.4');
  });

  it.each([true, false])('answers 200 and drops the files (a process runs: %s)', async (process) => {
    onParcel({ kind: 'drop-files', process });

    const answer = await api.put(id, PARCEL);
    await nomad.worker.idle();

    expect(answer.status).toBe(200);
    expect(await names()).toEqual([]);
    expect((await api.state(id)).process_status).toBe(process ? 'SUCCESS' : 'READY');
  });

  it('loses an answer after the effect', async () => {
    onParcel({ kind: 'answer-lost' });

    await expect(api.put(id, PARCEL)).rejects.toThrow(/ECONNRESET|socket hang up/);

    await nomad.worker.idle();
    expect(await names()).toHaveLength(3);
  });

  it('cuts the connection at byte N, and has nothing of it', async () => {
    onParcel({ kind: 'reset', afterBytes: 40 });

    await expect(api.put(id, Buffer.concat([PARCEL, Buffer.alloc(2_000_000)]))).rejects.toThrow(
      /ECONNRESET|EPIPE|socket/,
    );

    await nomad.worker.idle();
    expect(await names()).toEqual([]);
    expect((await api.state(id)).process_status).toBe('READY');
  });

  it('forgets an upload, and says 404', async () => {
    nomad.removeUpload(id);

    expect(await api.put(id, PARCEL)).toMatchObject({
      status: 404,
      json: { detail: 'The specified upload_id was not found.' },
    });
  });

  it('takes access away, and keeps what is there', async () => {
    await api.put(id, PARCEL);
    await nomad.worker.idle();
    nomad.takeAccess(id);

    const answer = await api.put(id, PARCEL);

    expect(answer).toMatchObject({
      status: generation === 'v1.3' ? 401 : 403,
      json: { detail: 'You do not have write access to the specified upload.' },
    });
    expect(await names()).toHaveLength(3);
  });

  it('is published by hand, and takes nothing more', async () => {
    nomad.publish(id);

    expect(await api.put(id, PARCEL)).toMatchObject({
      status: generation === 'v1.3' ? 401 : 400,
      json: { detail: 'Upload is already published, operation not possible.' },
    });
  });

  it('reaches its limit of unpublished uploads, which published ones do not count for', async () => {
    nomad.unpublishedLimit = 1;

    expect(await api.ask('POST', '/uploads')).toMatchObject({
      status: 400,
      json: { detail: 'Limit of unpublished uploads exceeded for user.' },
    });
    nomad.publish(id);
    expect((await api.ask('POST', '/uploads')).status).toBe(200);
  });

  it('leaks a temp dir with every refused body, and at 99 refuses all in v1.3, while v1.4 has room', async () => {
    nomad.fillTempDirs(id, 97);

    const refused = [];
    for (let count = 0; count < 3; count++)
      refused.push((await api.put(id, Buffer.from('no zip'), { name: 'x.zip' })).status);
    const good = await api.put(id, PARCEL);

    expect(refused).toEqual(generation === 'v1.3' ? [400, 400, 500] : [400, 400, 400]);
    expect(good.status).toBe(generation === 'v1.3' ? 500 : 200);
    expect(good.text.includes('Could not create temporary directory')).toBe(generation === 'v1.3');
  });

  it('calls good tokens invalid while user management is down, whatever they are', async () => {
    nomad.outage = true;

    const upload = await api.ask('PUT', '/uploads/anything/raw/?include_archive=true');
    const bearer = await api.ask('GET', '/uploads', { bearer: nomad.userId('alice') });

    expect(upload.status).toBe(401);
    expect(bearer.status).toBe(generation === 'v1.3' ? 401 : 500);
    nomad.outage = false;
    expect((await api.ask('PUT', '/uploads/anything/raw/?include_archive=true')).status).toBe(400);
  });

  it.each([
    ['503 with Retry-After', comeBack(503, 7), 503, '7'],
    ['429 with Retry-After', comeBack(429, 3), 429, '3'],
    ['413 of the proxy', proxyPage(413, 'Request Entity Too Large'), 413, undefined],
    ['502 of the proxy', proxyPage(502, 'Bad Gateway'), 502, undefined],
  ])('answers %s without having done anything', async (_, fault, status, after) => {
    onParcel(fault);

    const answer = await api.put(id, PARCEL);
    await nomad.worker.idle();

    expect(answer).toMatchObject({ status, type: 'text/html', retryAfter: after });
    expect(answer.text).toContain('<center>nginx</center>');
    expect(await names()).toEqual([]);
  });

  it('answers 504 of the proxy although it did the work', async () => {
    onParcel({ ...proxyPage(504, 'Gateway Time-out'), afterEffect: true });

    const answer = await api.put(id, PARCEL);
    await nomad.worker.idle();

    expect(answer.status).toBe(504);
    expect(await names()).toHaveLength(3);
  });

  it('answers late, in its own words', async () => {
    onParcel({ kind: 'slow', ms: 30 });

    const answer = await api.put(id, PARCEL);

    expect(answer.status).toBe(200);
    expect(nomad.requests.at(-1)?.status).toBe(200);
  });

  it('is away and comes back at the same port, with all it had', async () => {
    await api.put(id, PARCEL);
    await nomad.worker.idle();
    await nomad.away();

    await expect(api.state(id)).rejects.toThrow('ECONNREFUSED');

    await nomad.back();
    expect((await api.state(id)).process_status).toBe('SUCCESS');
    expect(await names()).toHaveLength(3);
  });
});

describe('a NOMAD that misbehaves by a seed', () => {
  const ALL = Object.keys(MISDEEDS) as Misdeed[];

  /** What two accounts meet with so many parcels each, one after the other. */
  async function dealtWith(seed: number, misdeeds: readonly Misdeed[] | undefined): Promise<string[]> {
    const told: string[] = [];
    await using nomad = await startNomadServer({
      generation: 'v1.4',
      misbehave: {
        seed,
        ...(misdeeds === undefined ? {} : { misdeeds }),
        outageMs: 1,
        onMisdeed: ({ user, misdeed }) => told.push(`${user.slice(0, 8)} ${misdeed}`),
      },
    });
    for (const user of ['alice', 'bob'] as const) {
      const api = nomadApi(nomad, user);
      for (let count = 0; count < 12; count++) {
        await untilTrue(
          async () =>
            await api.create('n').then(
              () => true,
              () => false,
            ),
          'it is there',
        );
        const id = nomad.uploads().at(-1)?.id ?? '';
        await api.put(id, PARCEL).catch(() => undefined);
        await untilTrue(
          async () =>
            await api.ask('GET', '/openapi.json').then(
              () => true,
              () => false,
            ),
          'it is back',
        );
        await nomad.worker.idle();
        for (const upload of nomad.uploads()) if (upload.publishTime === null) nomad.publish(upload.id);
      }
    }
    return told;
  }

  it('deals the same to the same accounts for the same seed, and something else for another', async () => {
    const calm = ALL.filter((one) => one !== 'slow');

    const first = await dealtWith(1, calm);

    expect(await dealtWith(1, calm)).toEqual(first);
    expect(await dealtWith(2, calm)).not.toEqual(first);
    expect(first.length).toBeGreaterThan(8);
  });

  it('only does what it is allowed to', async () => {
    const told = await dealtWith(3, ['too-busy', 'cut']);

    expect(new Set(told.map((one) => one.split(' ')[1]))).toEqual(new Set(['too-busy', 'cut']));
  });

  it.each<[Misdeed, number]>([
    ['forgotten', 404],
    ['access-taken', 401],
    ['published', 401],
    ['temp-dirs-full', 500],
  ])('%s comes only with the first parcel of an upload', async (misdeed, refused) => {
    const misbehave = { seed: 1, misdeeds: [misdeed], percent: 100 };
    await using nomad = await startNomadServer({ generation: 'v1.3', misbehave });
    const api = nomadApi(nomad, 'alice');
    const hook = nomad.fault;
    const used = await api.create('used');
    nomad.fault = undefined;
    await api.put(used, PARCEL);
    nomad.fault = hook;

    const statuses = [await api.put(await api.create('fresh'), PARCEL), await api.put(used, PARCEL)];

    expect(statuses.map(({ status }) => status)).toEqual([refused, 200]);
  });
});
