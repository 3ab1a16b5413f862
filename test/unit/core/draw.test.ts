import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auditWeight, drawOrder } from '../../../src/core/draw.ts';

type One = { readonly id: string; readonly since: number; readonly bytes: number };
const NOW = 1_000 * 86_400_000;
const one = fc.record({
  id: fc.string({ minLength: 1, maxLength: 6 }),
  since: fc.integer({ min: 0, max: NOW - 1 }),
  bytes: fc.integer({ min: 0, max: 2 ** 45 }),
});
const all = fc.uniqueArray(one, { selector: ({ id }) => id, minLength: 1, maxLength: 12 });
const seed = fc.string({ maxLength: 8 });
const order = (list: readonly One[], by: string): readonly One[] =>
  drawOrder(list, by, (each) => auditWeight(each, NOW));

describe('the order in which old deliveries are drawn', () => {
  it('has each of them once, and is the same for the same seed however they are listed', () => {
    fc.assert(
      fc.property(all, seed, (list, by) => {
        const drawn = order(list, by);

        expect(drawn).toHaveLength(list.length);
        expect(new Set(drawn)).toEqual(new Set(list));
        expect(order(list.toReversed(), by)).toEqual(drawn);
      }),
    );
  });

  it('never puts one further back for being older or bigger', () => {
    fc.assert(
      fc.property(all, seed, fc.nat(), fc.nat(2 ** 40), (list, by, older, bigger) => {
        const [first, ...rest] = list;
        if (first === undefined) return;
        const more = { ...first, since: Math.max(0, first.since - older), bytes: first.bytes + bigger };
        const rank = (of: One): number => order([of, ...rest], by).indexOf(of);

        expect(rank(more)).toBeLessThanOrEqual(rank(first));
      }),
    );
  });

  it('draws old and big ones more often than young and small ones, and yet every one at times', () => {
    const list = Array.from({ length: 10 }, (_, at) => ({
      ...{ id: `b-${at}`, since: NOW - (at + 1) * 30 * 86_400_000, bytes: 10 ** (at + 1) },
    }));
    const drawn = new Map<string, number>();
    for (let at = 0; at < 400; at += 1)
      for (const { id } of order(list, `seed ${at}`).slice(0, 3)) drawn.set(id, (drawn.get(id) ?? 0) + 1);

    expect(drawn.size).toBe(10);
    expect(drawn.get('b-9') ?? 0).toBeGreaterThan(3 * (drawn.get('b-0') ?? 0));
  });
});
