import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { BatchId } from '../../src/core/ids.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Destination } from '../../src/destinations/destination.ts';
import { createNomad } from '../../src/destinations/nomad/nomad.ts';
import { nomadOptions } from '../../src/destinations/nomad/options.ts';
import { createHttpClient, type HttpClient } from '../../src/http/http-client.ts';
import { contentOf } from '../support/content.ts';
import { type Deliverer, deliverInto } from '../support/deliver-into.ts';
import { type Fault, type Generation, type NomadServer, startNomadServer } from '../support/nomad-server.ts';

const POLLING = { firstMs: 2, longestMs: 10, totalMs: 5_000, busyMs: 200 };
const FILES = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`img${n}.tif`, `content ${n}`]));

describe.each<Generation>(['v1.3', 'v1.4'])('deliveries to a NOMAD of %s', (generation) => {
  let server: NomadServer;
  let http: HttpClient;
  let nomad: Destination;
  let lab: Deliverer;
  let token: Secret;

  beforeEach(async () => {
    server = await startNomadServer({ generation });
    http = createHttpClient({ userAgent: 'nightjar-test', clock: systemClock, stallMs: 5_000 });
    const options = nomadOptions.parse({ kind: 'nomad', base_url: server.url });
    nomad = createNomad(options, { http, clock: systemClock, polling: POLLING });
    token = new Secret(server.tokenOf('alice'));
    lab = await deliverInto(
      () => nomad,
      () => token,
    );
  });
  afterEach(async () => {
    await lab[Symbol.asyncDispose]();
    await http.close();
    await server.close();
  });

  const isParcel = (request: { method: string; headers: Record<string, unknown> }): boolean =>
    request.method === 'PUT' && request.headers['content-type'] === 'application/zip';
  const parcels = (): number => server.requests.filter(isParcel).length;

  /** The fault for the first so many parcels only. */
  function onParcels(fault: Fault, times = Number.POSITIVE_INFINITY): void {
    let left = times;
    server.fault = (request) => {
      if (!isParcel(request) || left === 0) return undefined;
      left -= 1;
      return fault;
    };
  }

  /** Every delivered file of the batches (no manifests) with what it has in it, over all uploads. */
  async function delivered(): Promise<Record<string, string>> {
    await server.worker.idle();
    const found: Record<string, string> = {};
    for (const { id } of server.uploads())
      for (const [path, bytes] of await server.filesOf(id))
        if (!path.includes('.nightjar')) found[path] = String(bytes);
    return found;
  }

  const stateOf = (id: BatchId): string => lab.ledger.batches.head(id).state;
  const states = (): Record<string, number> => {
    const counted: Record<string, number> = {};
    for (const { state, files } of lab.ledger.list()) counted[state] = (counted[state] ?? 0) + files;
    return counted;
  };
  const below = (dir: string, files: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`lab/${dir}/${name}`, text]));

  describe('that it fails to process', () => {
    it('takes out the file that the platform names, and brings its neighbours', async () => {
      const first = lab.plan('SEM1/a', { 'x.tif': 'x' });
      await lab.deliverAll();
      const [upload] = server.uploads();
      await mkdir(join(upload?.dir ?? '', 'raw/lab/SEM1/b/img4.tif'), { recursive: true });
      const second = lab.plan('SEM1/b', FILES);

      await lab.deliverAll();

      const { 'img4.tif': _, ...others } = FILES;
      expect(await delivered()).toEqual({ 'lab/SEM1/a/x.tif': 'x', ...below('SEM1/b', others) });
      expect(stateOf(first.id)).toBe('confirmed');
      // 1.4 names nothing: its second try finds the received file gone, and only that is told. There it is found by halves.
      expect(states()).toMatchObject(
        generation === 'v1.3' ? { confirmed: 9, withdrawn: 9 } : { confirmed: 9, rejected: 1 },
      );
      const path = second.files[4]?.path ?? second.dataset;
      const known = lab.ledger.looks.find(second.share, path)?.facts;
      const holder = lab.ledger.batches.headByNo((known?.batch === 0 ? known.prior : known?.batch) ?? 0);
      expect(known?.mark).toBe(generation === 'v1.3' ? 'refused' : 'none');
      expect(holder?.error).toMatchObject({
        code: 'PROCESSING_FAILED',
        message: expect.stringContaining(
          generation === 'v1.3' ? 'Cannot merge a file with a directory' : 'img4.tif does not exist',
        ),
      });
    });

    it('halves a batch until it has the file that no words name, in few steps', async () => {
      lab.plan('SEM1/b', FILES);
      server.poison = (members) =>
        members.some((one) => one.endsWith('img6.tif')) ? 'ValueError: cannot be read' : undefined;

      await lab.deliverAll();

      const { 'img6.tif': _, ...others } = FILES;
      expect(await delivered()).toMatchObject(below('SEM1/b', others));
      expect(states()).toMatchObject({ confirmed: 8, rejected: 1 });
      const [rejected] = [...lab.ledger.list({ states: ['rejected'] })];
      expect(rejected?.error?.message).toContain('ValueError: cannot be read');
      // One whole, then two a step, and the culprit once more.
      expect(parcels()).toBeLessThanOrEqual(1 + 2 * Math.ceil(Math.log2(9)) + 1);
    });

    it('tears nothing apart where it fails on everything, and holds it with its words', async () => {
      const batch = lab.plan('SEM1/b', FILES);
      let count = 0;
      server.poison = () => `KeyError: 'task ${(count += 1)}'`;

      await lab.deliverAll();

      expect(stateOf(batch.id)).toBe('held');
      expect(states()).toMatchObject({ held: 9 });
      expect(lab.ledger.batches.head(batch.id).error?.message).toMatch(
        /KeyError: 'task 3'; so did its other half in the same words/,
      );
      expect(parcels()).toBe(3);
      expect(lab.ledger.looks.find(batch.share, batch.files[0]?.path ?? batch.dataset)?.facts.batch).toBe(
        lab.ledger.batches.head(batch.id).no,
      );

      server.poison = undefined;
      lab.ledger.batches.requeue(batch.id, Date.now());
      await lab.deliverAll();
      expect(stateOf(batch.id)).toBe('confirmed');
      expect(await delivered()).toEqual(below('SEM1/b', FILES));
    });

    it('holds at once what no file is to blame for', async () => {
      const batch = lab.plan('SEM1/b', FILES);
      server.worker.failNext('OSError: [Errno 28] No space left on device');

      await lab.deliverAll();

      expect(stateOf(batch.id)).toBe('held');
      expect(lab.ledger.batches.head(batch.id).error).toMatchObject({
        code: 'PROCESSING_FAILED',
        message: expect.stringContaining('No space left on device'),
      });
      expect(parcels()).toBe(1);
    });

    it('tries a single file twice before it is given up', async () => {
      const lucky = lab.plan('SEM1/a', { 'x.tif': 'x' });
      server.worker.failNext('ValueError: once');
      await lab.deliverAll();
      const doomed = lab.plan('SEM1/b', { 'y.tif': 'y' });
      server.poison = () => 'ValueError: always';

      await lab.deliverAll();

      expect([stateOf(lucky.id), stateOf(doomed.id)]).toEqual(['confirmed', 'rejected']);
    });

    it('brings the pieces of a new version to where the whole would be', async () => {
      lab.plan('SEM1/b', FILES, { addendum: true });
      server.poison = (members) =>
        members.some((one) => one.endsWith('img0.tif')) ? 'ValueError: no' : undefined;

      await lab.deliverAll();

      const places = new Set(
        Object.keys(await delivered()).map((path) => path.split('/').slice(0, 2).join('/')),
      );
      expect(places.size).toBe(1);
      expect(states()).toMatchObject({ confirmed: 8, rejected: 1 });
    });
  });

  describe('that it answers 200 to and drops', () => {
    it.each([true, false])('sends it again by itself (a process runs: %s)', async (process) => {
      const batch = lab.plan('SEM1/b', FILES);
      onParcels({ kind: 'drop-files', process }, 2);

      await lab.deliverAll();

      expect(stateOf(batch.id)).toBe('confirmed');
      expect(await delivered()).toEqual(below('SEM1/b', FILES));
      expect(parcels()).toBe(3);
    });

    it('holds what it drops again and again, in clear words', async () => {
      const batch = lab.plan('SEM1/b', FILES);
      onParcels({ kind: 'drop-files', process: true });

      await lab.deliverAll();

      expect(stateOf(batch.id)).toBe('held');
      expect(lab.ledger.batches.head(batch.id).error).toMatchObject({
        code: 'PARCEL_DROPPED',
        message: expect.stringContaining('answered 200, but the manifest of the batch is not in the upload'),
      });
      expect(parcels()).toBe(4);
    });
  });

  describe('of which no answer came', () => {
    it.each<[string, Fault]>([['the answer is lost', { kind: 'answer-lost' }]])(
      'looks before it sends again, when %s',
      async (_, fault) => {
        const batch = lab.plan('SEM1/b', FILES);
        onParcels(fault, 1);

        await lab.deliverAll();

        expect(stateOf(batch.id)).toBe('confirmed');
        expect(parcels()).toBe(1);
        expect(lab.ledger.batches.head(batch.id).receipt?.how).toContain(
          'Found there before it was sent again',
        );
        expect(lab.ledger.batches.hashes(batch.id)).toHaveLength(9 * 32);
        expect(await delivered()).toEqual(below('SEM1/b', FILES));
      },
    );

    it('sends it again when it did not arrive', async () => {
      const batch = lab.plan('SEM1/b', FILES);
      onParcels({ kind: 'answer', status: 504, afterBody: true }, 1);

      await lab.deliverAll();

      expect(stateOf(batch.id)).toBe('confirmed');
      expect(parcels()).toBe(2);
    });

    it('relies on nothing that went out before, once it was looked for, not found, and sent with other bytes', async () => {
      const batch = lab.plan('SEM1/b', FILES);
      onParcels({ kind: 'answer', status: 504, afterBody: true }, 1);
      await lab.deliver(batch.id);
      expect(lab.ledger.outcomes.unknownOf(batch.id)).toHaveLength(9 * 32);

      // Other bytes: what is found afterwards could be of either attempt.
      lab.change = ({ batch: again }) =>
        contentOf({
          ...{ owner: 'alice', batch: again },
          files: Object.fromEntries(again.files.map(({ path, size }) => [path, 'z'.repeat(size)])),
        });
      onParcels({ kind: 'answer-lost' }, 1);
      await lab.deliver(batch.id);

      expect(lab.ledger.outcomes.unknownOf(batch.id)).toBeUndefined();
      await lab.deliverAll();
      expect(stateOf(batch.id)).toBe('confirmed');
      expect(parcels()).toBe(3);
    });

    it('looks anew after each attempt without an answer, also when an earlier look found nothing', async () => {
      const batch = lab.plan('SEM1/b', FILES);
      let sent = 0;
      server.fault = (request) => {
        if (request.headers['content-type'] !== 'application/zip') return undefined;
        sent += 1;
        if (sent === 1) return { kind: 'answer', status: 504, afterBody: true };
        return sent === 2 ? { kind: 'answer-lost' } : undefined;
      };

      await lab.deliverAll();

      expect(stateOf(batch.id)).toBe('confirmed');
      expect(parcels()).toBe(2);
    });

    it('sends it again when it arrived and failed, whatever of it is there', async () => {
      const batch = lab.plan('SEM1/b', FILES);
      onParcels({ kind: 'answer-lost' }, 1);
      let first = true;
      server.poison = () => {
        const words = first ? 'ValueError: once' : undefined;
        first = false;
        return words;
      };

      await lab.deliverAll();

      expect(stateOf(batch.id)).toBe('confirmed');
      expect(parcels()).toBe(2);
    });

    it('does not take the good end of another batch for its own', async () => {
      const unlucky = lab.plan('SEM1/b', FILES);
      onParcels({ kind: 'answer-lost' }, 1);
      server.poison = (members) =>
        members.some((one) => one.endsWith('img0.tif')) ? 'ValueError: once' : undefined;
      await lab.deliver(unlucky.id);
      server.poison = undefined;
      const other = lab.plan('SEM1/c', { x: 'x', y: 'y' });
      await server.worker.idle();
      await lab.deliver(other.id);

      await lab.deliverAll();

      expect([stateOf(unlucky.id), stateOf(other.id)]).toEqual(['confirmed', 'confirmed']);
      expect(parcels()).toBe(3);
    });

    it('sends again what a person puts back, although it is there', async () => {
      const batch = lab.plan('SEM1/b', FILES);
      await lab.deliverAll();
      lab.ledger.batches.requeue(batch.id, Date.now());

      await lab.deliverAll();

      expect(parcels()).toBe(2);
    });
  });
});
