/**
 * Looks at a whole share against find, in the same tree and round: the first with everything new, one after which
 * nothing has changed, and one after which a thousand files have.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import { shareName } from '../../src/core/ids.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { scanShare } from '../../src/share/scan-share.ts';
import { alternate, peakMemory, processTree } from './measure.ts';

/** Seconds are medians; memory is the peak of this process and the scanner together, PSS. */
export type ScanFigures = {
  readonly files: number;
  readonly directories: number;
  readonly find: number;
  /** Looked at and recorded in an empty ledger, as the evening does it. */
  readonly first: number;
  /** Looked at again and compared with the ledger: nothing has changed. */
  readonly second: number;
  /** The same after `CHANGES` files in as many directories have grown. */
  readonly changed: number;
  /** The same of an empty directory: what starting the scanner costs, whatever the share's size. */
  readonly start: number;
  /** Of the first look, and of one after which nothing has changed. */
  readonly peakMiB: number;
  readonly againPeakMiB: number;
};

const SHARE = shareName('bench');
const FILES_A_DIR = 50;
export const CHANGES = 1000;

/** Measures in a new tree of empty files below `dir`, fifty in each directory. */
export async function scanFigures(dir: string, files: number, rounds = 5): Promise<ScanFigures> {
  const [root, empty, state] = [join(dir, 'share'), join(dir, 'empty'), join(dir, 'state')];
  mkdirSync(empty);
  const paths = buildTree(root, files);
  const first = async (): Promise<void> => {
    rmSync(state, { recursive: true, force: true });
    await look(root, state, files);
  };
  const again = async () => await look(root, state, files);
  const { change: _, ...seconds } = await alternate(
    {
      find: async () => find(root),
      first,
      second: again,
      change: async () => {
        for (const path of paths) appendFileSync(path, '.');
      },
      changed: again,
      start: async () => await look(empty, join(dir, 'empty-state'), 0),
    },
    { rounds },
  );
  const peakMiB = await peakMemory(() => processTree(process.pid), first);
  const againPeakMiB = await peakMemory(() => processTree(process.pid), again);
  return { files, directories: Math.ceil(files / FILES_A_DIR), ...seconds, peakMiB, againPeakMiB };
}

/** Gives the paths of files that are changed later: `CHANGES` of them, in different directories if there are as many. */
function buildTree(root: string, files: number): string[] {
  const every = Math.max(1, Math.floor(files / CHANGES));
  const picked: string[] = [];
  for (let file = 0, dir = root; file < files; file++) {
    if (file % FILES_A_DIR === 0) {
      const set = file / FILES_A_DIR;
      dir = join(root, `instrument${set % 10}`, `user${set % 50}`, `set_${set}`);
      mkdirSync(dir, { recursive: true });
    }
    const path = `${dir}/image_${String(file).padStart(8, '0')}.tif`;
    closeSync(openSync(path, 'wx'));
    if (file % every === 0 && picked.length < CHANGES) picked.push(path);
  }
  return picked;
}

function find(root: string): void {
  const { status } = spawnSync('find', [root, '-printf', '%p %s %T@\\n'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error('find failed');
}

async function look(root: string, state: string, files: number): Promise<void> {
  const clock = systemClock;
  const ledger = openLedger(state);
  try {
    const run = ledger.runs.start(clock.now(), undefined);
    const { signal } = new AbortController();
    const scan = scanShare({ name: SHARE, root }, { stallMs: 60_000, signal, clock });
    for await (const looks of scan.looks) ledger.looks.record(SHARE, looks, clock.now(), run.no);
    const seen = ledger.looks.seen(SHARE, run.no);
    if (seen.files !== files || scan.totals().files !== files) throw new Error(`recorded ${seen.files}`);
  } finally {
    ledger.close();
  }
}
