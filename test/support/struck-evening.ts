import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Ledger, openLedger } from '../../src/ledger/open-ledger.ts';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { findBreaches } from './check-truth.ts';
import { LAUNCHER } from './lab.ts';
import { type NomadLab, nomadLab } from './nomad-lab.ts';
import { type Generation, type NomadServer, startNomadServer } from './nomad-server.ts';
import type { Strike, Strikes } from './strike-at-commit.ts';

const PRELOAD = fileURLToPath(new URL('strike-at-commit.ts', import.meta.url));

/** The commits that are the boundaries of the steps, by a part of what they write. */
export const STEP_COMMITS = {
  look: 'INTO dir ',
  plan: 'batch.planned',
  queue: 'batch.queued',
  open: 'INSERT INTO container',
  send: 'sent = 1, ',
  close: 'sent_hashes = CASE',
  record: 'delivery.confirmed',
  report: 'UPDATE run SET outcome',
} as const;

/** A lab of one owner with a write-only token, whose evenings can be struck at any commit. */
export type StruckLab = AsyncDisposable & {
  readonly nomad: NomadServer;
  readonly lab: NomadLab;
  /** A dataset of one file with bytes of its own: one batch. */
  readonly addDataset: (name: string) => Promise<void>;
  /** `nightjar run --json`, or `args`, that gets these signals. */
  readonly start: (strikes: readonly Strike[], ...args: readonly string[]) => ChildProcess;
  /** A program of ours in its place, under the same Node. */
  readonly startScript: (
    strikes: readonly Strike[],
    script: string,
    ...args: readonly string[]
  ) => ChildProcess;
  /** `nightjar run --json` to its end; the signal that ended it, or its exit code. */
  readonly struck: (...strikes: readonly Strike[]) => Promise<NodeJS.Signals | number | null>;
  readonly commits: string;
  /** Where each parcel was put that the platform has got, whole or not, in order. */
  readonly sent: () => readonly string[];
  /** An evening without strikes, and what is wrong after it: nothing may be. */
  readonly breachesAfterAnEvening: () => Promise<string[]>;
  readonly breachesAfter: (report: RunReport) => Promise<string[]>;
  /** The states of all batches, and what the history tells of them. */
  readonly states: () => readonly string[];
  readonly history: () => readonly string[];
};

export async function struckLab(generation: Generation): Promise<StruckLab> {
  await using stack = new AsyncDisposableStack();
  const nomad = stack.use(await startNomadServer({ generation }));
  const lab = stack.use(await nomadLab(nomad, { block: 'join: dataset' }));
  const commits = join(lab.root, 'commits');
  const startStruck = (strikes: readonly Strike[], ...program: readonly string[]): ChildProcess => {
    const STRIKE = JSON.stringify({ strikes, log: commits } satisfies Strikes);
    return lab.startProgram('env', `NODE_OPTIONS=--import=${PRELOAD}`, `STRIKE=${STRIKE}`, ...program);
  };
  const start: StruckLab['start'] = (strikes, ...args) =>
    startStruck(strikes, LAUNCHER, ...(args.length === 0 ? ['run', '--json'] : args));
  const owned = stack.move();
  return {
    ...{ nomad, lab, start, commits },
    sent: () => nomad.requests.filter(isParcel).map(({ path }) => path),
    addDataset: async (name) => await lab.put(`SEM1/mueller/${name}/img.tif`, `the bytes of ${name}`),
    struck: async (...strikes) => {
      const child = start(strikes);
      child.stdout?.resume();
      child.stderr?.resume();
      const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
      return signal ?? code;
    },
    breachesAfterAnEvening: async () => await breachesOf(nomad, lab, await lab.evening()),
    startScript: (strikes, script, ...args) => startStruck(strikes, process.execPath, script, ...args),
    breachesAfter: (report) => breachesOf(nomad, lab, report),
    states: () => inLedger(lab, (ledger) => [...ledger.list()].map(({ state }) => state)),
    history: () =>
      inLedger(lab, (ledger) =>
        [...ledger.list()].flatMap(({ id }) => ledger.history(id).map(({ detail }) => detail)),
      ),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A parcel of one file goes as that file. */
const isParcel = ({ method, headers }: NomadServer['requests'][number]): boolean =>
  method === 'PUT' && headers['content-type'] === 'application/octet-stream';

async function breachesOf(nomad: NomadServer, lab: NomadLab, report: RunReport): Promise<string[]> {
  const stateDir = join(lab.root, 'state');
  const breaches = await findBreaches({ nomad, share: lab.share, stateDir, accounts: { mueller: 'alice' } });
  if (report.outcome !== 'done' && report.outcome !== 'empty')
    breaches.push(`the evening: ${report.outcome}, ${JSON.stringify(report.buckets)}`);
  if (!report.balanced) breaches.push('the balance does not add up');
  inLedger(lab, (ledger) => {
    for (const { id, state } of ledger.list())
      if (state !== 'confirmed') breaches.push(`batch ${id} is ${state}, not confirmed`);
  });
  return breaches;
}

function inLedger<T>(lab: NomadLab, work: (ledger: Ledger) => T): T {
  const ledger = openLedger(join(lab.root, 'state'));
  try {
    return work(ledger);
  } finally {
    ledger.close();
  }
}
