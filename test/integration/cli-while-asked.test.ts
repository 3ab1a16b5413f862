import { describe, expect, it } from 'vitest';
import type { BatchId } from '../../src/core/ids.ts';
import type { Batch } from '../../src/core/model.ts';
import type { Ledger } from '../../src/ledger/open-ledger.ts';
import { cliLab } from '../support/cli-lab.ts';
import { SHARE } from '../support/ledger-fixture.ts';
import { type Nights, nights } from '../support/nights.ts';
import { seedLedger } from '../support/seed-ledger.ts';
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

/** The same, held for its token. */
async function held(): Promise<{ readonly lab: Nights; readonly id: BatchId }> {
  const { lab, id } = await planned();
  lab.inLedger(({ batches }) => {
    batches.markQueued(id, Date.now());
    const error = { code: 'TOKEN_REJECTED', message: 'm', hint: 'h', at: Date.now() };
    batches.fail(batches.begin(id, Date.now()), { to: 'held', error });
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

  it('requeue leaves what was put back and delivered meanwhile: it would be sent a second time', async () => {
    const { lab, id } = await held();
    await using _ = lab;

    const said = await whileAsked(lab.config, ['requeue', '--all'], () =>
      lab.inLedger((ledger) => {
        ledger.batches.requeue(id, Date.now());
        recordDelivered(ledger, beginSending(ledger, id));
      }),
    );

    expect(said).toMatchObject({ code: 3, out: expect.stringContaining('skipped 1') });
    expect(lab.inLedger(({ batches }) => batches.head(id).state)).toBe('verified');
  });

  it('accept-scan believes the walk that was shown, and no later one', async () => {
    const { lab } = await held();
    await using _ = lab;
    const counts = (files: number) => ({ files, bytes: files, owners: {}, mapping: 'm' });
    const drop = { kind: 'drop', what: 'far fewer files', lost: [], since: 1 } as const;
    const walk = (files: number) =>
      lab.inLedger(({ runs, scans }) => {
        const run = runs.start(Date.now(), undefined);
        scans.record(SHARE, {
          runNo: run.no,
          at: Date.now(),
          counts: counts(files),
          suspicion: drop,
          accepted: undefined,
        });
      });
    walk(1);

    const said = await whileAsked(lab.config, ['accept-scan'], () => walk(0));

    expect(said).toMatchObject({ code: 75, out: expect.stringContaining('not the newest any more') });
    expect(lab.inLedger(({ scans }) => scans.suspicionOf(SHARE))).toBeDefined();
  });

  it('claim does nothing when what was shown is another by then', async () => {
    const lab = await cliLab();
    await using _ = lab;
    lab.inLedger((ledger) =>
      seedLedger(ledger, [
        { dir: 'SEM1/mueler/run1', dataset: 'SEM1/mueler', owner: 'collector', to: 'verified' },
      ]),
    );

    const said = await whileAsked(lab.config, ['claim', 'SEM1/mueler', '--for', 'mueller'], () =>
      lab.inLedger(({ batches, list }) => {
        for (const { id } of [...list()]) batches.requeue(id, Date.now());
      }),
    );

    expect(said).toMatchObject({ code: 75, out: expect.stringContaining('Look again: nightjar claim') });
    expect(lab.inLedger(({ claims }) => claims.all(SHARE))).toEqual([]);
  });

  it('accept-mapping accepts nothing when another mapping came into force meanwhile', async () => {
    await using lab = await cliLab();
    const text = (owner: string) => `rules: []\nowners: { ${owner}: {} }\ncollector: {}\n`;
    const accept = (owner: string): void =>
      lab.inLedger(({ mappings }) =>
        mappings.accept({ at: Date.now(), by: 'anna', reason: undefined, text: text(owner) }),
      );
    accept('mueller');

    const said = await whileAsked(lab.config, ['accept-mapping'], () => accept('chen'));

    expect(said).toMatchObject({ code: 75, out: expect.stringContaining('another mapping came into force') });
    expect(lab.inLedger(({ mappings }) => mappings.newest()?.text)).toBe(text('chen'));
  });
});
