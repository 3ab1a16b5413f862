import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BatchId, batchId, destinationName, ownerId } from '../../src/core/ids.ts';
import { chooseNext, type Head, servedKey } from '../../src/queue/choose-next.ts';

const id = (at: number): BatchId => batchId(`b-${at.toString(16).padStart(32, '0')}`);

/** Lanes belong to one owner at one destination, as containers do; each has one head. */
const heads = fc
  .uniqueArray(
    fc.record({
      owner: fc.nat(5),
      destination: fc.nat(2),
      month: fc.nat(2),
      plannedAt: fc.nat(100),
    }),
    { selector: (lane) => `${lane.owner}/${lane.destination}/${lane.month}`, maxLength: 30 },
  )
  .map((lanes) =>
    lanes.map(
      ({ owner, destination, month, plannedAt }, at): Head => ({
        id: id(at),
        lane: `d${destination}/o${owner}/${month}`,
        owner: ownerId(`o${owner}`),
        destination: destinationName(`d${destination}`),
        plannedAt,
      }),
    ),
  );

test('never chooses a second batch of a lane, nor more than the cap of a destination', () => {
  fc.assert(
    fc.property(heads, fc.array(fc.nat(4), { minLength: 3, maxLength: 3 }), (lanes, limits) => {
      const cap = (destination: string): number => limits[Number(destination.slice(1))] ?? 0;
      const chosen: Head[] = [];
      for (
        let next = chooseNext(lanes, chosen, new Map(), cap);
        next !== undefined;
        next = chooseNext(lanes, chosen, new Map(), cap)
      ) {
        chosen.push(next);
      }

      expect(new Set(chosen.map((head) => head.lane)).size).toBe(chosen.length);
      for (const destination of ['d0', 'd1', 'd2']) {
        const wanted = lanes.filter((head) => head.destination === destination).length;
        const got = chosen.filter((head) => head.destination === destination).length;
        expect(got).toBe(Math.min(wanted, cap(destination)));
      }
    }),
  );
});

test('passes an owner who could go over at most once for each other owner at that destination', () => {
  const draws = fc.array(fc.nat(), { minLength: 60, maxLength: 60 });
  fc.assert(
    fc.property(heads, fc.integer({ min: 1, max: 3 }), draws, (lanes, cap, ends) => {
      const served = new Map<string, number>();
      const passedOver = new Map<string, number>();
      const inFlight: Head[] = [];
      // Every lane always has a next batch; which batch in flight ends next is drawn.
      for (const [turn, draw] of ends.entries()) {
        const next = chooseNext(lanes, inFlight, served, () => cap);
        if (next === undefined) {
          if (inFlight.length > 0) inFlight.splice(draw % inFlight.length, 1);
          continue;
        }
        const here = lanes.filter((head) => head.destination === next.destination);
        const couldGo = new Set(here.filter((head) => !inFlight.includes(head)).map((head) => head.owner));
        const owners = new Set(here.map((head) => head.owner));
        for (const owner of owners) {
          const key = servedKey(next.destination, owner);
          const waits = couldGo.has(owner) && owner !== next.owner;
          passedOver.set(key, waits ? (passedOver.get(key) ?? 0) + 1 : 0);
          expect(passedOver.get(key)).toBeLessThan(owners.size);
        }
        served.set(servedKey(next.destination, next.owner), turn + 1);
        inFlight.push(next);
      }
    }),
  );
});

const lane = (owner: string, destination: string, at: number): Head => ({
  id: id(at),
  lane: `${destination}/${owner}`,
  owner: ownerId(owner),
  destination: destinationName(destination),
  plannedAt: at,
});

test('gives a slow destination to every owner in turn while a fast one goes on', () => {
  const lanes = [
    lane('ann', 'slow', 0),
    lane('ben', 'slow', 1),
    lane('cem', 'fast', 2),
    lane('dee', 'fast', 3),
  ];
  const served = new Map<string, number>();
  const order: string[] = [];
  for (let turn = 1; turn <= 12; turn++) {
    const free = turn % 3 === 0 ? 'slow' : 'fast';
    const next = chooseNext(lanes, [], served, (destination) => (destination === free ? 1 : 0));
    if (next === undefined) throw new Error('nothing chosen');
    served.set(servedKey(next.destination, next.owner), turn);
    if (free === 'slow') order.push(next.owner);
  }

  expect(order).toEqual(['ann', 'ben', 'ann', 'ben']);
});

test('takes the oldest plan of an owner first', () => {
  const lanes = [3, 1, 2].map(
    (plannedAt): Head => ({
      id: id(plannedAt),
      lane: `lane ${plannedAt}`,
      owner: ownerId('ann'),
      destination: destinationName('nomad'),
      plannedAt,
    }),
  );

  expect(chooseNext(lanes, [], new Map(), () => 1)?.plannedAt).toBe(1);
});
