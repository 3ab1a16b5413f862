import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import type { BatchId } from '../../src/core/ids.ts';
import type { Ledger } from '../../src/ledger/open-ledger.ts';
import { entry, planOf, tempLedger } from '../support/ledger-fixture.ts';

const LEDGER_MODULE = fileURLToPath(new URL('../../src/ledger/open-ledger.ts', import.meta.url));

type Temp = Awaited<ReturnType<typeof tempLedger>>;

/** Begins deliveries in a process of its own, which then ends without a word. */
function killedWhileDelivering({ stateDir }: Temp, ids: readonly BatchId[], then = ''): void {
  const work = `const { openLedger } = await import(${JSON.stringify(LEDGER_MODULE)});
    const { batches } = openLedger(${JSON.stringify(stateDir)});
    for (const id of ${JSON.stringify(ids)}) { batches.markQueued(id, 1); batches.begin(id, 2); }
    ${then}
    process.kill(process.pid, 'SIGKILL');`;
  const { signal, stderr } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', work], {
    encoding: 'utf8',
  });
  expect(signal, stderr).toBe('SIGKILL');
}

function planned(ledger: Ledger, dir: string): BatchId {
  const plan = planOf(dir, [entry('x')]);
  ledger.batches.plan(plan, { lane: `archive/${dir}`, at: 1, runNo: 1 });
  return plan.id;
}

const WHY = 'the last process ended with it in flight';
const headsOf = (ledger: Ledger): BatchId[] => ledger.dispatch.heads(10).map(({ id }) => id);

describe('an attempt that did not end', () => {
  it('uses up no attempt, whether its process is gone or only lost its lock', async () => {
    await using temp = await tempLedger();
    const { batches } = temp.ledger;
    const [gone, stalled] = [planned(temp.ledger, 'a'), planned(temp.ledger, 'b')];
    killedWhileDelivering(temp, [gone]);
    batches.markQueued(stalled, 3);
    batches.begin(stalled, 4);

    batches.backToPlanned([gone, stalled], WHY, 5);

    expect(batches.head(gone)).toMatchObject({ state: 'planned', attempts: 0, epoch: 1 });
    expect(batches.head(stalled)).toMatchObject({ state: 'planned', attempts: 0, epoch: 1 });
    expect(temp.ledger.history(gone).at(-1)?.detail).toBe(`${WHY}; its process is gone, 1 in a row`);
    expect(temp.ledger.history(stalled).at(-1)?.detail).toBe(WHY);
  });
});

describe('a batch whose deliveries end their processes', () => {
  let temp: Temp;
  let [bad, neighbour, other] = [] as unknown as [BatchId, BatchId, BatchId];
  beforeEach(async () => {
    temp = await tempLedger();
    [bad, neighbour, other] = [
      planned(temp.ledger, 'a'),
      planned(temp.ledger, 'b'),
      planned(temp.ledger, 'c'),
    ];
    return async () => await temp[Symbol.asyncDispose]();
  });

  it('is held at the fifth in a row, with what a person can do, and goes again after a requeue', () => {
    const { batches } = temp.ledger;
    const held: BatchId[] = [];
    for (let at = 1; at <= 5; at++) {
      expect(batches.head(bad).state).toBe('planned');
      killedWhileDelivering(temp, [bad]);
      held.push(...batches.backToPlanned([bad], WHY, at));
    }

    expect(held).toEqual([bad]);
    expect(batches.head(bad)).toMatchObject({ state: 'held', error: { code: 'DELIVERY_CRASHED', at: 5 } });
    expect(batches.head(bad).error?.message).toContain('5 processes in a row');
    expect(temp.ledger.history(bad).at(-1)?.what).toBe('delivery.held');

    expect(batches.requeue(bad, 6)).toBe(true);
    killedWhileDelivering(temp, [bad]);
    expect(batches.backToPlanned([bad], WHY, 7)).toEqual([]);
    expect(batches.head(bad).state).toBe('planned');
  });

  it('is delivered alone from the second on, after all others: the neighbours in flight with it are not held for it', () => {
    const { batches } = temp.ledger;
    for (let at = 1; at <= 2; at++) {
      killedWhileDelivering(temp, [bad, neighbour]);
      batches.backToPlanned([bad, neighbour], WHY, at);
    }

    expect(headsOf(temp.ledger)).toEqual([other]);
    batches.markQueued(other, 3);
    expect(headsOf(temp.ledger)).toEqual([]);
    batches.fail(batches.begin(other, 4), {
      to: 'held',
      error: { code: 'TOKEN_REJECTED', message: 'no', hint: 'mend', at: 4 },
    });

    expect(headsOf(temp.ledger)).toEqual([bad]);
    killedWhileDelivering(temp, [bad]);
    batches.backToPlanned([bad], WHY, 5);
    expect(headsOf(temp.ledger)).toEqual([neighbour]);
  });

  it('is not to blame when its process had been told to end', () => {
    const { batches } = temp.ledger;
    killedWhileDelivering(temp, [bad], 'batches.disown();');
    batches.backToPlanned([bad], WHY, 4);

    expect(temp.ledger.history(bad).at(-1)?.detail).toBe(WHY);
    expect(batches.head(bad)).toMatchObject({ state: 'planned', attempts: 0 });
  });

  it('is suspected no more when an attempt of it came to an end, whatever it came to', () => {
    const { batches } = temp.ledger;
    killedWhileDelivering(temp, [bad]);
    batches.backToPlanned([bad], WHY, 4);
    batches.markQueued(bad, 5);
    batches.interrupt(batches.begin(bad, 6), 7);
    killedWhileDelivering(temp, [bad]);

    batches.backToPlanned([bad], WHY, 8);

    expect(headsOf(temp.ledger)).toEqual([bad, neighbour, other]);
  });
});
