import { loadConfig } from '../../src/config/load-config.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { shareName } from '../../src/core/ids.ts';
import type { SharePath } from '../../src/core/share-path.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { planShare } from '../../src/nightly/plan-share.ts';
import { filesToTry, tryFiles } from '../../src/nightly/try-files.ts';
import { createAssigner } from '../../src/ownership/assign-owner.ts';
import type { Rule } from '../../src/ownership/mapping.ts';
import { scanShare } from '../../src/share/scan-share.ts';
import { MARKER, type ShareNode } from './build-share.ts';
import { type CliLab, cliLab } from './cli-lab.ts';
import { FakeClock } from './fake-clock.ts';

const SHARE = shareName('lab');

/** A small lab whose share is looked at with the real scanner, at times of a clock that the test moves. */
export type WatchedLab = AsyncDisposable & {
  readonly lab: CliLab;
  readonly clock: FakeClock;
  /** Writes or replaces files of the share. */
  readonly put: (tree: Readonly<Record<string, ShareNode>>) => Promise<void>;
  /** A look at the whole share, recorded as a run, and the try to open what a rule wants closed. */
  readonly look: () => Promise<void>;
  /** The longest that a rule asks its files to be quiet. */
  readonly settleMs: number;
  /** The files that an evening would plan now. */
  readonly ready: () => readonly SharePath[];
  /** The same at the last look, had rules asked for nothing but quiet. */
  readonly quiet: () => readonly SharePath[];
  /** Puts what is ready into batches, as an evening does; answers their files. */
  readonly plan: () => readonly SharePath[];
};

export async function watchedLab(
  folders: string,
  {
    now = Date.UTC(2026, 10, 24, 17, 40),
    extra = '',
    settle,
  }: { readonly now?: number; readonly extra?: string; readonly settle?: string } = {},
): Promise<WatchedLab> {
  const clock = new FakeClock(now);
  const lab = await cliLab({}, { folders, clock, extra, ...(settle === undefined ? {} : { settle }) });
  const config = loadConfig({ file: lab.config, env: {}, home: '/nonexistent' });
  const { rules } = config.mapping;
  const assigner = createAssigner(config.mapping);
  const plain = createAssigner({
    ...config.mapping,
    rules: rules.map(
      (rule) => Object.fromEntries(Object.entries(rule).filter(([key]) => key !== 'complete')) as Rule,
    ),
  });
  const assign = (_: unknown, path: SharePath) => assigner.assign(path);
  let run = { no: 0, since: 0 };
  let quiet: readonly SharePath[] = [];

  const planning = (record: boolean, by = assign): readonly SharePath[] =>
    lab.inLedger((ledger) => {
      const parts = { ledger, clock, assign: by };
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
      const ledger = openLedger(lab.stateDir);
      try {
        run = ledger.runs.start(clock.now(), undefined);
        ledger.looks.tryAgain(SHARE);
        ledger.looks.record(SHARE, looks, clock.now(), run.no);
        quiet = planning(false, (_, path) => plain.assign(path));
        const target = { name: SHARE, root: lab.share.root, marker: MARKER };
        const ticking: Clock = { ...systemClock, now: clock.now };
        const parts = { ledger, assign, clock: ticking, stallMs: 30_000 };
        const paths = filesToTry(parts, SHARE, run);
        if (paths.length > 0) await tryFiles(parts, target, paths, new AbortController().signal);
        ledger.runs.finish(run.no, clock.now(), 'done', '{}');
      } finally {
        ledger.close();
      }
    },
    settleMs: Math.max(...rules.map(({ settleMs = config.settleMs }) => settleMs)),
    ready: () => planning(false),
    quiet: () => quiet,
    plan: () => planning(true),
    [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose](),
  };
}

export const MINUTE = 60_000;
