import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Judged, safetyJudge } from '../../src/app/judge-safety.ts';
import { systemClock } from '../../src/core/clock.ts';
import { destinationName } from '../../src/core/ids.ts';
import type { Assignment, Receipt } from '../../src/core/model.ts';
import { sharePath } from '../../src/core/share-path.ts';
import type { Evidence } from '../../src/core/states.ts';
import type { Mark } from '../../src/ledger/facts.ts';
import { entry, look, planOf, SHARE, tempLedger } from '../support/ledger-fixture.ts';

const DIR = 'SEM1/mueller/run_1';
const FILE = entry('a.tif', 4);
const HASH = Buffer.alloc(32, 7);
const excluded: Assignment = { kind: 'excluded', reason: 'rule 9: thumbnails', instrument: 'SEM1' };

describe('the safety of a file', () => {
  let temp: Awaited<ReturnType<typeof tempLedger>>;
  beforeEach(async () => {
    temp = await tempLedger();
    temp.ledger.looks.record(SHARE, [look(DIR, [FILE])], 1, 1);
  });
  afterEach(async () => {
    await temp[Symbol.asyncDispose]();
  });

  const judged = (seen = FILE): Judged =>
    safetyJudge({ ledger: temp.ledger, assign: () => excluded, clock: systemClock }, SHARE)(
      sharePath(`${DIR}/${seen.name}`),
      seen,
    );

  /** Delivers the file with that evidence and these hashes. */
  function deliver(evidence: Evidence, hashes: Uint8Array = HASH): void {
    const { batches } = temp.ledger;
    const plan = planOf(DIR, [FILE]);
    batches.plan(plan, { lane: 'archive/mueller', at: 2, runNo: 1 });
    batches.markQueued(plan.id, 3);
    const begun = batches.begin(plan.id, 4);
    batches.sending(begun, { id: 'U', name: 'mueller', location: '/archive' });
    const receipt: Receipt = { evidence, how: 'said so', location: '/archive', files: 1, bytes: 4 };
    batches.deliver(begun, receipt, hashes, 5);
  }

  it.each([['confirmed'], ['verified']] as const)('is a matter of its content where it is %s', (evidence) => {
    deliver(evidence);

    expect(judged()).toMatchObject({
      candidate: { batch: { state: evidence }, sha256: new Uint8Array(HASH) },
    });
  });

  it('is not given by a destination that only accepted it', () => {
    deliver('accepted');

    expect(judged()).toEqual({
      unsafe: expect.stringContaining('only accepted by the destination') as string,
    });
  });

  it.each([false, true])(
    'is given no more once its container may be gone, but where that was published (%s)',
    (published) => {
      deliver('confirmed');
      const lane = { destination: destinationName('archive'), name: 'mueller' };
      const { id } = planOf(DIR, [FILE]);
      temp.ledger.lostContainers.forget(lane, id, { which: 'it', why: 'w', at: 6, published });

      const wanted = published ? 'candidate' : 'unsafe';
      expect(Object.keys(judged())).toEqual([wanted]);
    },
  );

  it('is not given without a recorded hash', () => {
    deliver('verified', new Uint8Array());

    expect(judged()).toEqual({ unsafe: expect.stringContaining('no hash of it is recorded') as string });
  });

  it('is not given to another size than was delivered', () => {
    deliver('verified');

    expect(judged(entry('a.tif', 5))).toEqual({
      unsafe: expect.stringContaining('5 bytes, and 4 were') as string,
    });
  });

  it('is not given to what no look has seen, nor to what is left out', () => {
    deliver('verified');

    expect(judged(entry('b.tif', 4))).toEqual({ unsafe: 'left out, never delivered: rule 9: thumbnails' });
  });

  it('is not given to what its owner uploaded by hand', () => {
    const mark: Mark = 'byHand';
    temp.ledger.looks.assign(SHARE, [sharePath(`${DIR}/a.tif`)], (facts) => ({ ...facts, mark }));

    expect(judged()).toEqual({ unsafe: expect.stringContaining('uploaded by hand') as string });
  });

  it.each(['symlink', 'special', 'other-file-system', 'unreadable', 'unreadable-dir'] as const)(
    'is not given to an entry of kind %s, whatever was there before',
    (kind) => {
      deliver('verified');

      expect(judged({ ...FILE, kind, error: 'EACCES' })).toHaveProperty('unsafe');
    },
  );
});
