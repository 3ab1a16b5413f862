import { afterEach, beforeEach, expect, it } from 'vitest';
import { liftCured } from '../../src/app/lift-cured.ts';
import { IngestError } from '../../src/core/errors.ts';
import { ownerId } from '../../src/core/ids.ts';
import { deliverIntoNomad, type NomadDeliverer } from '../support/deliver-into-nomad.ts';

const signal = new AbortController().signal;
let lab: NomadDeliverer;
let asked = 0;

beforeEach(async () => {
  lab = await deliverIntoNomad('v1.3');
  asked = 0;
  for (const owner of ['ada', 'bob', 'eve']) {
    const batch = lab.plan(`SEM1/${owner}`, { 'a.tif': owner }, { owner: ownerId(owner) });
    lab.ledger.batches.fail(batch, {
      to: 'held',
      error: { code: 'TOKEN_REJECTED', message: 'x', hint: 'x', at: 1 },
    });
  }
});
afterEach(async () => await lab[Symbol.asyncDispose]());

/** Looks whether causes are gone, at a platform that answers each question so. */
async function lift(check: () => Promise<string>): Promise<string[]> {
  const counted = async (): Promise<string> => {
    asked += 1;
    return await check();
  };
  const destination = () => ({ ...lab.destination, check: counted });
  await liftCured({ ledger: lab.ledger, clock: lab.clock, destination }, async () => undefined, signal);
  return [...lab.ledger.list()].map(({ state }) => state);
}

it('a platform that hangs is asked once whether causes are gone, not once for each owner', async () => {
  const states = await lift(() =>
    Promise.reject(new IngestError('DESTINATION_STALLED', 'no byte moved', { hint: 'x' })),
  );

  expect([asked, ...states]).toEqual([1, 'held', 'held', 'held']);
});

it('a token that is still refused is asked about once for its owner, and holds no other', async () => {
  const states = await lift(() =>
    asked === 1
      ? Promise.reject(new IngestError('TOKEN_REJECTED', 'refused', { hint: 'x' }))
      : Promise.resolve('well'),
  );

  expect([asked, ...states.toSorted()]).toEqual([3, 'held', 'planned', 'planned']);
});
