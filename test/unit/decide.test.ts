import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES, type ErrorCode, IngestError } from '../../src/core/errors.ts';
import { batchId } from '../../src/core/ids.ts';
import { decide } from '../../src/delivery/decide.ts';

const policy = { limit: 3, firstMs: 1000, maxMs: 60_000 };
const attempt = (attempts: number) => ({
  ...{ attempts, now: 1_000_000, random: () => 1, stopped: false },
  ...{ files: 4, before: attempts - 1 },
});
const error = (code: ErrorCode, details: { path?: string; retryAfterMs?: number } = {}): IngestError =>
  new IngestError(code, 'it failed', {
    hint: 'look',
    retryAfterMs: details.retryAfterMs,
    context: details.path === undefined ? {} : { path: details.path },
  });

describe('decide', () => {
  it('tries again with doubling waits, then asks a person', () => {
    const waits = [1, 2, 3].map((n) => decide(error('DESTINATION_UNREACHABLE'), attempt(n), policy));
    expect(waits.map((decision) => (decision.do === 'retry' ? decision.notBefore - 1_000_000 : -1))).toEqual([
      1000, 2000, 4000,
    ]);
    expect(decide(error('DESTINATION_UNREACHABLE'), attempt(4), policy)).toEqual({
      do: 'hold',
      pause: undefined,
    });
  });

  it('lets the destination say when to come back', () => {
    expect(decide(error('DESTINATION_BUSY', { retryAfterMs: 123 }), attempt(1), policy)).toMatchObject({
      notBefore: 1_000_123,
    });
  });

  it.each(['FILE_CHANGED', 'FILE_VANISHED', 'FILE_UNREADABLE'] as const)(
    'cuts the batch again without the file after %s',
    (code) => {
      expect(decide(error(code, { path: 'a/b' }), attempt(1), policy)).toEqual({
        do: 'recut',
        paths: ['a/b'],
        mark: code === 'FILE_UNREADABLE' ? 'unreadable' : 'none',
      });
    },
  );

  it('cuts out all the files an error names, and withdraws what the mapping of today would not make', () => {
    const gone = new IngestError('FILE_VANISHED', 'gone', {
      hint: 'none',
      context: { path: 'a', paths: ['a', 'b'] },
    });
    expect(decide(gone, attempt(1), policy)).toEqual({ do: 'recut', paths: ['a', 'b'], mark: 'none' });
    expect(decide(error('MAPPING_CHANGED'), attempt(1), policy)).toEqual({ do: 'withdraw' });
  });

  it.each(['TOKEN_MISSING', 'TOKEN_UNSAFE', 'TOKEN_REJECTED', 'QUOTA_EXCEEDED'] as const)(
    'stops only the lane of the account after %s',
    (code) => {
      expect(decide(error(code), attempt(1), policy)).toEqual({ do: 'hold', pause: 'lane' });
    },
  );

  it.each(['DISK_FULL', 'DESTINATION_UNUSABLE', 'CONFIG_INVALID'] as const)(
    'stops the destination after %s',
    (code) => {
      expect(decide(error(code), attempt(1), policy)).toEqual({ do: 'hold', pause: 'destination' });
    },
  );

  it('makes a lost container anew at any attempt, as long as its lane may have another', () => {
    for (const n of [1, 5]) {
      const lost = error('CONTAINER_LOST');
      expect(decide(lost, { ...attempt(n), mayReplace: true }, policy)).toMatchObject({
        do: 'retry',
        forgetContainer: true,
      });
      expect(decide(lost, { ...attempt(n), mayReplace: false }, policy)).toMatchObject({ do: 'hold' });
    }
  });

  it('finds by halves what the destination fails on, and never tears apart what it fails on as a whole', () => {
    const failed = error('PROCESSING_FAILED');
    const named = error('PROCESSING_FAILED', { path: 'a/b' });
    const ill = new IngestError('PROCESSING_FAILED', 'full', { hint: 'x', context: { ofPlatform: true } });
    const whole = batchId(`b-${'0'.repeat(32)}`);
    const one = { ...attempt(1), files: 1 };

    expect(decide(named, attempt(1), policy)).toEqual({ do: 'recut', paths: ['a/b'], mark: 'refused' });
    expect(decide(failed, attempt(1), policy)).toEqual({ do: 'halve' });
    expect(decide(failed, { ...attempt(1), otherHalf: { whole, saidAlike: true } }, policy)).toEqual({
      do: 'rejoin',
      whole,
    });
    expect(decide(failed, { ...one, otherHalf: { whole, saidAlike: false } }, policy)).toMatchObject({
      do: 'retry',
    });
    expect(decide(failed, { ...one, before: 1 }, policy)).toEqual({ do: 'reject' });
    expect(decide(ill, attempt(1), policy)).toEqual({ do: 'hold', pause: undefined });
  });

  it('sends a dropped parcel again three times, whatever else it was put off for', () => {
    const decisions = [0, 2, 3].map((before) =>
      decide(error('PARCEL_DROPPED'), { ...attempt(1), before }, { ...policy, limit: 10 }),
    );

    expect(decisions.map((decision) => decision.do)).toEqual(['retry', 'retry', 'hold']);
  });

  it('uses no attempt up when we stopped it, and leaves a batch alone that another has', () => {
    expect(decide(error('INTERRUPTED'), { ...attempt(9), stopped: true }, policy)).toEqual({
      do: 'interrupt',
    });
    expect(decide(error('INTERRUPTED'), attempt(1), policy)).toMatchObject({ do: 'retry' });
    expect(decide(error('LEASE_LOST'), attempt(9), policy)).toEqual({ do: 'nothing' });
  });

  it('never tries a permanent failure again, and never rejects what is not permanent', () => {
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
      const decision = decide(error(code), attempt(1), policy);
      expect(decision.do === 'reject', code).toBe(ERROR_CODES[code] === 'permanent');
    }
  });

  it('waits between half and the whole of a step that never exceeds the longest wait', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (attempts, random) => {
          const decision = decide(
            error('DESTINATION_BUSY'),
            { ...attempt(attempts), now: 0, random: () => random },
            { ...policy, limit: 100 },
          );
          const step = Math.min(policy.maxMs, policy.firstMs * 2 ** (attempts - 1));
          expect(decision.do).toBe('retry');
          if (decision.do !== 'retry') return;
          expect(decision.notBefore).toBeGreaterThanOrEqual(Math.floor(step / 2));
          expect(decision.notBefore).toBeLessThanOrEqual(step);
        },
      ),
    );
  });
});
