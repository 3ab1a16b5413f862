import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BatchId } from '../../src/core/ids.ts';
import { deliverIntoNomad, type NomadDeliverer } from '../support/deliver-into-nomad.ts';
import type { Generation } from '../support/nomad-server.ts';

/** Another month, so another lane. */
const LONG_AGO = Date.UTC(2026, 0, 5);

const TWO = { 'a.tif': 'a', 'b.tif': 'b' };

describe.each<Generation>(['v1.3', 'v1.4'])('the uploads at a NOMAD of %s', (generation) => {
  let lab: NomadDeliverer;

  beforeEach(async () => {
    lab = await deliverIntoNomad(generation);
  });
  afterEach(async () => {
    await lab[Symbol.asyncDispose]();
  });

  const stateOf = (id: BatchId): string => lab.ledger.batches.head(id).state;
  const heard = (id: BatchId): readonly string[] =>
    lab.ledger
      .history(id)
      .flatMap(({ what, detail }) => (what.startsWith('container.') ? [`${what}: ${detail}`] : []));
  const filesIn = async (at: number): Promise<readonly string[]> =>
    [...(await lab.server.filesOf(lab.server.uploads()[at]?.id ?? '')).keys()].filter(
      (path) => !path.includes('.nightjar'),
    );
  const names = (): readonly (string | null)[] => lab.server.uploads().map(({ name }) => name);

  /** The making of an upload happens, and nobody is told. */
  function loseMaking(times: number): void {
    let left = times;
    lab.server.fault = ({ method, path }) => {
      if (method !== 'POST' || path !== '/uploads' || left === 0) return undefined;
      left -= 1;
      return { kind: 'answer-lost' };
    };
  }

  /** So many attempts fail before a byte of their parcel moves. */
  function failQuestions(times: number): void {
    let left = times;
    lab.server.fault = ({ path }) => {
      if (!path.includes('raw-create-dir') || left === 0) return undefined;
      left -= 1;
      return { kind: 'answer', status: 502 };
    };
  }

  it.each([
    ['published', (id: string) => lab.server.publish(id)],
    ['deleted', (id: string) => lab.server.removeUpload(id)],
  ])('that were %s are replaced once, at any attempt, under a name of their own', async (how, change) => {
    const first = lab.plan('SEM1/a', TWO);
    await lab.deliverAll();
    const second = lab.plan('SEM1/b', TWO);
    const third = lab.plan('SEM1/c', TWO);
    failQuestions(2);
    await lab.deliver(second.id);
    await lab.deliver(third.id);
    change(lab.server.uploads()[0]?.id ?? '');

    await lab.deliverAll();

    expect([stateOf(first.id), stateOf(second.id), stateOf(third.id)]).toEqual([
      'confirmed',
      'confirmed',
      'confirmed',
    ]);
    expect(names().at(-1)).toMatch(/ \(2\)$/);
    expect(await filesIn(lab.server.uploads().length - 1)).toHaveLength(4);
    expect(lab.events.filter(({ name }) => name === 'container.lost')).toHaveLength(1);
    // Which of the two met it first is a matter of their waits.
    expect([...heard(second.id), ...heard(third.id)]).toEqual([
      expect.stringMatching(/^container\.lost: .*(published|not found)/),
    ]);
    expect(heard(first.id)).toEqual([
      expect.stringMatching(
        /delivered into ".*" \(http[^)]*\), which takes nothing more: .*[^.]; look whether/,
      ),
    ]);
    expect(lab.ledger.lostContainers.mayHaveTaken(first.id)).toBe(how === 'deleted');
  });

  it('that were published after a parcel had no answer get no second copy without a person', async () => {
    const first = lab.plan('SEM1/a', TWO);
    lab.onParcels({ kind: 'answer-lost' }, 1);
    await lab.deliver(first.id);
    const other = lab.plan('SEM1/b', TWO);
    lab.server.publish(lab.server.uploads()[0]?.id ?? '');

    await lab.deliver(other.id);
    await lab.deliverAll();

    const { error } = lab.ledger.batches.head(first.id);
    expect([stateOf(first.id), stateOf(other.id)]).toEqual(['held', 'confirmed']);
    expect(error?.message).toContain('which was published after an attempt that had no answer');
    expect(error?.hint).toContain(`nightjar requeue ${first.id}`);

    lab.ledger.batches.requeue(first.id, Date.now() + 1000);
    await lab.deliverAll();
    expect(stateOf(first.id)).toBe('confirmed');
  });

  it('that were published after a parcel had no answer are read by a token that may', async () => {
    lab.token = lab.server.appToken('alice', 3600);
    const batch = lab.plan('SEM1/a', TWO);
    lab.onParcels({ kind: 'answer-lost' }, 1);
    await lab.deliver(batch.id);
    await lab.server.worker.idle();
    lab.server.publish(lab.server.uploads()[0]?.id ?? '');

    await lab.deliverAll();

    expect(stateOf(batch.id)).toBe('verified');
    expect(lab.parcels()).toBe(1);
  });

  it('that are lost again and again are replaced once, and a person is asked', async () => {
    const batch = lab.plan('SEM1/a', TWO);
    lab.server.fault = ({ method }) => {
      if (method === 'PUT') for (const { id } of lab.server.uploads()) lab.server.removeUpload(id);
      return undefined;
    };

    await lab.deliverAll();

    expect(stateOf(batch.id)).toBe('held');
    expect(lab.ledger.batches.head(batch.id).error?.code).toBe('CONTAINER_LOST');
    const made = lab.server.requests.filter(({ method, path }) => method === 'POST' && path === '/uploads');
    expect(made).toHaveLength(2);

    lab.server.fault = undefined;
    lab.ledger.batches.requeue(batch.id, Date.now() + 1000);
    await lab.deliverAll();
    expect(stateOf(batch.id)).toBe('confirmed');
  });

  it('are followed by another before refused parcels have filled the room for them', async () => {
    const first = lab.plan('SEM1/a', TWO);
    await lab.deliverAll();
    const second = lab.plan('SEM1/b', TWO);
    const refused = { kind: 'answer', status: 409, body: '{"detail":"no"}', afterBody: true } as const;
    lab.onParcels(refused, 80);
    for (let times = 0; times < 80; times += 1) {
      await lab.deliver(second.id);
      lab.ledger.batches.requeue(second.id, Date.now());
    }

    await lab.deliverAll();

    expect([stateOf(first.id), stateOf(second.id)]).toEqual(['confirmed', 'confirmed']);
    expect(names()).toEqual([expect.any(String), expect.stringMatching(/ \(2\)$/)]);
    expect(await filesIn(1)).toHaveLength(2);
  });

  it('are not asked again with a parcel whose format was refused', async () => {
    const batch = lab.plan('SEM1/a', TWO);
    const body = JSON.stringify({ detail: 'Cannot extract file. Bad file format or file extension?' });
    lab.onParcels({ kind: 'answer', status: 400, body, afterBody: true });

    await lab.deliverAll();

    expect([stateOf(batch.id), lab.parcels()]).toEqual(['rejected', 1]);
  });

  it('of which the answer was lost are found again by a token that may read', async () => {
    lab.token = lab.server.appToken('alice', 3600);
    const batch = lab.plan('SEM1/a', TWO);
    loseMaking(1);

    await lab.deliverAll();

    expect(stateOf(batch.id)).toBe('verified');
    expect(lab.server.uploads()).toHaveLength(1);
    expect(heard(batch.id)).toEqual([]);
  });

  it('are made anew where none of that name is there, or one that has been used', async () => {
    lab.token = lab.server.appToken('alice', 3600);
    const used = lab.plan('SEM1/a', TWO);
    await lab.deliverAll();
    const lane = { destination: used.destination, name: lab.ledger.batches.head(used.id).lane.slice(6) };
    const { id } = lab.server.uploads()[0] ?? { id: '' };
    lab.ledger.lostContainers.forget(lane, used.id, { which: 'it', why: 'a test', at: 0 });
    lab.ledger.openings.begin(used.destination, lane.name, { name: lane.name, at: 0 });
    const batch = lab.plan('SEM1/b', TWO);

    await lab.deliverAll();

    expect(stateOf(batch.id)).toBe('verified');
    expect(lab.ledger.containers.ofBatch(batch.id)?.id).not.toBe(id);
    expect(heard(batch.id)).toEqual([]);
  });

  it('of which the answer was lost are told as perhaps left over, where the token may not read', async () => {
    const batch = lab.plan('SEM1/a', TWO);
    loseMaking(1);

    await lab.deliverAll();

    expect(stateOf(batch.id)).toBe('confirmed');
    expect(heard(batch.id)).toEqual([
      expect.stringContaining('perhaps an empty container of that name is left over'),
    ]);
    expect(lab.events.filter(({ name }) => name === 'container.doubtful')).toHaveLength(1);
  });

  it('are not made again and again where no answer ever comes: a person is asked', async () => {
    const [first, second] = [lab.plan('SEM1/a', TWO), lab.plan('SEM1/b', TWO)];
    loseMaking(Number.POSITIVE_INFINITY);

    await lab.deliverAll();

    expect([stateOf(first.id), stateOf(second.id)]).toEqual(['held', 'held']);
    expect(lab.ledger.batches.head(first.id).error?.code).toBe('CONTAINER_UNCLEAR');
    expect(lab.server.uploads()).toHaveLength(2);

    lab.server.fault = undefined;
    lab.ledger.batches.requeue(first.id, Date.now());
    await lab.deliverAll();
    expect(stateOf(first.id)).toBe('confirmed');
  });

  it('are not in doubt when the platform refused to make one, or nobody was there', async () => {
    const batch = lab.plan('SEM1/a', TWO);
    lab.server.fault = ({ method, path }) =>
      method === 'POST' && path === '/uploads' ? { kind: 'answer', status: 503 } : undefined;
    await lab.deliver(batch.id);
    lab.server.fault = undefined;

    await lab.deliverAll();

    expect(stateOf(batch.id)).toBe('confirmed');
    expect(heard(batch.id)).toEqual([]);
  });

  it('that two lanes share take one delivery at a time', async () => {
    const first = lab.plan('SEM1/a', TWO);
    await lab.deliverAll();
    lab.server.unpublishedLimit = 1;
    const other = lab.plan('SEM1/b', TWO, { plannedAt: LONG_AGO });
    await lab.deliverAll();
    expect(lab.ledger.containers.ofBatch(other.id)?.id).toBe(lab.ledger.containers.ofBatch(first.id)?.id);
    const [one, two] = [lab.plan('SEM1/c', TWO), lab.plan('SEM1/d', TWO, { plannedAt: LONG_AGO })];

    const heads = lab.ledger.dispatch.heads(Date.now());
    lab.ledger.batches.markQueued(one.id, Date.now());
    const inFlight = lab.ledger.dispatch.inFlight();

    expect(heads.map(({ id }) => id)).toEqual([one.id, two.id]);
    expect(new Set([...heads, ...inFlight].map(({ lane }) => lane)).size).toBe(1);
  });

  it('take nothing while another batch is on its way into them, whatever was queued', async () => {
    const first = lab.plan('SEM1/a', TWO);
    await lab.deliverAll();
    const remote = lab.ledger.containers.ofBatch(first.id);
    const [one, two] = [lab.plan('SEM1/b', TWO), lab.plan('SEM1/c', TWO)];
    lab.ledger.batches.markQueued(one.id, Date.now());
    const begun = lab.ledger.batches.begin(one.id, Date.now());
    if (remote !== undefined) lab.ledger.batches.sending(begun, remote);
    const sent = lab.parcels();

    await lab.deliver(two.id);

    expect(lab.parcels()).toBe(sent);
    expect(lab.ledger.batches.head(two.id)).toMatchObject({
      state: 'planned',
      error: { code: 'DESTINATION_BUSY' },
    });
    lab.ledger.batches.backToPlanned([one.id], 'its process is gone', Date.now());
    await lab.deliverAll();
    expect([stateOf(one.id), stateOf(two.id)]).toEqual(['confirmed', 'confirmed']);
  });
});
