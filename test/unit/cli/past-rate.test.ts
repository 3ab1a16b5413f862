import { describe, expect, it } from 'vitest';
import { deliveryMs, expectedMs } from '../../../src/cli/past-rate.ts';

const event = (at: number, what: string) => ({ at, what, detail: '' });

describe('the rate of past deliveries', () => {
  it('is taken from the attempt that succeeded, not from those that failed before', () => {
    const history = [
      event(0, 'batch.planned'),
      event(1000, 'delivery.started'),
      event(50_000, 'delivery.retry'),
      event(60_000, 'delivery.started'),
      event(63_000, 'delivery.confirmed'),
    ];

    expect(deliveryMs(history)).toBe(3000);
  });

  it('is unknown without an end', () => {
    expect(deliveryMs([event(0, 'delivery.started'), event(1, 'delivery.held')])).toBeUndefined();
  });

  it('tells by bytes how long a load takes, lanes side by side', () => {
    const past = { deliveries: 2, bytes: 1000, ms: 10_000 };

    expect(expectedMs({ batches: 1, bytes: 500, lanes: 1 }, past, 2)).toBe(5000);
    expect(expectedMs({ batches: 9, bytes: 500, lanes: 9 }, past, 2)).toBe(2500);
  });

  it('tells by the number of batches where past ones had no bytes', () => {
    expect(expectedMs({ batches: 3, bytes: 500, lanes: 1 }, { deliveries: 1, bytes: 0, ms: 100 }, 1)).toBe(
      300,
    );
  });
});
