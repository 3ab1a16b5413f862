import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { releaseHeld } from '../../src/app/release-held.ts';
import type { BatchId } from '../../src/core/ids.ts';
import { deliverIntoNomad, type NomadDeliverer } from '../support/deliver-into-nomad.ts';
import type { Generation } from '../support/nomad-server.ts';

type Step = 'open' | 'send' | 'close';
const FILES = { 'a.tif': 'first', 'b.tif': 'second' };
const WHOLE = Object.values(FILES)
  .map((text) => createHash('sha256').update(text).digest('hex'))
  .toSorted();

describe.each<Generation>(['v1.3', 'v1.4'])('in the middle of a delivery to NOMAD %s', (generation) => {
  let lab: NomadDeliverer;
  let id: BatchId;

  beforeEach(async () => {
    lab = await deliverIntoNomad(generation);
    ({ id } = lab.plan('SEM1/a', FILES));
  });
  afterEach(async () => await lab[Symbol.asyncDispose]());

  /** Once, right before the platform answers the first request of a step; `open`: right after the upload was made. */
  function at(step: Step, happens: (uploadId: string) => void): void {
    let [sent, done] = [false, false];
    lab.server.fault = ({ method, headers, path }) => {
      const isParcel = method === 'PUT' && headers['content-type'] === 'application/zip';
      const now: Step = sent ? 'close' : isParcel ? 'send' : 'open';
      sent ||= isParcel;
      if (done || now !== step || !path.startsWith('/uploads/')) return undefined;
      done = true;
      happens(lab.server.uploads()[0]?.id ?? '');
      return undefined;
    };
  }

  /** SHA-256 of the files of the batch over all uploads. */
  async function hashes(): Promise<string[]> {
    await lab.server.worker.idle();
    const all = await Promise.all(
      lab.server.uploads().map(async (one) => [...(await lab.server.sha256Of(one.id))]),
    );
    return all
      .flat()
      .filter(([path]) => !path.includes('/.nightjar/'))
      .map(([, hash]) => hash)
      .toSorted();
  }
  const stateOf = (): string => {
    const { state, error } = lab.ledger.batches.head(id);
    return state === 'confirmed' ? state : `${state} ${error?.code}`;
  };
  const made = (): number =>
    lab.server.requests.filter(({ method, path }) => method === 'POST' && path === '/uploads').length;

  it.each<Step>(['open', 'send', 'close'])(
    'a token that is refused at %s stops its owner, and what had arrived is not sent a second time',
    async (step) => {
      at(step, () => {
        lab.server.outage = true;
      });

      await lab.deliver(id);

      expect(stateOf()).toBe('held TOKEN_REJECTED');
      expect(lab.ledger.pauses.inForce(Date.now())).toMatchObject([{ kind: 'lane', code: 'TOKEN_REJECTED' }]);

      lab.server.outage = false;
      const [pause] = lab.ledger.pauses.inForce(Date.now());
      lab.ledger.pauses.lift('lane', pause?.name ?? '', Date.now());
      expect(releaseHeld(lab.ledger, () => true, Date.now())).toBe(1);
      await lab.deliverAll();

      expect(stateOf()).toBe('confirmed');
      expect(await hashes()).toEqual(WHOLE);
      expect(made()).toBe(1);
      expect(lab.parcels()).toBe(step === 'send' ? 2 : 1);
    },
  );

  it('a token that is refused after the parcel brings no second copy, though the upload is published until it is taken again', async () => {
    at('close', () => {
      lab.server.outage = true;
    });
    await lab.deliver(id);
    lab.server.outage = false;
    lab.server.publish(lab.server.uploads()[0]?.id ?? '');

    const [pause] = lab.ledger.pauses.inForce(Date.now());
    lab.ledger.pauses.lift('lane', pause?.name ?? '', Date.now());
    releaseHeld(lab.ledger, () => true, Date.now());
    await lab.deliverAll();

    expect(stateOf()).toBe('held CONTAINER_LOST');
    expect(await hashes()).toEqual(WHOLE);
    expect(lab.parcels()).toBe(1);
  });

  it.each<[string, string, Step, (upload: string) => unknown]>([
    ['published', 'right after it was made', 'open', (upload) => lab.server.publish(upload)],
    ['deleted', 'right after it was made', 'open', (upload) => lab.server.removeUpload(upload)],
    ['taken away', 'right after it was made', 'open', (upload) => lab.server.takeAccess(upload)],
    ['published', 'while the parcel comes', 'send', (upload) => lab.server.publish(upload)],
    ['deleted', 'while the parcel comes', 'send', (upload) => lab.server.removeUpload(upload)],
    ['taken away', 'while the parcel comes', 'send', (upload) => lab.server.takeAccess(upload)],
  ])('an upload that is %s %s is replaced once, and told', async (_what, _when, step, happens) => {
    at(step, happens);

    await lab.deliverAll();

    expect(stateOf()).toBe('confirmed');
    expect(await hashes()).toEqual(WHOLE);
    expect(made()).toBe(2);
    expect(lab.events.filter(({ name }) => name === 'container.lost')).toHaveLength(1);
  });

  it('an upload that is deleted after it took the parcel is replaced once, with the whole batch', async () => {
    at('close', (upload) => lab.server.removeUpload(upload));

    await lab.deliverAll();

    expect(stateOf()).toBe('confirmed');
    expect(await hashes()).toEqual(WHOLE);
    expect(made()).toBe(2);
  });

  it('an upload that is taken away after it took the parcel is replaced once, with the whole batch', async () => {
    at('close', (upload) => lab.server.takeAccess(upload));

    await lab.deliverAll();

    expect(stateOf()).toBe('confirmed');
    expect(await hashes()).toEqual([...WHOLE, ...WHOLE].toSorted());
    expect(made()).toBe(2);
  });

  it('an upload that is published after it took the parcel gets no second copy without a person', async () => {
    at('close', (upload) => lab.server.publish(upload));

    await lab.deliverAll();

    expect(stateOf()).toBe('held CONTAINER_LOST');
    expect(lab.ledger.batches.head(id).error?.message).toContain('may be in');
    expect(await hashes()).toEqual(WHOLE);
    expect(lab.parcels()).toBe(1);
  });

  it('an upload that is published after it took the parcel is read by a token that may', async () => {
    lab.token = lab.server.appToken('alice', 3600);
    at('close', (upload) => lab.server.publish(upload));

    await lab.deliverAll();

    expect(stateOf()).toContain('verified');
    expect(lab.parcels()).toBe(1);
  });
});
