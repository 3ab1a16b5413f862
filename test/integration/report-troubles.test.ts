import { describe, expect, it } from 'vitest';
import { destinationName, ownerId } from '../../src/core/ids.ts';
import type { SharePath } from '../../src/core/share-path.ts';
import type { Ledger } from '../../src/ledger/open-ledger.ts';
import { troublesOf } from '../../src/nightly/report-troubles.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { entry, planOf, tempLedger } from '../support/ledger-fixture.ts';
import { seedLedger } from '../support/seed-ledger.ts';

const NOW = Date.UTC(2026, 10, 20, 22);
const NOMAD = destinationName('nomad');
const RUN = { since: NOW - 3_600_000 };
const troubles = (ledger: Ledger) => troublesOf({ ledger, clock: new FakeClock(NOW) }, RUN);

/** A batch that was delivered into a container, and whether that was an older one than it should have been. */
function delivered(
  ledger: Ledger,
  { dir, owner, container, reused }: { dir: string; owner: string; container: string; reused?: string },
): void {
  const plan = planOf(dir, [entry('a')], {
    owner: ownerId(owner),
    destination: NOMAD,
    dataset: dir as SharePath,
  });
  const at = NOW - 1000;
  ledger.batches.plan(plan, { lane: `nomad/${owner} 11`, at, runNo: 1 });
  ledger.batches.markQueued(plan.id, at);
  const batch = ledger.batches.begin(plan.id, at);
  if (reused !== undefined) ledger.containers.tellReused(plan.id, reused, at);
  ledger.batches.sending(batch, {
    id: container,
    name: `name ${container}`,
    location: `https://x/${container}`,
  });
  const receipt = { evidence: 'confirmed', how: 'h', location: 'l', files: 1, bytes: 10 } as const;
  ledger.batches.deliver(batch, receipt, new Uint8Array(), at);
}

describe('what went wrong, in the report of a run', () => {
  it('is one thing for one refused token, however many batches wait for it, and says who, since when and what to do', async () => {
    await using temp = await tempLedger();
    const { ledger } = temp;
    const at = NOW - 60_000;
    seedLedger(
      ledger,
      [
        { dir: 'SEM1/bert/a', owner: 'bert', destination: 'nomad', to: 'held', code: 'TOKEN_REJECTED', at },
        { dir: 'SEM1/bert/b', owner: 'bert', destination: 'nomad', to: 'planned' },
        { dir: 'SEM1/bert/c', owner: 'bert', destination: 'nomad', to: 'planned' },
        { dir: 'SEM1/anna/a', owner: 'anna', destination: 'nomad', to: 'verified' },
      ],
      NOW,
    );
    const pause = { name: 'nomad/bert', reason: 'answered 401', since: at, until: undefined };
    ledger.pauses.put({ kind: 'lane', ...pause, code: 'TOKEN_REJECTED' });

    const [trouble, ...others] = troubles(ledger);

    expect(others).toEqual([]);
    expect(trouble).toMatchObject({
      ...{ kind: 'token', code: 'TOKEN_REJECTED', destination: 'nomad', owner: 'bert', since: at },
      what: 'The token of bert is refused by nomad.',
      waits: { batches: 3, files: 6, bytes: 6000 },
      datasets: ['SEM1/bert/a', 'SEM1/bert/b', 'SEM1/bert/c'],
    });
    expect(trouble?.help).toEqual([
      'Mend it.',
      'A new one: nightjar token enrol bert',
      'What waits goes by itself then; nothing is lost.',
    ]);
  });

  it('has the words of the destination for each dataset that it failed to process, and how to send it again', async () => {
    await using temp = await tempLedger();
    const { ledger } = temp;
    const failed = { to: 'held', code: 'RECEIPT_MISMATCH', destination: 'nomad' } as const;
    const plans = seedLedger(
      ledger,
      [
        { dir: 'SEM1/carl/a', owner: 'carl', ...failed },
        { dir: 'SEM1/carl/b', owner: 'carl', ...failed },
      ],
      NOW,
    );

    const found = troubles(ledger);

    expect(found.map(({ datasets }) => datasets)).toEqual([['SEM1/carl/a'], ['SEM1/carl/b']]);
    expect(found[0]).toMatchObject({
      ...{ kind: 'processing', owner: 'carl', said: 'it failed with RECEIPT_MISMATCH' },
      what: 'nomad does not have what was sent for carl as it was sent.',
      help: ['Mend it.', `Then: nightjar requeue ${plans[0]?.id}`],
    });
  });

  it('names the file that was taken out of its batch because its processing failed, with the words', async () => {
    await using temp = await tempLedger();
    const { ledger } = temp;
    const at = NOW - 1000;
    const [seeded] = seedLedger(
      ledger,
      [{ dir: 'SEM1/carl', owner: 'carl', destination: 'nomad', to: 'queued' }],
      NOW,
    );
    if (seeded === undefined) throw new Error('nothing was seeded');
    const batch = ledger.batches.begin(seeded.id, at);
    const path = 'SEM1/carl/a.tif' as SharePath;
    const error = { code: 'PROCESSING_FAILED', message: 'Bad CRC-32', hint: 'Look at it.', at, path };
    ledger.batches.withdraw(batch, error, { paths: [path], mark: 'refused' });

    expect(troubles(ledger)).toMatchObject([
      {
        ...{ kind: 'processing', owner: 'carl', said: 'Bad CRC-32', datasets: ['SEM1/carl/a.tif'] },
        what: 'nomad failed to process what was sent for carl.',
        waits: { batches: 1, files: 1, bytes: 1000 },
        help: ['Look at it.', 'Then: nightjar requeue --path lab:SEM1/carl/a.tif'],
      },
    ]);
  });

  it('is told once for a destination that stops everybody', async () => {
    await using temp = await tempLedger();
    const { ledger } = temp;
    seedLedger(
      ledger,
      ['anna', 'bert', 'carl'].map((owner) => ({
        ...{ dir: `SEM1/${owner}`, owner, destination: 'nomad', to: 'planned' as const },
      })),
      NOW,
    );
    const since = NOW - 5000;
    const pause = {
      kind: 'destination',
      name: 'nomad',
      reason: 'it is full',
      since,
      until: undefined,
    } as const;
    ledger.pauses.put({ ...pause, code: 'DISK_FULL' });

    const found = troubles(ledger);

    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      ...{
        kind: 'destination',
        what: 'There is no room left for what goes to nomad.',
        since,
        said: 'it is full',
      },
      waits: { batches: 3, files: 6 },
    });
    expect(found[0]).not.toHaveProperty('owner');
  });

  it('says nothing of what a person holds, of what waits its turn, and of what was rejected in earlier runs', async () => {
    await using temp = await tempLedger();
    const { ledger } = temp;
    seedLedger(
      ledger,
      [
        { dir: 'SEM1/anna', owner: 'anna', to: 'planned' },
        { dir: 'SEM1/bert', owner: 'bert', to: 'planned' },
        { dir: 'SEM1/carl', owner: 'carl', to: 'rejected', code: 'BATCH_REFUSED', at: RUN.since - 1 },
      ],
      NOW,
    );
    const byHand = { reason: 'on leave', since: NOW, until: undefined, code: undefined };
    ledger.pauses.put({ kind: 'owner', name: 'bert', ...byHand });

    expect(troubles(ledger)).toEqual([]);
  });

  it('tells at the limit which uploads the owner may publish, the oldest first, and where the data went', async () => {
    await using temp = await tempLedger();
    const { ledger } = temp;
    const remote = { id: 'old', name: 'name old', location: 'https://x/old' };
    const opened = { container: { remote, part: 1 }, owner: ownerId('dora'), at: NOW - 9e9 };
    ledger.containers.save({ destination: NOMAD, name: 'dora 09', ...opened });
    delivered(ledger, { dir: 'SEM1/dora/a', owner: 'dora', container: 'new' });
    delivered(ledger, { dir: 'SEM1/dora/b', owner: 'dora', container: 'new', reused: 'Limit' });
    delivered(ledger, { dir: 'SEM1/anna/a', owner: 'anna', container: 'other' });

    const found = troubles(ledger);

    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      ...{ kind: 'limit', owner: 'dora', destination: 'nomad', waits: { batches: 0, files: 0 } },
      containers: [{ id: 'old' }, { id: 'new' }],
      into: { id: 'new', name: 'name new', location: 'https://x/new' },
    });
    expect(found[0]?.what).toContain('The data went into the newest one open, "name new".');
    expect(found[0]?.help.join('\n')).toMatch(/publish[\s\S]*"name old" https:\/\/x\/old\n[\s\S]*"name new"/);
  });

  it('tells since when it is so, however often it was tried again since', async () => {
    await using temp = await tempLedger();
    const { ledger } = temp;
    const [first, again] = [NOW - 50 * 3_600_000, NOW - 60_000];
    const refused = { to: 'held', code: 'TOKEN_REJECTED', destination: 'nomad' } as const;
    const [plan] = seedLedger(ledger, [{ dir: 'SEM1/bert', owner: 'bert', ...refused, at: first }], NOW);
    const id = plan?.id;
    if (id === undefined) throw new Error('nothing was seeded');
    ledger.batches.requeue(id, again);
    ledger.batches.markQueued(id, again);
    const error = { code: 'TOKEN_REJECTED', message: 'answered 401', hint: 'h', at: again };
    ledger.batches.fail(ledger.batches.begin(id, again), { to: 'held', error });

    expect(troubles(ledger)).toMatchObject([{ since: first, said: 'answered 401' }]);
  });

  it('names no upload to publish that was published or deleted already, as far as deliveries have met it', async () => {
    await using temp = await tempLedger();
    const { ledger } = temp;
    delivered(ledger, { dir: 'SEM1/dora/a', owner: 'dora', container: 'published' });
    delivered(ledger, { dir: 'SEM1/dora/b', owner: 'dora', container: 'new', reused: 'Limit' });
    const gone = [...ledger.list()].find(({ dataset }) => dataset === 'SEM1/dora/a');
    if (gone === undefined) throw new Error('nothing was delivered');
    const heard = { which: 'it', why: 'w', at: NOW };
    ledger.lostContainers.forget({ destination: NOMAD, name: 'dora 11' }, gone.id, heard);

    expect(troubles(ledger)[0]?.containers?.map(({ id }) => id)).toEqual(['new']);
  });

  it('says no more of a limit once the data goes into another container again', async () => {
    await using temp = await tempLedger();
    const { ledger } = temp;
    delivered(ledger, { dir: 'SEM1/dora/a', owner: 'dora', container: 'old', reused: 'Limit' });
    delivered(ledger, { dir: 'SEM1/dora/b', owner: 'dora', container: 'new' });

    expect(troubles(ledger)).toEqual([]);
  });

  it('says at the limit that none is known to go on with, where there is none', async () => {
    await using temp = await tempLedger();
    const { ledger } = temp;
    const held = { to: 'held', code: 'QUOTA_EXCEEDED', destination: 'nomad' } as const;
    seedLedger(ledger, [{ dir: 'SEM1/emil', owner: 'emil', ...held }], NOW);

    const [trouble] = troubles(ledger);

    expect(trouble).toMatchObject({ kind: 'limit', owner: 'emil', containers: [] });
    expect(trouble?.what).toContain('None is known here that the data could go into: it is held.');
    expect(trouble?.help[0]).toContain('Ask emil to publish or to delete a container on the platform');
  });
});
