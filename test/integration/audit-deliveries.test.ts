import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BatchId, destinationName } from '../../src/core/ids.ts';
import { createDirectory } from '../../src/destinations/directory/directory.ts';
import { type Deliverer, deliverInto } from '../support/deliver-into.ts';
import { deliverIntoNomad, type NomadDeliverer } from '../support/deliver-into-nomad.ts';
import type { Generation } from '../support/nomad-server.ts';

const FILES = { 'x.tif': 'xx', 'y.tif': 'yyy' };
const stateOf = ({ ledger }: Deliverer, id: BatchId) => ledger.batches.head(id).state;
const answerOf = ({ ledger }: Deliverer, id: BatchId) =>
  ledger.reaudits.since(0).find(({ head }) => head.id === id);

describe.each<Generation>(['v1.3', 'v1.4'])(
  'an old delivery in a NOMAD of %s that is asked for again',
  (generation) => {
    let lab: NomadDeliverer;
    beforeEach(async () => {
      lab = await deliverIntoNomad(generation);
    });
    afterEach(async () => await lab[Symbol.asyncDispose]());

    /** What the upload of the batch holds, as a directory. */
    const rawOf = (id: BatchId): string => {
      const container = lab.ledger.containers.ofBatch(id)?.id;
      return join(lab.server.uploads().find((upload) => upload.id === container)?.dir ?? '', 'raw');
    };

    it('costs one request with a token that may not read, changes nothing there, and is recorded', async () => {
      const { id } = lab.plan('SEM1/a', FILES);
      await lab.deliverAll();
      const before = lab.server.requests.length;
      const there = await readdir(rawOf(id), { recursive: true });

      const round = await lab.audit();

      expect(round).toEqual({ of: 1, holds: 1, gone: 0, unknown: 0 });
      expect(lab.server.requests.length - before).toBe(1);
      expect(await readdir(rawOf(id), { recursive: true })).toEqual(there);
      expect(answerOf(lab, id)).toMatchObject({
        holds: true,
        said: expect.stringContaining('cannot be read back with this token') as string,
      });
      expect(stateOf(lab, id)).toBe('confirmed');
      expect(lab.ledger.history(id).at(-1)?.what).toBe('audit.holds');
    });

    it('makes all others of its upload doubtful when that is gone, also where it had been published before', async () => {
      const ids = [lab.plan('SEM1/a', FILES).id];
      await lab.deliverAll();
      ids.push(lab.plan('SEM1/b', FILES).id);
      await lab.deliverAll();
      const upload = lab.server.uploads()[0]?.id ?? '';
      lab.server.publish(upload);
      lab.plan('SEM1/c', FILES);
      await lab.deliverAll();
      const isDoubtful = (id: BatchId) => lab.ledger.lostContainers.mayHaveTaken(id);
      expect(ids.map(isDoubtful)).toEqual([false, false]);
      lab.server.removeUpload(upload);

      for (let gone = 0, round = 0; gone === 0; round += 1) ({ gone } = await lab.audit(1, `${round}`));

      expect(ids.filter((id) => stateOf(lab, id) === 'confirmed').map(isDoubtful)).toEqual([true]);
    });

    it('is held for a person, and neither sent again nor deleted, when its manifest is gone', async () => {
      const [kept, lost] = [lab.plan('SEM1/a', FILES).id, lab.plan('SEM1/b', FILES).id];
      await lab.deliverAll();
      await rm(join(rawOf(lost), 'lab', '.nightjar', `${lost}.json`));
      const parcels = lab.parcels();

      const round = await lab.audit();
      await lab.deliverAll();

      expect(round).toEqual({ of: 2, holds: 1, gone: 1, unknown: 0 });
      expect([stateOf(lab, kept), stateOf(lab, lost)]).toEqual(['confirmed', 'held']);
      expect(lab.ledger.batches.head(lost).error).toMatchObject({
        code: 'EVIDENCE_GONE',
        hint: expect.stringContaining('delete nothing of it on the share') as string,
      });
      expect(lab.events.at(-1)).toMatchObject({ name: 'audit.gone', error: { code: 'EVIDENCE_GONE' } });
      expect(lab.parcels()).toBe(parcels);
      expect(await readdir(rawOf(kept), { recursive: true })).toContain('lab/SEM1/b/x.tif');

      lab.ledger.batches.requeue(lost, Date.now());
      await lab.deliverAll();
      expect(await lab.audit()).toMatchObject({ holds: 2, gone: 0 });
    });

    it('is looked at by names, sizes and hashes with a token that may read', async () => {
      lab.token = lab.server.appToken('alice', 3600);
      const [same, other, short] = ['SEM1/a', 'SEM1/b', 'SEM1/c'].map((dir) => lab.plan(dir, FILES).id);
      if (same === undefined || other === undefined || short === undefined) throw new Error('not planned');
      await lab.deliverAll();
      await writeFile(join(rawOf(other), 'lab/SEM1/b/x.tif'), 'XX');
      await writeFile(join(rawOf(short), 'lab/SEM1/c/y.tif'), 'y');

      expect(await lab.audit()).toEqual({ of: 3, holds: 1, gone: 2, unknown: 0 });

      expect(answerOf(lab, same)).toMatchObject({
        said: expect.stringContaining(
          'names and sizes of 2 files were read back, and the SHA-256 of 2 files',
        ) as string,
      });
      expect(answerOf(lab, other)?.said).toContain('x.tif (other bytes');
      expect(answerOf(lab, short)?.said).toContain('y.tif (1 bytes instead of 3)');
    });

    it('takes with it all that went into an upload that is deleted: nothing of it is safe any more', async () => {
      const ids = ['SEM1/a', 'SEM1/b', 'SEM1/c'].map((dir) => lab.plan(dir, FILES).id);
      await lab.deliverAll();
      const { id: upload = '', name = '' } = lab.ledger.containers.ofBatch(ids[0] as BatchId) ?? {};
      lab.server.removeUpload(upload);

      expect(await lab.audit(1)).toEqual({ of: 3, holds: 0, gone: 1, unknown: 0 });

      expect(ids.map((id) => stateOf(lab, id)).toSorted()).toEqual(['confirmed', 'confirmed', 'held']);
      const others = ids.filter((id) => stateOf(lab, id) === 'confirmed');
      expect(others.map((id) => lab.ledger.lostContainers.mayHaveTaken(id))).toEqual([true, true]);
      const told = lab.ledger.containerEvents(0);
      expect(told).toMatchObject([{ what: 'lost', batches: 3, files: 6 }]);

      expect(await lab.audit()).toMatchObject({ gone: 2 });
      expect(lab.ledger.containerEvents(0)).toEqual(told);
      expect(lab.ledger.lostContainers.lastPart({ destination: destinationName('nomad'), name })).toBe(1);
    });

    it.each([
      ['is away', (made: NomadDeliverer): unknown => made.server.away(), 1],
      [
        'refuses the token',
        (made: NomadDeliverer): unknown => (made.token = `${made.token.slice(0, -3)}xxx`),
        2,
      ],
      [
        'has published the upload',
        (made: NomadDeliverer): unknown => made.server.publish(made.server.uploads()[0]?.id ?? ''),
        2,
      ],
      [
        'answers as another service',
        (made: NomadDeliverer) => {
          made.server.fault = () => ({ kind: 'answer', status: 404, body: '<html>not here</html>' });
        },
        undefined,
      ],
    ] as const)('stays as it is known while the platform %s', async (_what, happens, asked) => {
      const ids = [lab.plan('SEM1/a', FILES).id, lab.plan('SEM1/b', FILES).id];
      await lab.deliverAll();
      await happens(lab);

      const round = await lab.audit();

      expect(round).toMatchObject({ holds: 0, gone: 0, ...(asked === undefined ? {} : { unknown: asked }) });
      expect(round.unknown).toBeGreaterThan(0);
      expect(ids.map((id) => stateOf(lab, id))).toEqual(['confirmed', 'confirmed']);
      expect(lab.ledger.reaudits.since(0).filter(({ holds }) => holds !== undefined)).toEqual([]);
    });

    it('is not asked for while its lane is paused', async () => {
      lab.plan('SEM1/a', FILES);
      await lab.deliverAll();
      const pause = { kind: 'destination', name: 'nomad', reason: 'r', since: 1, until: undefined } as const;
      lab.ledger.pauses.put({ ...pause, code: undefined });

      expect(await lab.audit()).toEqual({ of: 1, holds: 0, gone: 0, unknown: 0 });
    });
  },
);

describe('an old delivery in a directory that is asked for again', () => {
  let [root, lab]: [string, Deliverer] = ['', {} as Deliverer];
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'nightjar-audit-'));
    const destination = createDirectory({ root, verify: 'size' });
    lab = await deliverInto(
      () => destination,
      () => undefined,
    );
  });
  afterEach(async () => {
    await lab[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });

  it('is hashed again, and held with the names of what is not there as delivered', async () => {
    const [same, rotten, gone] = ['SEM1/a', 'SEM1/b', 'SEM1/c'].map((dir) => lab.plan(dir, FILES).id);
    if (same === undefined || rotten === undefined || gone === undefined) throw new Error('not planned');
    await lab.deliverAll();
    await writeFile(join(root, 'alice/data/lab/SEM1/b/x.tif'), 'XX');
    await rm(join(root, 'alice/data/lab/SEM1/c/y.tif'));

    expect(await lab.audit()).toEqual({ of: 3, holds: 1, gone: 2, unknown: 0 });

    expect([same, rotten, gone].map((id) => stateOf(lab, id))).toEqual(['verified', 'held', 'held']);
    expect(answerOf(lab, rotten)?.said).toContain('x.tif (other content)');
    expect(answerOf(lab, gone)?.said).toContain('y.tif (missing)');
    expect(answerOf(lab, same)?.said).toContain('the SHA-256 of 2 files');
  });

  it('is never called gone because the disk is not mounted', async () => {
    const { id } = lab.plan('SEM1/a', FILES);
    await lab.deliverAll();
    await rename(join(root, 'alice'), `${root}.away`);

    expect(await lab.audit()).toEqual({ of: 1, holds: 0, gone: 0, unknown: 1 });

    expect(stateOf(lab, id)).toBe('verified');
    await rm(`${root}.away`, { recursive: true });
  });

  it('is one of a bounded number, and counts as young once it was asked for', async () => {
    const ids = Array.from({ length: 6 }, (_, at) => lab.plan(`SEM1/${at}`, FILES).id);
    await lab.deliverAll();

    const round = await lab.audit(2, 'seed');
    const asked = lab.ledger.reaudits.since(0).map(({ head }) => head.id);
    const left = lab.ledger.reaudits.candidates(Date.now() + 3_600_000 * 24, Date.now()).map(({ id }) => id);

    expect(round).toEqual({ of: 6, holds: 2, gone: 0, unknown: 0 });
    expect(asked).toHaveLength(2);
    expect(left).toHaveLength(6);
    const since = new Map(
      lab.ledger.reaudits.candidates(Number.MAX_SAFE_INTEGER, Date.now()).map((one) => [one.id, one.since]),
    );
    const never = ids.filter((id) => !asked.includes(id));
    for (const id of asked)
      for (const other of never) expect(since.get(id) ?? 0).toBeGreaterThanOrEqual(since.get(other) ?? 0);
  });
});
