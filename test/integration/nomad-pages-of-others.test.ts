import { afterEach, beforeEach, expect, it } from 'vitest';
import type { BatchId } from '../../src/core/ids.ts';
import { deliverIntoNomad, type NomadDeliverer } from '../support/deliver-into-nomad.ts';
import { proxyPage } from '../support/nomad-server.ts';

const FILES = { 'a.tif': 'first', 'b.tif': 'second' };
const HOUR_MS = 3_600_000;

let lab: NomadDeliverer;
beforeEach(async () => {
  lab = await deliverIntoNomad('v1.3');
  lab.token = lab.server.appToken('alice', 3600);
});
afterEach(async () => await lab[Symbol.asyncDispose]());

const head = (id: BatchId) => lab.ledger.batches.head(id);

/** What an ingress says in the platform's place while that is rolled out anew, to each question about raw files. */
function answerForIt(): void {
  lab.server.fault = ({ path }) =>
    path.includes('/rawdir/') ? proxyPage(404, 'default backend - 404') : undefined;
}

it('a 404 of a proxy does not call an old delivery gone', async () => {
  const { id } = lab.plan('SEM1/a', FILES);
  await lab.deliverAll();
  answerForIt();

  const round = await lab.audit();

  expect(round).toMatchObject({ holds: 0, gone: 0, unknown: 1 });
  expect(head(id)).toMatchObject({ state: 'verified', error: undefined });
});

it('a 404 of a proxy does not call a delivery that is read back another than was sent', async () => {
  const { id } = lab.plan('SEM1/a', FILES);
  answerForIt();

  await lab.deliverAll();

  expect(head(id)).toMatchObject({ state: 'confirmed', error: undefined });
});

it('a 404 of a proxy is no reason to send a second copy of what may be in a published upload', async () => {
  const { id } = lab.plan('SEM1/a', FILES);
  lab.onParcels({ kind: 'answer-lost' }, 1);
  await lab.deliver(id);
  await lab.server.worker.idle();
  lab.server.publish(lab.server.uploads()[0]?.id ?? '');
  answerForIt();
  lab.pass(HOUR_MS);
  await lab.deliver(id);
  lab.server.fault = undefined;
  lab.pass(HOUR_MS);

  await lab.deliverAll();

  expect(head(id).state).toBe('verified');
  expect(lab.server.uploads()).toHaveLength(1);
});

it('a platform that is busy, and says so with 409, has not lost an old delivery', async () => {
  const { id } = lab.plan('SEM1/a', FILES);
  await lab.deliverAll();
  lab.server.fault = ({ method, path }) =>
    method === 'PUT' && path.includes('/raw/')
      ? {
          kind: 'answer',
          status: 409,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ detail: 'The upload is currently blocked by another process.' }),
        }
      : undefined;

  const round = await lab.audit();

  expect(round).toMatchObject({ gone: 0, unknown: 1 });
  expect(head(id)).toMatchObject({ state: 'verified', error: undefined });
});
