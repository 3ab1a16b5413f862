import { describe, expect, it } from 'vitest';
import type { BatchId } from '../../src/core/ids.ts';
import type { Batch } from '../../src/core/model.ts';
import type { Ledger } from '../../src/ledger/open-ledger.ts';
import { type Nights, nights } from '../support/nights.ts';
import { whileAsked } from '../support/while-asked.ts';

const RUN = 'SEM1/mueller/run';
const CONTAINER = { id: 'c', name: 'c', location: 'c' };

/** One batch of a.tif and b.tif, planned and not begun. */
async function planned(): Promise<{ readonly lab: Nights; readonly id: BatchId }> {
  const lab = await nights({ [`${RUN}/a.tif`]: 'a', [`${RUN}/b.tif`]: 'b' }, { settle: '0s' });
  await lab.evening(undefined, { deliver: 'hold' });
  const id = lab.inLedger((ledger) => {
    const [head] = [...ledger.list()];
    if (head === undefined) throw new Error('nothing was planned');
    ledger.batches.requeue(head.id, Date.now());
    return head.id;
  });
  return { lab, id };
}

function beginSending({ batches }: Ledger, id: BatchId): Batch {
  batches.markQueued(id, Date.now());
  const batch = batches.begin(id, Date.now());
  batches.sending(batch, CONTAINER);
  return batch;
}

function recordDelivered({ batches }: Ledger, batch: Batch): void {
  const receipt = { evidence: 'verified', how: 'by the test', location: 'c', files: 2, bytes: 2 } as const;
  batches.deliver(batch, receipt, Buffer.alloc(64), Date.now());
}

describe('what changes while a person is asked', () => {
  it('exclude leaves a batch alone that began to be delivered meanwhile, and says that it arrives', async () => {
    const { lab, id } = await planned();
    await using _ = lab;
    const sent: Batch[] = [];

    const said = await whileAsked(lab.config, ['exclude', `${RUN}/b.tif`, '--reason', 'spoilt'], () =>
      lab.inLedger((ledger) => void sent.push(beginSending(ledger, id))),
    );

    expect(said.out).toContain(`1 batch went on meanwhile: ${id} (delivering)`);
    lab.inLedger((ledger) => {
      expect(ledger.batches.head(id).state).toBe('delivering');
      for (const batch of sent) recordDelivered(ledger, batch);
      expect(ledger.batches.head(id).state).toBe('verified');
    });
    await lab.evening();
    expect(lab.inLedger((ledger) => [...ledger.list()].map((head) => head.id))).toEqual([id]);
  });
});
