import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BatchId, batchId, destinationName, ownerId } from '../../src/core/ids.ts';
import { chooseNext, type Head, mostInFlight, servedKey } from '../../src/queue/choose-next.ts';

const id = (at: number): BatchId => batchId(`b-${at.toString(16).padStart(32, '0')}`);

const moving = (batches: readonly Head[]) => batches.map((head) => ({ ...head, isStill: false }));

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
        let next = chooseNext(lanes, moving(chosen), new Map(), cap);
        next !== undefined;
        next = chooseNext(lanes, moving(chosen), new Map(), cap)
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
        const next = chooseNext(lanes, moving(inFlight), served, () => cap);
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

/** What may happen between two choices: a delivery stops moving, moves again, or ends. */
const happenings = fc.array(
  fc.record({ what: fc.constantFrom('stands', 'moves', 'ends', 'ends'), which: fc.nat() }),
  { minLength: 20, maxLength: 60 },
);

test('what stands still leaves its place, no more than twice the cap are in flight, and beyond the cap no owner has another', () => {
  fc.assert(
    fc.property(heads, fc.integer({ min: 1, max: 3 }), happenings, (lanes, cap, happened) => {
      const inFlight: (Head & { isStill: boolean })[] = [];
      const choose = (): Head | undefined => chooseNext(lanes, inFlight, new Map(), () => cap);
      for (const { what, which } of happened) {
        for (let next = choose(); next !== undefined; next = choose()) {
          const { destination, owner } = next;
          const here = inFlight.filter((one) => one.destination === destination);
          expect(here.filter(({ isStill }) => !isStill).length).toBeLessThan(cap);
          expect(here.length).toBeLessThan(mostInFlight(cap));
          expect(here.length < cap || here.every((one) => one.owner !== owner)).toBe(true);
          inFlight.push({ ...next, isStill: false });
        }
        for (const destination of ['d0', 'd1', 'd2']) {
          const here = inFlight.filter((one) => one.destination === destination);
          const left = lanes.filter(
            (one) => one.destination === destination && !here.some(({ id: at }) => at === one.id),
          );
          const others = left.filter(
            ({ owner }) => here.length < cap || here.every((one) => one.owner !== owner),
          );
          const still = here.filter(({ isStill }) => isStill).length;
          const isUsed = here.length - still >= cap || others.length === 0 || still > cap;
          expect(isUsed).toBe(true);
        }
        const at = which % Math.max(1, inFlight.length);
        const one = inFlight[at];
        if (one === undefined) continue;
        if (what === 'ends') inFlight.splice(at, 1);
        else one.isStill = what === 'stands';
      }
    }),
  );
});

test('an owner who does not hang finds a place beside as many owners as the cap who hang in all that they begin', () => {
  fc.assert(
    fc.property(heads, fc.integer({ min: 1, max: 5 }), happenings, (lanes, cap, happened) => {
      const here = lanes
        .filter(({ owner }) => Number(owner.slice(1)) < cap)
        .map((head) => ({ ...head, destination: destinationName('d0') }));
      const good = lane('good', 'd0', 1000);
      const inFlight: (Head & { isStill: boolean })[] = [];
      const choose = (from: readonly Head[]): Head | undefined =>
        chooseNext(from, inFlight, new Map(), () => cap);
      for (const { what, which } of happened) {
        for (let next = choose(here); next !== undefined; next = choose(here))
          inFlight.push({ ...next, isStill: false });
        for (const one of inFlight) one.isStill = true;

        expect(choose([good])?.owner).toBe('good');
        if (what === 'ends') inFlight.splice(which % Math.max(1, inFlight.length), 1);
      }
    }),
  );
});

test('a delivery that stands still makes room for one of another lane, once', () => {
  const lanes = ['ann', 'ben', 'cem'].map((owner, at) => lane(owner, 'nomad', at));
  const [ann, ben] = lanes as [Head, Head];
  const choose = (...inFlight: (Head & { isStill: boolean })[]): string | undefined =>
    chooseNext(lanes, inFlight, new Map(), () => 1)?.owner;

  expect(choose({ ...ann, isStill: false })).toBeUndefined();
  expect(choose({ ...ann, isStill: true })).toBe('ben');
  expect(choose({ ...ann, isStill: true }, { ...ben, isStill: false })).toBeUndefined();
  expect(choose({ ...ann, isStill: true }, { ...ben, isStill: true })).toBeUndefined();
});

test('an owner all of whose deliveries stand still keeps no place from the others', () => {
  const lanes = ['x', 'y', 'z'].map((month, at) => ({
    ...lane('ann', 'nomad', at),
    lane: `nomad/ann/${month}`,
  }));
  const others = ['ben', 'cem', 'dee'].map((owner, at) => lane(owner, 'nomad', 10 + at));
  const still = lanes.slice(0, 2).map((head) => ({ ...head, isStill: true }));
  const chosen: string[] = [];
  for (let turn = 0; turn < 3; turn++) {
    const inFlight = [...still, ...moving(others.filter(({ owner }) => chosen.includes(owner)))];
    const next = chooseNext([...lanes, ...others], inFlight, new Map(), () => 2);
    if (next !== undefined) chosen.push(next.owner);
  }

  expect(chosen).toEqual(['ben', 'cem']);
});
