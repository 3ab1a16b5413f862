import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { destinationName, ownerId } from '../../src/core/ids.ts';
import type { Assign } from '../../src/core/model.ts';
import { joinPath, type SharePath } from '../../src/core/share-path.ts';
import type { Ledger } from '../../src/ledger/open-ledger.ts';
import type { NightlyEvent, NightlyParts } from '../../src/nightly/parts.ts';
import { planAll } from '../../src/nightly/plan-all.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { entry, look, SHARE, tempLedger } from '../support/ledger-fixture.ts';
import { noComparing } from '../support/no-comparing.ts';

const assign: Assign = (_share, path) => ({
  ...{
    kind: 'owned',
    owner: ownerId('mueller'),
    dataset: path.split('/').slice(0, 3).join('/') as SharePath,
  },
  ...{ instrument: 'SEM1', rule: 'rule 1', facts: {}, settleMs: 0 },
  ...{ destination: destinationName('archive'), compress: false },
});

function partsOn(ledger: Ledger, told: NightlyEvent[], onWake: () => void): NightlyParts {
  return {
    ...{ ledger, assign, clock: new FakeClock(5000), maxWaitMs: 0, stallMs: 1000, shares: [] },
    ...noComparing,
    limitsOf: () => ({ maxBytes: 1e9, maxFiles: 100 }),
    laneOf: () => 'archive/mueller',
    ...{ mappingKey: () => 'm', hasOwners: () => true },
    wake: onWake,
    delivered: () => Promise.resolve(),
    emit: (event) => told.push(event),
  };
}

const DIR = 'SEM1/mueller/run_17' as SharePath;
const entries = Array.from({ length: 5000 }, (_, at) => entry(`f${String(at).padStart(4, '0')}`));

it('writes a directory once for all of its batches, and every file is in the batch that lists it', async () => {
  await using temp = await tempLedger();
  const { ledger } = temp;
  const run = ledger.runs.start(1000, undefined);
  ledger.looks.record(SHARE, [look(DIR, entries)], 1000, run.no);
  const told: NightlyEvent[] = [];
  using other = new DatabaseSync(join(temp.stateDir, 'ledger.db'));
  other.exec(`CREATE TABLE written (dir INTEGER);
    CREATE TRIGGER on_write AFTER UPDATE OF facts ON dir BEGIN INSERT INTO written VALUES (new.id); END`);

  await planAll(
    partsOn(ledger, told, () => undefined),
    run,
    [SHARE],
    new AbortController().signal,
  );

  const writes = Number(other.prepare('SELECT count(*) AS n FROM written').get()?.['n']);
  expect(writes).toBe(1);
  const batches = [...ledger.list()];
  expect(batches).toHaveLength(50);
  expect(told).toHaveLength(50);
  const listedIn = batches.flatMap(({ id, no }) =>
    ledger.batches.get(id).files.map(({ path }) => [path, no] as const),
  );
  const heldBy = [...ledger.looks.all(SHARE)].flatMap(({ dir, entries: known }) =>
    known.map(({ entry: { name }, facts }) => [joinPath(dir, name), facts.batch] as const),
  );
  expect(heldBy).toEqual(listedIn);
});

it('has recorded every batch before the dispatcher is told of it', async () => {
  await using temp = await tempLedger();
  const { ledger } = temp;
  const run = ledger.runs.start(1000, undefined);
  ledger.looks.record(SHARE, [look(DIR, entries), look('SEM1/mueller/b', [entry('x')])], 1000, run.no);
  const told: NightlyEvent[] = [];
  const atWake: number[] = [];

  const parts = partsOn(ledger, told, () => atWake.push([...ledger.list({ states: ['planned'] })].length));
  await planAll(parts, run, [SHARE], new AbortController().signal);

  expect(atWake.at(-1)).toBe(51);
  expect(ledger.looks.find(SHARE, joinPath(DIR, 'f0000'))?.facts.batch).toBeGreaterThan(0);
});

it('plans nothing more when the evening is stopped', async () => {
  await using temp = await tempLedger();
  const { ledger } = temp;
  const run = ledger.runs.start(1000, undefined);
  ledger.looks.record(SHARE, [look(DIR, entries)], 1000, run.no);

  const planning = planAll(
    partsOn(ledger, [], () => undefined),
    run,
    [SHARE],
    AbortSignal.abort(),
  );

  await expect(planning).rejects.toThrow('aborted');
  expect([...ledger.list()]).toEqual([]);
});
