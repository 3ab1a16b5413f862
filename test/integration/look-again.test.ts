import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BatchId } from '../../src/core/ids.ts';
import { deliverIntoNomad, type NomadDeliverer } from '../support/deliver-into-nomad.ts';
import type { Generation } from '../support/nomad-server.ts';

describe.each<Generation>(['v1.3', 'v1.4'])('a batch that a NOMAD of %s has only accepted', (generation) => {
  let lab: NomadDeliverer;

  beforeEach(async () => {
    lab = await deliverIntoNomad(generation);
  });
  afterEach(async () => await lab[Symbol.asyncDispose]());

  const head = (id: BatchId): ReturnType<typeof lab.ledger.batches.head> => lab.ledger.batches.head(id);
  const historyOf = (id: BatchId): string[] => lab.ledger.history(id).map(({ what }) => what);

  /** A batch that the platform took, and on which it still works when it is not waited for any more. */
  async function accepted(dir: string): Promise<BatchId> {
    const { id } = lab.plan(dir, { 'x.tif': 'x', 'y.tif': 'y' });
    lab.server.worker.hold('running');
    lab.polling.totalMs = 50;
    await lab.deliverAll();
    lab.polling.totalMs = 20_000;
    expect(head(id).state).toBe('accepted');
    return id;
  }

  /** What lies in all uploads below the batches' directories. */
  async function there(): Promise<string[]> {
    const paths: string[] = [];
    for (const { id } of lab.server.uploads()) paths.push(...(await lab.server.filesOf(id)).keys());
    return paths.filter((path) => path.endsWith('.tif')).toSorted();
  }

  it('is confirmed once it is there, without being sent again', async () => {
    const id = await accepted('SEM1/a');
    lab.server.worker.release();
    await lab.server.worker.idle();

    await lab.lookAgain();

    expect(head(id)).toMatchObject({
      state: 'confirmed',
      receipt: { evidence: 'confirmed', how: expect.stringContaining('Accepted on') },
    });
    expect(historyOf(id)).toEqual(expect.arrayContaining(['delivery.accepted', 'delivery.confirmed']));
    expect(lab.events.at(-1)).toMatchObject({ name: 'delivery.done', receipt: { evidence: 'confirmed' } });
    expect(lab.parcels()).toBe(1);
  });

  it('is verified with a token that may read', async () => {
    lab.token = lab.server.appToken('alice', 3600);
    const id = await accepted('SEM1/a');
    lab.server.worker.release();
    await lab.server.worker.idle();

    await lab.lookAgain();

    expect(head(id).state).toBe('verified');
  });

  it('stays accepted as long as the platform works on it, and is not waited for', async () => {
    const id = await accepted('SEM1/a');
    const before = lab.server.requests.length;

    await lab.lookAgain();

    expect(head(id).state).toBe('accepted');
    expect(lab.server.requests.length - before).toBe(1);
    lab.server.worker.release();
  });

  it('is sent again in the words of the platform where processing failed, and lies there once', async () => {
    const id = await accepted('SEM1/a');
    lab.server.worker.failNext('OSError: no luck');
    lab.server.worker.release();
    await lab.server.worker.idle();

    await lab.lookAgain();

    expect(head(id)).toMatchObject({
      state: 'planned',
      error: { code: 'PROCESSING_FAILED', message: expect.stringContaining('no luck') },
    });
    await lab.deliverAll();
    expect(head(id).state).toBe('confirmed');
    expect(lab.parcels()).toBe(2);
    expect(await there()).toEqual(['lab/SEM1/a/x.tif', 'lab/SEM1/a/y.tif']);
  });

  it('is sent again where the platform is done and does not have it, and is held when that goes on', async () => {
    lab.onParcels({ kind: 'drop-files', process: true }, 4);
    const id = await accepted('SEM1/a');

    for (let lost = 0; lost < 3; lost += 1) {
      lab.server.worker.release();
      await lab.server.worker.idle();
      await lab.lookAgain();
      expect(head(id)).toMatchObject({ state: 'planned', error: { code: 'PARCEL_DROPPED' } });
      lab.server.worker.hold('running');
      lab.polling.totalMs = 50;
      await lab.deliverAll();
      expect(head(id).state).toBe('accepted');
    }
    lab.server.worker.release();
    await lab.server.worker.idle();
    await lab.lookAgain();

    expect(head(id)).toMatchObject({ state: 'held', error: { code: 'PARCEL_DROPPED' } });
  });

  it('is looked for before the next delivery into its upload, after which nobody could tell', async () => {
    const first = await accepted('SEM1/a');
    lab.server.worker.release();
    await lab.server.worker.idle();
    const second = lab.plan('SEM1/b', { 'z.tif': 'z' });

    await lab.deliverAll();

    expect([head(first).state, head(second.id).state]).toEqual(['confirmed', 'confirmed']);
    expect(historyOf(second.id)).not.toContain('delivery.retry');
  });

  it('never keeps the next delivery back for a reason of its own', async () => {
    const first = await accepted('SEM1/a');
    lab.server.worker.release();
    await lab.server.worker.idle();
    lab.change = (content) => {
      if (content.batch.id === first) throw new Error('of a share that is not configured any more');
      return content;
    };
    const second = lab.plan('SEM1/b', { 'z.tif': 'z' });

    await lab.deliverAll();

    expect([head(first).state, head(second.id).state]).toEqual(['accepted', 'confirmed']);
    expect(historyOf(second.id)).not.toContain('delivery.retry');
  });

  it('is left alone while a delivery into its upload is on its way', async () => {
    const id = await accepted('SEM1/a');
    lab.server.worker.release();
    await lab.server.worker.idle();
    const second = lab.plan('SEM1/b', { 'z.tif': 'z' });
    lab.ledger.batches.markQueued(second.id, Date.now());
    const before = lab.server.requests.length;

    await lab.lookAgain();

    expect(lab.server.requests.length).toBe(before);
    expect(head(id).state).toBe('accepted');
  });

  it.each<[string, () => Promise<void> | void]>([
    ['the token is refused', () => void (lab.token = 'A'.repeat(lab.token.length))],
    ['user management is down', () => void (lab.server.outage = true)],
    ['the platform is away', async () => await lab.server.away()],
  ])('stays accepted where %s, and the next look finds it', async (_what, breakIt) => {
    const id = await accepted('SEM1/a');
    lab.server.worker.release();
    await lab.server.worker.idle();
    const { token } = lab;
    await breakIt();

    await lab.lookAgain();

    expect(head(id)).toMatchObject({ state: 'accepted', error: undefined });
    lab.token = token;
    lab.server.outage = false;
    await lab.server.back();
    await lab.lookAgain();
    expect(head(id).state).toBe('confirmed');
  });
});
