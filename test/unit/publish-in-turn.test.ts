import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPublishInTurn } from '../../src/app/publish-in-turn.ts';
import { systemClock } from '../../src/core/clock.ts';
import { type BatchId, batchId, destinationName, ownerId } from '../../src/core/ids.ts';

type Delivered = { owner: string; destination: string; id: BatchId };

/** Publications that end when the test says so. */
function publishing(most: number) {
  const going = new Map<BatchId, { end: () => void; signal: AbortSignal }>();
  const done: BatchId[] = [];
  const errors: unknown[] = [];
  const inTurn = createPublishInTurn({
    publish: async (id, signal) => {
      await new Promise<void>((end) => {
        going.set(id, { end, signal });
        signal.addEventListener('abort', () => end());
      });
      going.delete(id);
      done.push(id);
      if (id.endsWith('f')) throw new Error('the ledger is full');
    },
    most: () => most,
    clock: systemClock,
    onError: (thrown) => errors.push(thrown),
  });
  const add = ({ id, owner, destination }: Delivered): void =>
    inTurn.add({ id, owner: ownerId(owner), destination: destinationName(destination) });
  const end = async (id: BatchId): Promise<void> => {
    going.get(id)?.end();
    for (let turns = 0; turns < 10; turns++) await Promise.resolve();
  };
  return { inTurn, add, end, going: () => [...going.keys()], done, errors };
}

const delivered = fc
  .array(fc.record({ owner: fc.constantFrom('a', 'b', 'c'), destination: fc.constantFrom('x', 'y') }), {
    maxLength: 20,
  })
  .map((all) => all.map((one, at) => ({ ...one, id: batchId(`b-${at.toString(16).padStart(32, '0')}`) })));

test('publications of an owner go one after another, so many at a destination, and each has its turn', async () => {
  await fc.assert(
    fc.asyncProperty(delivered, fc.integer({ min: 1, max: 3 }), fc.nat(), async (all, most, draw) => {
      const lab = publishing(most);
      for (const one of all) lab.add(one);

      while (lab.inTurn.isAtWork()) {
        const going = lab.going().map((id) => all.find((one) => one.id === id) as Delivered);
        expect(going.length).toBeGreaterThan(0);
        expect(new Set(going.map(({ owner, destination }) => `${destination}/${owner}`)).size).toBe(
          going.length,
        );
        for (const place of ['x', 'y'])
          expect(going.filter(({ destination }) => destination === place).length).toBeLessThanOrEqual(most);
        await lab.end((going[draw % going.length] as Delivered).id);
      }

      expect(lab.done.toSorted()).toEqual(all.map(({ id }) => id).toSorted());
      expect(lab.errors).toHaveLength(all.length === 16 || all.length > 16 ? 1 : 0);
    }),
  );
});

test('an owner whose publications hang keeps one place from the others, however many they are', async () => {
  const lab = publishing(2);
  const hanging = [0, 1, 2, 3].map((at) => ({
    owner: 'a',
    destination: 'x',
    id: batchId(`b-${'0'.repeat(31)}${at}`),
  }));
  const good = [4, 5].map((at) => ({
    owner: `o${at}`,
    destination: 'x',
    id: batchId(`b-${'0'.repeat(31)}${at}`),
  }));
  for (const one of [...hanging, ...good]) lab.add(one);

  expect(lab.going()).toEqual([hanging[0]?.id, good[0]?.id]);
  await lab.end(good[0]?.id as BatchId);
  expect(lab.going()).toEqual([hanging[0]?.id, good[1]?.id]);
});

test('at the end nothing more is begun, and what hangs is stopped', async () => {
  const lab = publishing(1);
  const [first, second] = [0, 1].map((at) => ({
    owner: 'a',
    destination: 'x',
    id: batchId(`b-${'0'.repeat(31)}${at}`),
  }));
  lab.add(first as Delivered);
  lab.add(second as Delivered);
  await lab.inTurn.drain(1);
  lab.add(second as Delivered);

  expect(lab.done).toEqual([first?.id]);
  expect(lab.inTurn.isAtWork()).toBe(false);
});
