import { beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { BatchId } from '../../src/core/ids.ts';
import { cliLab } from '../support/cli-lab.ts';
import { deliverIntoNomad, type NomadDeliverer } from '../support/deliver-into-nomad.ts';
import { engineEvening } from '../support/engine-evening.ts';

const WHY = 'its job is gone from the queue';
const defect = (): never => {
  throw new Error('a defect');
};

describe('an attempt that ends in a living process with nothing recorded', () => {
  let lab: NomadDeliverer;
  let id: BatchId;
  beforeEach(async () => {
    lab = await deliverIntoNomad('v1.4');
    id = lab.plan('SEM1/a', { 'x.tif': 'x' }).id;
    lab.server.fault = () => ({ kind: 'answer', status: 503 });
    return async () => await lab[Symbol.asyncDispose]();
  });

  const now = (): number => lab.clock.now();
  const isDue = (): boolean => lab.ledger.dispatch.heads(now()).length > 0;
  const lose = async (): Promise<BatchId[]> => {
    await expect(lab.deliver(id)).rejects.toThrow('a defect');
    return lab.ledger.batches.backToPlanned([id], WHY, now());
  };

  it('is followed by growing waits, and the fifth in a row holds the batch with the reason of the last', async () => {
    lab.breaker = { met: defect, delivered: () => undefined };
    const [waits, held]: [number[], BatchId[]] = [[], []];
    while (held.length === 0 && waits.length < 9) {
      held.push(...(await lose()));
      expect(isDue()).toBe(false);
      waits.push(Math.round((lab.ledger.batches.head(id).notBefore - now()) / 1000));
      lab.pass(120_000);
    }

    expect(waits).toEqual([1, 2, 4, 8, expect.any(Number)]);
    expect(held).toEqual([id]);
    const { state, attempts, error } = lab.ledger.batches.head(id);
    expect({ state, attempts, code: error?.code }).toEqual({
      ...{ state: 'held', attempts: 0, code: 'DELIVERY_CRASHED' },
    });
    expect(error?.message).toMatch(/5 attempts in a row .*a defect/);
  });

  it('is counted also where the attempt did not even begin, and not where it was stopped', async () => {
    lab.ledger.batches.begin = defect;
    await lose();
    expect(lab.ledger.batches.head(id)).toMatchObject({ state: 'planned', error: { code: 'UNEXPECTED' } });
    expect(isDue()).toBe(false);

    lab.pass(120_000);
    Reflect.deleteProperty(lab.ledger.batches, 'begin');
    lab.breaker = { met: async () => false, delivered: () => undefined };
    lab.server.fault = undefined;
    const stop = new AbortController();
    stop.abort();
    await lab.deliver(id, stop.signal);
    expect(isDue()).toBe(true);
    await lab.deliverAll();
    expect(lab.ledger.batches.head(id)).toMatchObject({ state: 'confirmed', notBefore: 0 });
  });

  it('keeps no evening from its end', async () => {
    await using evening = await cliLab(
      { 'SEM1/mueller/a/1.tif': 'one', 'SEM1/mueller/b/2.tif': 'two' },
      { settle: '0s', extra: 'deliveries: { retry_first: 1ms, retry_max: 5ms }' },
    );
    let attempts = 0;

    const report = await engineEvening(evening.config, systemClock, (event) => {
      if (event.name !== 'delivery.attempt' || event.batch.dataset !== 'SEM1/mueller/a') return;
      attempts += 1;
      defect();
    });

    expect(attempts).toBe(5);
    expect(report).toMatchObject({
      balanced: true,
      buckets: { held: { files: 1 }, delivered: { files: 1 } },
    });
  });
});
