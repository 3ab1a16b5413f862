import { assert, constantFrom, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ownerId } from '../../../src/core/ids.ts';
import { editDistance } from '../../../src/ownership/edit-distance.ts';
import { createOwnerIndex } from '../../../src/ownership/owner-index.ts';

const index = createOwnerIndex([
  { id: ownerId('mueller'), aliases: ['jmueller', 'J. Müller'] },
  { id: ownerId('Anna'), aliases: [] },
  { id: ownerId('anna'), aliases: ['a.b'] },
  { id: ownerId('zoe'), aliases: ['shared'] },
  { id: ownerId('yan'), aliases: ['shared'] },
]);

describe('an owner is found', () => {
  test.each([
    ['mueller', ['mueller']],
    ['jmueller', ['mueller']],
    ['MUELLER', ['mueller']],
    ['J. Müller', ['mueller']],
    ['j. mu\u0308LLER', ['mueller']],
    ['J. Mu\u0308ller', ['mueller']],
    ['Anna', ['Anna']],
    ['anna', ['anna']],
    ['ANNA', ['Anna', 'anna']],
    ['shared', ['zoe', 'yan']],
    ['axb', []],
    ['', []],
    ['__proto__', []],
    ['constructor', []],
    ['mueller ', []],
    ['muell\udc80er', []],
  ])('%s means %j', (name, owners) => {
    expect(index.find(name)).toEqual(owners);
  });
});

describe('the nearest name', () => {
  test.each([
    ['muelelr', { name: 'mueller', owner: 'mueller', edits: 1 }],
    ['mueler', { name: 'mueller', owner: 'mueller', edits: 1 }],
    ['JMULLER', { name: 'jmueller', owner: 'mueller', edits: 1 }],
    ['zo', undefined],
    ['xyz', undefined],
    ['service', undefined],
    ['', undefined],
  ])('of %s is %j', (name, expected) => {
    expect(index.nearest(name)).toEqual(expected);
  });
});

describe('edit distance', () => {
  test.each([
    ['', '', 0],
    ['abc', '', 3],
    ['jsmiht', 'jsmith', 1],
    ['kitten', 'sitting', 3],
    ['ca', 'abc', 3],
  ])('from %s to %s is %i', (left, right, edits) => {
    expect(editDistance(left, right, 9)).toBe(edits);
  });

  test('is not counted further than was asked', () => {
    expect(editDistance('kitten', 'sitting', 3)).toBe(3);
    expect(editDistance('kitten', 'sitting', 2)).toBeGreaterThan(2);
  });

  test('is the same both ways, zero only for equal texts, and never more than the longer text', () => {
    const text = string({ unit: constantFrom('a', 'b', 'c'), maxLength: 8 });
    const claim = property(text, text, (left, right) => {
      const edits = editDistance(left, right, 8);
      const isSane = (edits === 0) === (left === right) && edits === editDistance(right, left, 8);
      return isSane && edits <= Math.max(left.length, right.length);
    });

    expect(() => assert(claim)).not.toThrow();
  });
});
