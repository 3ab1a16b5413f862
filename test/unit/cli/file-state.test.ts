import { describe, expect, it } from 'vitest';
import { stateOf } from '../../../src/cli/explain-path.ts';

const NOW = 1_000_000;

describe('the rung of the ladder that a file is on', () => {
  it('is seen until it has looked the same for long enough, and settled when only others keep it', () => {
    const verdict = { bucket: 'notSettled' } as const;

    expect(stateOf(verdict, { since: NOW - 999, lookedAt: NOW }, 1000)).toBe('seen');
    expect(stateOf(verdict, { since: NOW - 1000, lookedAt: NOW }, 1000)).toBe('settled');
  });

  it.each([
    ['held', 'held'],
    ['rejected', 'rejected'],
    ['excluded', 'excluded'],
    ['unreadable', 'unreadable'],
    ['ready', 'mapped'],
  ] as const)('of bucket %s is %s while no batch holds it', (bucket, state) => {
    expect(stateOf({ bucket }, { since: 0, lookedAt: NOW }, 1000)).toBe(state);
  });
});
