import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { createWatching } from '../../src/app/watch-shares.ts';
import { systemClock } from '../../src/core/clock.ts';
import { buildShare, MARKER } from '../support/build-share.ts';
import { SHARE, tempLedger } from '../support/ledger-fixture.ts';
import { untilTrue } from '../support/until.ts';

describe('a daemon that watches between evenings', () => {
  it('says once that it cannot, though it tries again after every evening, and says so when it can', async () => {
    await using share = await buildShare({ 'SEM1/run1/a': '1' });
    await using temp = await tempLedger();
    const { ledger } = temp;
    const said: string[] = [];
    const note = (...line: readonly unknown[]): void => void said.push(String(line[1]));
    const root = share.path('lab');
    const watch = createWatching({
      ...{ ledger, clock: systemClock, holder: 'test', log: { debug: note, info: note, warn: note } },
      config: {
        shares: [
          {
            ...{ name: SHARE, root, marker: MARKER, scanThreads: 1, stallMs: 30_000 },
            alarm: { enabled: false, evenings: 5, factor: 2, minFiles: 1000, minBytes: 1 },
            watch: { mode: 'auto', depth: 3, limit: 100, pauseMs: 1 },
          },
        ],
      },
    });
    const state = () => ledger.watches.of('test')[0]?.state;
    const day = async (expected: string): Promise<void> => {
      const evening = new AbortController();
      const watching = watch(evening.signal);
      await untilTrue(() => state() === expected, expected);
      evening.abort();
      await watching;
    };

    await day('failed');
    await day('failed');
    await share.put({ 'lab/SEM1/a': '1' });
    await day('watching');
    expect(state()).toBe('resting');
    await rm(root, { recursive: true });
    await day('failed');

    expect(said).toEqual(['watch.failed', 'watch.started', 'watch.failed']);
  });
});
