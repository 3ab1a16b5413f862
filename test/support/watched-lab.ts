import { loadConfig } from '../../src/config/load-config.ts';
import { systemClock } from '../../src/core/clock.ts';
import { shareName } from '../../src/core/ids.ts';
import type { SharePath } from '../../src/core/share-path.ts';
import { planShare } from '../../src/nightly/plan-share.ts';
import { createAssigner } from '../../src/ownership/assign-owner.ts';
import { scanShare } from '../../src/share/scan-share.ts';
import type { ShareNode } from './build-share.ts';
import { type CliLab, cliLab } from './cli-lab.ts';
import { FakeClock } from './fake-clock.ts';

const SHARE = shareName('lab');

/** A small lab whose share is looked at with the real scanner, at times of a clock that the test moves. */
export type WatchedLab = AsyncDisposable & {
  readonly lab: CliLab;
  readonly clock: FakeClock;
  /** Writes or replaces files of the share. */
  readonly put: (tree: Readonly<Record<string, ShareNode>>) => Promise<void>;
  /** A look at the whole share, recorded as a run. */
  readonly look: () => Promise<void>;
  /** The files that an evening would plan now. */
  readonly ready: () => readonly SharePath[];
  /** Puts what is ready into batches, as an evening does; answers their files. */
  readonly plan: () => readonly SharePath[];
};

export async function watchedLab(
  folders: string,
  { now = Date.UTC(2026, 10, 24, 17, 40), extra = '' }: { now?: number; extra?: string } = {},
): Promise<WatchedLab> {
  const clock = new FakeClock(now);
  const lab = await cliLab({}, { folders, clock, extra });
  const config = loadConfig({ file: lab.config, env: {}, home: '/nonexistent' });
  const assigner = createAssigner(config.mapping);
  let run = { no: 0, since: 0 };

  const planning = (record: boolean): readonly SharePath[] =>
    lab.inLedger((ledger) => {
      const parts = { ledger, clock, assign: (_: unknown, path: SharePath) => assigner.assign(path) };
      const limitsOf = () => ({ maxBytes: 2 ** 40, maxFiles: 1_000_000 });
      const plans = [...planShare({ ...parts, limitsOf }, SHARE, run)];
      if (record)
        for (const plan of plans)
          ledger.batches.plan(plan, { lane: 'archive/all', at: clock.now(), runNo: run.no });
      return plans.flatMap(({ files }) => files.map(({ path }) => path)).sort();
    });
  return {
    lab,
    clock,
    put: lab.share.put,
    look: async () => {
      const scan = scanShare(
        { name: SHARE, root: lab.share.root },
        { threads: 1, stallMs: 30_000, signal: new AbortController().signal, clock: systemClock },
      );
      const looks = (await Array.fromAsync(scan.looks)).flat();
      run = lab.inLedger((ledger) => {
        const started = ledger.runs.start(clock.now(), undefined);
        ledger.looks.record(SHARE, looks, clock.now(), started.no);
        ledger.runs.finish(started.no, clock.now(), 'done', '{}');
        return started;
      });
    },
    ready: () => planning(false),
    plan: () => planning(true),
    [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose](),
  };
}

export const MINUTE = 60_000;
