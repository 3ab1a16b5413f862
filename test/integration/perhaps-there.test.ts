import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkStillMeant } from '../../src/app/perhaps-there.ts';
import { withdrawOutdated } from '../../src/app/withdraw-outdated.ts';
import { ownerId } from '../../src/core/ids.ts';
import type { Assignment, Batch } from '../../src/core/model.ts';
import { deliverIntoNomad, type NomadDeliverer } from '../support/deliver-into-nomad.ts';

const FILES = { 'a.tif': 'first', 'b.tif': 'second' };

let lab: NomadDeliverer;
beforeEach(async () => {
  lab = await deliverIntoNomad('v1.3');
});
afterEach(async () => await lab[Symbol.asyncDispose]());

/** How many files of the data each upload has. */
const copies = (): Promise<number[]> =>
  Promise.all(
    lab.server
      .uploads()
      .map(
        async ({ id }) =>
          [...(await lab.server.filesOf(id)).keys()].filter((path) => path.endsWith('.tif')).length,
      ),
  );

type Change = { readonly apart?: string; readonly owner?: Batch['owner'] };

/** Nightjar starts with a mapping that says this of the batch, and plans what that takes back. */
function startWith(
  batch: Batch,
  change: Partial<Extract<Assignment, { kind: 'owned' }>>,
  maxBytes = 1e12,
): void {
  const meant: Assignment = {
    ...{ kind: 'owned' as const, owner: batch.owner, dataset: batch.dataset, instrument: 'SEM1' },
    ...{ rule: batch.rule, facts: {}, settleMs: 0, destination: batch.destination, compress: false },
    ...change,
  };
  const today = {
    ...{ ledger: lab.ledger, clock: lab.clock, assign: () => meant },
    limitsOf: () => ({ maxBytes, maxFiles: 1e6 }),
  };
  withdrawOutdated(today);
  // Only the batch of before: what is planned from now on is by today's mapping.
  lab.checkOwner = (of, step) => {
    if (of.apart === batch.apart && of.owner === batch.owner) checkStillMeant(of, step, today);
  };
}

const stateOf = ({ id }: Batch): string => lab.ledger.batches.head(id).state;

it('what may be in a published upload is not sent a second time by itself, though its rule is shared from now on', async () => {
  const batch = lab.plan('SEM1/a', FILES);
  let hasGone = false;
  lab.server.fault = ({ method, headers }) => {
    if (method === 'PUT' && headers['content-type'] === 'application/zip') hasGone = true;
    else if (hasGone) lab.server.publish(lab.server.uploads()[0]?.id ?? '');
    return undefined;
  };
  await lab.deliverAll();
  lab.server.fault = undefined;
  expect(lab.ledger.batches.head(batch.id).error?.message).toContain('not sent a second time by itself');

  startWith(batch, { apart: 'rule 2' });
  await lab.deliverAll();

  await lab.server.worker.idle();
  expect(stateOf(batch)).toBe('held');
  expect(await copies()).toEqual([2]);
  expect(lab.ledger.batches.requeue(batch.id, lab.clock.now())).toBe(true);
  startWith(batch, { apart: 'rule 2' });
  expect(stateOf(batch)).toBe('withdrawn');
});

it.each<[string, Change, number?]>([
  ['its rule is shared from now on', { apart: 'rule 2' }],
  ['it is larger than the limits from now on', {}, 1],
])('a parcel without an answer is looked for and found, though %s', async (_, change, maxBytes) => {
  const batch = lab.plan('SEM1/a', FILES);
  lab.onParcels({ kind: 'answer-lost' }, 1);
  await lab.deliver(batch.id);
  await lab.server.worker.idle();

  startWith(batch, change, maxBytes);
  await lab.deliverAll();

  expect(stateOf(batch)).toBe('confirmed');
  expect([await copies(), lab.parcels()]).toEqual([[2], 1]);
});

it('a parcel that was looked for and is not there is planned anew by the mapping of today', async () => {
  const batch = lab.plan('SEM1/a', FILES);
  lab.onParcels({ kind: 'answer-lost' }, 1);
  await lab.deliver(batch.id);
  await lab.server.worker.idle();
  await rm(join(lab.server.uploads()[0]?.dir ?? '', 'raw'), { recursive: true });

  startWith(batch, { apart: 'rule 2' });
  await lab.deliverAll();
  expect(stateOf(batch)).toBe('withdrawn');
  lab.plan('SEM1/a', FILES, { apart: 'rule 2' });
  await lab.deliverAll();

  expect(await copies()).toEqual(expect.arrayContaining([0, 2]));
});

it('a parcel without an answer whose data is given to another owner waits for a person, who is told where it may be', async () => {
  const batch = lab.plan('SEM1/a', FILES);
  lab.onParcels({ kind: 'answer-lost' }, 1);
  await lab.deliver(batch.id);
  await lab.server.worker.idle();

  startWith(batch, { owner: ownerId('chen') });
  await lab.deliverAll();

  const { state, error } = lab.ledger.batches.head(batch.id);
  expect([state, error?.code]).toEqual(['held', 'OUTCOME_UNKNOWN']);
  expect(error?.message).toContain(`may be in "${lab.ledger.containers.ofBatch(batch.id)?.name}"`);
  expect(lab.ledger.batches.requeue(batch.id, lab.clock.now())).toBe(true);
  startWith(batch, { owner: ownerId('chen') });
  expect(stateOf(batch)).toBe('withdrawn');
  expect([await copies(), lab.parcels()]).toEqual([[2], 1]);
});
