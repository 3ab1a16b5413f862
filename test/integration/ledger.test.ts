import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IngestError } from '../../src/core/errors.ts';
import { batchId, ownerId } from '../../src/core/ids.ts';
import type { Receipt } from '../../src/core/model.ts';
import type { SharePath } from '../../src/core/share-path.ts';
import { takeInstanceLock } from '../../src/ledger/instance-lock.ts';
import { copyLedger, openLedger } from '../../src/ledger/open-ledger.ts';
import { entry, look, planOf, SHARE, tempLedger } from '../support/ledger-fixture.ts';

const receipt = (files: number, bytes: number): Receipt => ({
  ...{ evidence: 'verified', how: 'read back', location: '/archive', files, bytes },
});
const U = { id: 'U', name: 'mueller', location: '/archive' };
const NO = { code: 'PROCESSING_FAILED', message: 'no', hint: 'none', at: 5 };
const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof IngestError ? error.code : String(error);
  }
  return 'nothing was thrown';
};

describe('the ledger', () => {
  let temp: Awaited<ReturnType<typeof tempLedger>>;
  beforeEach(async () => {
    temp = await tempLedger();
  });
  afterEach(async () => {
    await temp[Symbol.asyncDispose]();
  });

  it('remembers looks over a restart, so that a file goes on settling', () => {
    temp.ledger.looks.record(SHARE, [look('SEM1/a', [entry('x')])], 1000, 1);
    temp.ledger.close();
    using again = { ledger: openLedger(temp.stateDir), [Symbol.dispose]: () => undefined };
    again.ledger.looks.record(SHARE, [look('SEM1/a', [entry('x')])], 5000, 2);
    const found = again.ledger.looks.find(SHARE, 'SEM1/a/x' as SharePath);
    expect(found).toMatchObject({ facts: { since: 1000, batch: 0 }, lookedAt: 5000 });
    again.ledger.close();
  });

  it('gives directories so that all that is below one follows it at once', () => {
    const dirs = ['b', 'a', 'a.x', 'a/b', 'a/b/c', ''];
    temp.ledger.looks.record(
      SHARE,
      dirs.map((dir) => look(dir, [entry('f')])),
      1,
      1,
    );
    expect([...temp.ledger.looks.open(SHARE)].map(({ dir }) => dir)).toEqual([
      '',
      'a',
      'a/b',
      'a/b/c',
      'a.x',
      'b',
    ]);
  });

  it('writes a batch and that it holds its files together', () => {
    const { looks, batches } = temp.ledger;
    looks.record(SHARE, [look('SEM1/a', [entry('x'), entry('y')])], 1, 1);
    const plan = planOf('SEM1/a', [entry('x')]);
    batches.plan(plan, { lane: 'archive/mueller', at: 2, runNo: 1 });
    expect(looks.find(SHARE, 'SEM1/a/x' as SharePath)?.facts.batch).toBe(batches.head(plan.id).no);
    expect(looks.find(SHARE, 'SEM1/a/y' as SharePath)?.facts.batch).toBe(0);
    expect(batches.get(plan.id)).toMatchObject({ files: plan.files, owner: 'mueller', epoch: 0 });
  });

  it('refuses the result of an attempt when a newer one has begun', () => {
    const { batches } = temp.ledger;
    const plan = planOf('SEM1/a', [entry('x')]);
    batches.plan(plan, { lane: 'lane', at: 1, runNo: 1 });
    batches.markQueued(plan.id, 2);
    const first = batches.begin(plan.id, 3);
    batches.backToPlanned([plan.id], 'its job is gone', 4);
    batches.markQueued(plan.id, 5);
    const second = batches.begin(plan.id, 6);
    expect(codeOf(() => batches.deliver(first, receipt(1, 10), Buffer.alloc(32), 7))).toBe('LEASE_LOST');
    expect(batches.head(plan.id).state).toBe('delivering');
    batches.deliver(second, receipt(1, 10), Buffer.alloc(32), 8);
    expect(batches.head(plan.id)).toMatchObject({ state: 'verified', receipt: { how: 'read back' } });
  });

  it('refuses to begin a batch that is not queued', () => {
    const plan = planOf('SEM1/a', [entry('x')]);
    temp.ledger.batches.plan(plan, { lane: 'lane', at: 1, runNo: 1 });
    expect(codeOf(() => temp.ledger.batches.begin(plan.id, 2))).toBe('LEASE_LOST');
  });

  it('frees the files of a withdrawn batch, and the same plan later lives again', () => {
    const { looks, batches } = temp.ledger;
    looks.record(SHARE, [look('SEM1/a', [entry('x'), entry('y')])], 1, 1);
    const plan = planOf('SEM1/a', [entry('x'), entry('y')]);
    batches.plan(plan, { lane: 'lane', at: 2, runNo: 1 });
    batches.markQueued(plan.id, 3);
    const begun = batches.begin(plan.id, 4);
    const error = { code: 'FILE_UNREADABLE', message: 'no', hint: 'chmod', at: 5, path: 'SEM1/a/y' };
    batches.withdraw(begun, error, { paths: ['SEM1/a/y' as SharePath], mark: 'unreadable' });
    expect(looks.find(SHARE, 'SEM1/a/x' as SharePath)?.facts).toMatchObject({ batch: 0, mark: 'none' });
    expect(looks.find(SHARE, 'SEM1/a/y' as SharePath)?.facts).toMatchObject({ batch: 0, mark: 'unreadable' });
    looks.tryAgain(SHARE);
    expect(looks.find(SHARE, 'SEM1/a/y' as SharePath)?.facts.mark).toBe('none');
    batches.plan(plan, { lane: 'lane', at: 6, runNo: 2 });
    expect(batches.head(plan.id)).toMatchObject({ state: 'planned', attempts: 0 });
  });

  it.each(['lane', 'other'])(
    'revives a sent batch as it is planned now (in "%s"), in its container if the lane is the same',
    (lane) => {
      const { batches, containers } = temp.ledger;
      const plan = planOf('SEM1/a', [entry('x')], {
        apart: 'rule 1',
        follows: batchId(`b-${'0'.repeat(32)}`),
        reason: 'was',
      });
      batches.plan(plan, { lane: 'lane', at: 2, runNo: 1 });
      batches.markQueued(plan.id, 3);
      const begun = batches.begin(plan.id, 4);
      batches.sending(begun, U);
      batches.withdraw(begun, NO, { paths: [], mark: 'none' });

      const { apart: _, follows: __, reason: ___, ...rest } = plan;
      const now = { ...rest, rule: 'rule 2', facts: { sample: 's' }, compress: true };
      batches.plan(now, { lane, at: 60, runNo: 2 });

      expect(batches.get(plan.id)).toMatchObject({ ...now, plannedAt: lane === 'lane' ? 2 : 60 });
      expect(Object.keys(batches.get(plan.id))).not.toContain('apart');
      expect(batches.head(plan.id)).toMatchObject({
        lane,
        follows: undefined,
        reason: undefined,
        sent: true,
      });
      expect(containers.ofBatch(plan.id)).toEqual(lane === 'lane' ? U : undefined);
    },
  );

  it('sends the pieces of a sent batch into its container, and counts its bytes there once', () => {
    const { batches, containers, cuts } = temp.ledger;
    const files = [entry('x'), entry('y')];
    const whole = planOf('SEM1/a', files);
    batches.plan(whole, { lane: 'lane', at: 2, runNo: 1 });
    batches.markQueued(whole.id, 3);
    batches.sending(batches.begin(whole.id, 4), U);
    const halves = files.map((file) => planOf('SEM1/a', [file]));
    cuts.halve(batches.get(whole.id), NO, () => halves);

    for (const { id } of halves) {
      expect(containers.ofBatch(id)).toEqual(U);
      expect(batches.head(id).sent).toBe(true);
    }
    expect(containers.sentBytes(whole.destination, U)).toBe(20);
  });

  it('puts a held batch back with its attempts forgotten, and leaves one alone that is on its way', () => {
    const { batches } = temp.ledger;
    const plan = planOf('SEM1/a', [entry('x')]);
    batches.plan(plan, { lane: 'lane', at: 1, runNo: 1 });
    expect(batches.requeue(plan.id, 2)).toBe(false);
    batches.markQueued(plan.id, 3);
    const { epoch } = batches.begin(plan.id, 4);
    batches.fail(
      { id: plan.id, epoch },
      {
        to: 'held',
        error: { code: 'TOKEN_REJECTED', message: '401', hint: 'enrol', at: 5 },
      },
    );
    expect([...temp.ledger.list({ code: 'TOKEN_REJECTED' })]).toHaveLength(1);
    expect(batches.requeue(plan.id, 6)).toBe(true);
    expect(batches.head(plan.id)).toMatchObject({ state: 'planned', attempts: 0 });
    expect(temp.ledger.history(plan.id).map(({ what }) => what)).toEqual([
      ...['batch.planned', 'batch.queued', 'delivery.started', 'delivery.held', 'batch.requeued'],
    ]);
  });

  it('offers one batch a lane, none of a lane that is busy or paused, and one that waits lets the next pass', () => {
    const { batches, dispatch, pauses } = temp.ledger;
    const plans = ['a', 'b', 'c'].map((dir) => planOf(`SEM1/${dir}`, [entry('x')]));
    const other = planOf('SEM2/a', [entry('x')], { owner: ownerId('schmidt'), instrument: 'SEM2' });
    for (const plan of plans) batches.plan(plan, { lane: 'archive/mueller', at: 1, runNo: 1 });
    batches.plan(other, { lane: 'archive/schmidt', at: 1, runNo: 1 });
    const [first, second] = plans;
    if (first === undefined || second === undefined) throw new Error('no plans');
    expect(dispatch.heads(10).map(({ id }) => id)).toEqual([first.id, other.id]);
    batches.markQueued(first.id, 10);
    expect(dispatch.heads(10).map(({ id }) => id)).toEqual([other.id]);
    const { epoch } = batches.begin(first.id, 11);
    const error = { code: 'DESTINATION_BUSY', message: '503', hint: 'wait', at: 12 };
    batches.fail({ id: first.id, epoch }, { to: 'planned', error, notBefore: 100 });
    expect(dispatch.heads(13).map(({ id }) => id)).toEqual([second.id, other.id]);
    expect(dispatch.nextDueAt(13)).toBe(100);
    pauses.put({ kind: 'owner', name: 'mueller', reason: 'away', since: 13, until: 50, code: undefined });
    expect(dispatch.heads(14).map(({ id }) => id)).toEqual([other.id]);
    expect(dispatch.nextDueAt(14)).toBe(50);
    expect(dispatch.heads(51)).toHaveLength(2);
    pauses.put({
      kind: 'instrument',
      name: 'SEM2',
      reason: 'service',
      since: 51,
      until: undefined,
      code: undefined,
    });
    expect(dispatch.heads(51).map(({ id }) => id)).toEqual([second.id]);
  });

  it("keeps a person's hold when an error would pause the same lane", () => {
    const { pauses } = temp.ledger;
    const hold = {
      kind: 'lane',
      name: 'l',
      reason: 'mine',
      since: 1,
      until: undefined,
      code: undefined,
    } as const;
    pauses.put(hold);
    pauses.put({ ...hold, reason: 'token', code: 'TOKEN_REJECTED' });
    expect(pauses.inForce(2)).toMatchObject([{ reason: 'mine', code: undefined }]);
  });

  it('lets an error pause a lane on which the hold of a person is over', () => {
    const { pauses } = temp.ledger;
    const hold = { kind: 'lane', name: 'l', reason: 'mine', since: 1, until: 10, code: undefined } as const;
    pauses.put(hold);
    pauses.put({ ...hold, reason: 'token', since: 20, until: undefined, code: 'TOKEN_REJECTED' });
    expect(pauses.inForce(21)).toMatchObject([{ reason: 'token', code: 'TOKEN_REJECTED' }]);
  });

  it('settles a file again that was first seen while the clock was ahead', () => {
    const { looks } = temp.ledger;
    looks.record(SHARE, [look('SEM1/a', [entry('x')])], 999_999, 1);
    looks.record(SHARE, [look('SEM1/a', [entry('x')])], 1000, 2);
    expect(looks.find(SHARE, 'SEM1/a/x' as SharePath)?.facts.since).toBe(1000);
  });

  it('offers a batch whose next attempt was set by a clock that was ahead', () => {
    const { batches, dispatch } = temp.ledger;
    const plan = planOf('SEM1/a', [entry('x')]);
    batches.plan(plan, { lane: 'lane', at: 1, runNo: 1 });
    batches.markQueued(plan.id, 2);
    const error = { code: 'DESTINATION_BUSY', message: '503', hint: 'wait', at: 3 };
    batches.fail(batches.begin(plan.id, 3), { to: 'planned', error, notBefore: 10 * 365 * 86_400_000 });
    expect(dispatch.heads(4).map(({ id }) => id)).toEqual([plan.id]);
  });

  it('remembers that bytes of a batch may be at the destination, whatever becomes of it, and lets only its attempt say so', () => {
    const { looks, batches } = temp.ledger;
    looks.record(SHARE, [look('SEM1/a', [entry('x')])], 1, 1);
    const plan = planOf('SEM1/a', [entry('x')]);
    batches.plan(plan, { lane: 'lane', at: 2, runNo: 1 });
    batches.markQueued(plan.id, 3);
    const begun = batches.begin(plan.id, 4);
    expect(
      codeOf(() =>
        batches.sending({ id: plan.id, epoch: begun.epoch - 1 }, { id: 'c', name: 'c', location: 'c' }),
      ),
    ).toBe('LEASE_LOST');
    batches.sending(begun, { id: 'c', name: 'c', location: 'c' });
    batches.backToPlanned([plan.id], 'its job is gone', 5);
    looks.record(SHARE, [look('SEM1/a', [entry('x', 99, 2)])], 6, 2);
    const { no } = batches.head(plan.id);
    expect(looks.find(SHARE, 'SEM1/a/x' as SharePath)?.facts).toMatchObject({ batch: 0, prior: no });
  });

  it('tells other processes that it has changed', () => {
    const other = openLedger(temp.stateDir);
    const before = temp.ledger.version();
    other.looks.record(SHARE, [look('a', [entry('x')])], 1, 1);
    expect(temp.ledger.version()).not.toBe(before);
    other.close();
  });

  it('copied into memory takes changes that never reach the disk', () => {
    temp.ledger.looks.record(SHARE, [look('a', [entry('x')])], 1, 1);
    const copy = copyLedger(temp.stateDir);
    copy.looks.record(SHARE, [look('a', [entry('x'), entry('y')])], 2, 2);
    expect([...copy.looks.all(SHARE)][0]?.entries).toHaveLength(2);
    expect([...temp.ledger.looks.all(SHARE)][0]?.entries).toHaveLength(1);
    copy.close();
  });
});

describe('opening a ledger', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'nightjar-ledger-'));
  });
  afterEach(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  it('that a newer version wrote is refused and left as it was', () => {
    const db = new DatabaseSync(join(dir, 'ledger.db'));
    db.exec('PRAGMA user_version = 999');
    db.close();
    expect(codeOf(() => openLedger(dir))).toBe('LEDGER_TOO_NEW');
    expect(codeOf(() => copyLedger(dir))).toBe('LEDGER_TOO_NEW');
    const after = new DatabaseSync(join(dir, 'ledger.db'));
    expect(after.prepare('PRAGMA user_version').get()).toEqual({ user_version: 999 });
    after.close();
  });

  it('that is no ledger is refused', async () => {
    await writeFile(
      join(dir, 'ledger.db'),
      'this is not a database, but it is long enough to be read as one '.repeat(99),
    );
    expect(codeOf(() => openLedger(dir))).toBe('LEDGER_CORRUPT');
  });

  it('in a place that cannot be a directory says so', async () => {
    await writeFile(join(dir, 'file'), '');
    expect(codeOf(() => openLedger(join(dir, 'file', 'state')))).toBe('STATE_DIR_UNUSABLE');
  });

  it('is for one process at a time, and free again when that one is killed', async () => {
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL('../support/hold-lock.ts', import.meta.url)), dir],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    await once(child.stdout, 'data');
    expect(() => takeInstanceLock(dir, 'me')).toThrow(
      expect.objectContaining({
        code: 'LEDGER_LOCKED',
        message: expect.stringContaining('the other one') as string,
      }),
    );
    child.kill('SIGKILL');
    await once(child, 'exit');
    takeInstanceLock(dir, 'me').release();
    takeInstanceLock(dir, 'me').release();
  });
});
