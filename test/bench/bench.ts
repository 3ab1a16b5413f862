/**
 * `npm run bench -- [--quick] [--only scan,mapping,…] [--files N] [--rounds N] [--machine TEXT] [--write docs/performance.md]`
 * Measures the goals as ratios to what one would use today, in one run, and prints them. Works in the temp directory
 * and removes what it made there; writes nothing else unless asked with --write.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { dispatchFigures } from './dispatch-bench.ts';
import { eveningFigures } from './evening-bench.ts';
import { goalLines, goalTable, type Measured } from './goals.ts';
import { mappingFigures } from './mapping-bench.ts';
import { scanFigures } from './scan-bench.ts';

const GIB = 1024 ** 3;
const PARTS = ['scan', 'mapping', 'small', 'large', 'dispatch'] as const;
type Part = (typeof PARTS)[number];

type Sizes = {
  readonly scan: { readonly files: number; readonly rounds: number };
  readonly mapping: { readonly paths: number; readonly rounds: number };
  readonly small: { readonly files: number; readonly rounds: number };
  readonly large: { readonly files: number; readonly bytes: number; readonly rounds: number };
  readonly dispatch: { readonly waiting: number; readonly taken: number };
  readonly freeBytes: number;
};

const FULL: Sizes = {
  scan: { files: 1_000_000, rounds: 3 },
  mapping: { paths: 1_000_000, rounds: 3 },
  small: { files: 20_000, rounds: 3 },
  large: { files: 3, bytes: GIB, rounds: 3 },
  dispatch: { waiting: 10_000, taken: 1000 },
  freeBytes: 8 * GIB,
};
const QUICK: Sizes = {
  scan: { files: 10_000, rounds: 1 },
  mapping: { paths: 20_000, rounds: 1 },
  small: { files: 2000, rounds: 1 },
  large: { files: 3, bytes: GIB / 16, rounds: 1 },
  dispatch: { waiting: 500, taken: 200 },
  freeBytes: 2 * GIB,
};

const SMALL_BYTES = 8 * 1024;
const LANES = 20;
const MEBIBYTES = (bytes: number): string =>
  bytes >= GIB ? `${bytes / GIB} GiB` : `${bytes / 1024 ** 2} MiB`;

async function measure(sizes: Sizes, wanted: ReadonlySet<Part>): Promise<Measured> {
  const { scan, mapping, small, large, dispatch } = sizes;
  const on = async <T>(part: Part, work: () => Promise<T>): Promise<Record<string, T>> => {
    if (!wanted.has(part)) return {};
    process.stderr.write(`measuring ${part} …\n`);
    return { [part]: await work() };
  };
  return {
    ...(await on('scan', async () => await inTempDir((dir) => scanFigures(dir, scan.files, scan.rounds)))),
    ...(await on('mapping', async () => await mappingFigures(mapping.paths, mapping.rounds))),
    ...(await on('small', async () => {
      const name = `${small.files.toLocaleString('en-US')} × 8 KiB`;
      return await eveningFigures({ name, files: small.files, bytes: SMALL_BYTES }, { rounds: small.rounds });
    })),
    // No warm-up round: writing the tree has just brought it into memory.
    ...(await on('large', async () => {
      const { rounds, ...tree } = large;
      return await eveningFigures(
        { name: `${tree.files} × ${MEBIBYTES(tree.bytes)}`, ...tree },
        { rounds, warm: false },
      );
    })),
    ...(await on('dispatch', async () => await dispatchFigures(dispatch.waiting, dispatch.taken, LANES))),
  };
}

async function inTempDir<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'nightjar-bench-'));
  try {
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** The parts that can be measured here; says of the others why not. */
function possible(asked: readonly Part[], sizes: Sizes): Set<Part> {
  const missing = ['zip', 'curl'].filter((tool) => spawnSync(tool, ['--version']).error !== undefined);
  const { bavail, bsize } = statfsSync(tmpdir());
  const parts = new Set(asked);
  if (missing.length > 0) {
    console.error(
      `SKIPPED small, large: ${missing.join(' and ')} not found. Install: apt-get install zip curl`,
    );
    for (const part of ['small', 'large'] as const) parts.delete(part);
  }
  if (parts.size > 0 && bavail * bsize < sizes.freeBytes) {
    console.error(
      `${tmpdir()} has ${MEBIBYTES(bavail * bsize)} free; this run needs ${MEBIBYTES(sizes.freeBytes)}.`,
    );
    process.exit(75);
  }
  return parts;
}

function machineFacts(described: string | undefined, loadAtStart: number): string {
  const memory = `${Math.round(totalmem() / GIB)} GB`;
  const machine = described ?? `${cpus().length} cores, ${memory} of memory`;
  return `${machine}; Node ${process.versions.node}; load average ${loadAtStart.toFixed(1)} at the start of the run`;
}

function detail(measured: Measured): string {
  const rounded = (_: string, value: unknown): unknown =>
    typeof value === 'number' ? Math.round(value * 100) / 100 : value;
  return Object.entries(measured)
    .map(([part, figures]) => `${part}: ${JSON.stringify(figures, rounded)}`)
    .join('\n');
}

/** Fills the template's places; throws when it has one that nothing was measured for. */
function renderPage(values: Readonly<Record<string, string>>): string {
  const template = readFileSync(join(import.meta.dirname, 'performance.template.md'), 'utf8');
  return template.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined)
      throw new Error(`performance.template.md has a place for ${name}, which there is not`);
    return value;
  });
}

function partsFrom(only: string | undefined): Part[] {
  const named = only?.split(',') ?? PARTS;
  const parts = PARTS.filter((part) => named.includes(part));
  if (parts.length === named.length) return parts;
  throw new Error(`--only takes some of ${PARTS.join(',')}`);
}

const { values: asked } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    files: { type: 'string' },
    rounds: { type: 'string' },
    machine: { type: 'string' },
    write: { type: 'string' },
  },
});
const sized = asked.quick ? QUICK : FULL;
const sizes: Sizes = {
  ...sized,
  scan: {
    files: Number(asked.files ?? sized.scan.files),
    rounds: Number(asked.rounds ?? sized.scan.rounds),
  },
};
const facts = `${machineFacts(asked.machine, loadavg()[0] ?? 0)}${asked.quick ? '; quick sizes, too small to judge by' : ''}`;
const measured = await measure(sizes, possible(partsFrom(asked.only), sizes));
const table = goalTable(goalLines(measured));
console.log(`${facts}\n\n${table}\n\nSeconds are medians, memory is PSS:\n${detail(measured)}`);
if (asked.write !== undefined) {
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(asked.write, renderPage({ date, facts, table, detail: detail(measured) }));
}
