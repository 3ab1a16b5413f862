import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Auditor, createAuditor } from '../../src/app/auditor.ts';
import type { Workspace } from '../../src/app/workspace.ts';
import { batchId } from '../../src/core/ids.ts';
import type { Destination } from '../../src/destinations/destination.ts';
import { createDirectory } from '../../src/destinations/directory/directory.ts';
import { auditIn } from '../../src/nightly/report-audit.ts';
import { type Deliverer, deliverInto } from '../support/deliver-into.ts';

let root: string;
let lab: Deliverer;
/** Called when a destination is asked, which then answers to nobody until it is stopped; undefined: it answers. */
let asked: (() => void) | undefined;
/** A destination that goes on when it is stopped. */
let isDeaf: boolean;
let destination: Destination;

const DAY = 86_400_000;

/** As an evening has it: of what was delivered a week ago. */
const weekly = (): Auditor =>
  createAuditor(
    {
      config: {
        audit: { everyMs: 7 * DAY, batches: 20, maxBytes: 1000 },
        ...{ credentials: { dir: root }, schedule: { timezone: 'UTC' }, destinations: [] },
      },
      ...{ ledger: lab.ledger, destination: () => destination, mapping: { current: () => ({}) } },
    } as unknown as Workspace,
    { clock: lab.clock, env: {}, emit: () => undefined },
  );

beforeEach(async () => {
  asked = undefined;
  isDeaf = false;
  root = await mkdtemp(join(tmpdir(), 'nightjar-audit-'));
  const directory = createDirectory({ root, verify: 'size' });
  destination = {
    ...directory,
    audit: async (...[container, content, asking]: Parameters<NonNullable<typeof directory.audit>>) => {
      const { call } = asking;
      if (asked === undefined)
        return (await directory.audit?.(container, content, asking)) ?? { how: '', wrong: [] };
      const stopped = new Promise<never>((_, reject) => {
        if (!isDeaf) call.signal.addEventListener('abort', () => reject(call.signal.reason as Error));
      });
      asked();
      return await stopped;
    },
  };
  lab = await deliverInto(
    () => destination,
    () => undefined,
  );
  for (const dir of ['SEM1/a', 'SEM1/b', 'SEM1/c']) lab.plan(dir, { 'x.tif': 'xx' });
  await lab.deliverAll();
});
afterEach(async () => {
  await lab[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

it.each([
  ['is stopped', false],
  ['cannot be stopped', true],
])(
  'asking for old deliveries comes to its end when its time is over; who did not answer and %s could not tell',
  async (_how, deaf) => {
    isDeaf = deaf;
    const over = Promise.withResolvers<void>();
    asked = over.resolve;

    const round = await lab.audit(100, 'a', { sleep: async () => await over.promise });

    expect(round).toEqual({ of: 3, holds: 0, gone: 0, unknown: 1 });
    expect(lab.ledger.reaudits.since(0).map(({ said }) => said)).toEqual([
      expect.stringContaining('did not tell within 1m') as string,
    ]);
  },
);

it('an evening that is told to end while old deliveries are asked for is not cut: they are left as they were', async () => {
  const stop = new AbortController();
  asked = () => stop.abort(new Error('the window is over'));
  isDeaf = true;

  expect(await lab.audit(100, 'a', { signal: stop.signal })).toEqual({
    of: 3,
    holds: 0,
    gone: 0,
    unknown: 0,
  });

  expect(lab.ledger.reaudits.since(0)).toEqual([]);
});

it('what a clock that was ahead had asked for is asked for again, and hides no time at which it is due', async () => {
  const year = 365 * 86_400_000;
  const { reaudits } = lab.ledger;
  lab.pass(10 * year);
  await weekly().whenDue(new AbortController().signal);
  expect(reaudits.lastRound(lab.clock.now())).toBeGreaterThan(Date.now() + 9 * year);
  lab.pass(-10 * year);

  expect(reaudits.lastRound(lab.clock.now())).toBeUndefined();
  const [head] = lab.ledger.list({ states: ['verified'] });
  expect(head && reaudits.heldAt(head, lab.clock.now())).toBeUndefined();
  expect(reaudits.candidates(lab.clock.now() + 1, lab.clock.now())).toHaveLength(3);
  expect(auditIn({ ledger: lab.ledger, clock: lab.clock }, { since: 0 })).toBeUndefined();
});

it('what a person asks for does not put off the weekly round, nor does it count as one', async () => {
  const { reaudits } = lab.ledger;
  const never = new AbortController().signal;
  await weekly().round({}, never);
  expect(reaudits.since(0)).toHaveLength(3);
  expect(reaudits.lastRound(lab.clock.now())).toBeUndefined();
  lab.pass(8 * DAY);

  await weekly().whenDue(never);
  const round = lab.clock.now();
  expect(reaudits.lastRound(round)).toBeGreaterThan(round - DAY);
  lab.pass(DAY);
  await weekly().round({}, never);

  expect(reaudits.lastRound(lab.clock.now())).toBeLessThanOrEqual(round);
});

it('the report warns of what is gone until it has been delivered again, and no longer', async () => {
  await rm(join(root, 'alice/data/lab/SEM1/a/x.tif'));
  await lab.audit();
  const told = () => auditIn({ ledger: lab.ledger, clock: lab.clock }, { since: 0 });
  const [lost] = told()?.gone ?? [];
  expect(lost?.dataset).toBe('SEM1/a');

  lab.ledger.batches.requeue(batchId(lost?.batch ?? ''), lab.clock.now());
  expect(told()?.gone).toHaveLength(1);
  await lab.deliverAll();

  expect(lab.ledger.batches.head(batchId(lost?.batch ?? '')).state).toBe('verified');
  expect(told()).toMatchObject({ holds: 2, gone: [] });
});
