import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, type TestContext } from 'vitest';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { findBreaches } from '../support/check-truth.ts';
import { LAUNCHER, type Lab, startLab } from '../support/lab.ts';
import { AROUND, createMachine, lackedForMachine, type Machine } from '../support/machine.ts';
import { nomadLab } from '../support/nomad-lab.ts';
import { startNomadServer } from '../support/nomad-server.ts';
import type { Strike, Strikes } from '../support/strike-at-commit.ts';
import { STEP_COMMITS } from '../support/struck-evening.ts';
import { below, treeHashes } from '../support/tree-hashes.ts';
import { untilTrue } from '../support/until.ts';

const PRELOAD = fileURLToPath(new URL('../support/strike-at-commit.ts', import.meta.url));

type Cut = Omit<Strike, 'signal'>;

/** `before`: what was done is not recorded. `after`: what is recorded to come next was not done, or is all there is of the evening. */
const CUTS_OF_NOMAD: readonly Cut[] = [
  { at: STEP_COMMITS.look, when: 'before' },
  { at: STEP_COMMITS.plan, when: 'after' },
  { at: STEP_COMMITS.queue, when: 'after' },
  { at: STEP_COMMITS.open, when: 'after' },
  { at: STEP_COMMITS.send, when: 'before' },
  { at: STEP_COMMITS.close, when: 'after' },
  { at: STEP_COMMITS.record, when: 'before' },
  { at: STEP_COMMITS.record, when: 'after' },
];

it('a machine that loses its power at each step of an evening goes on by itself: every file is with its owner once, and what was recorded is still recorded', async (context) => {
  requireMachine(context);
  await using nomad = await startNomadServer({ generation: 'v1.3' });
  const seen = { tokenOf: nomad.tokenOf, url: nomad.url.replace('127.0.0.1', AROUND) };
  await using lab = await nomadLab(seen, { block: 'join: dataset' });
  await using machine = createMachine(lab.root);
  for (const [n, cut] of CUTS_OF_NOMAD.entries()) {
    await lab.put(`SEM1/mueller/dataset ${n}/img.tif`, `the bytes of dataset ${n}`);
    await eveningCut(lab, machine, cut);
  }

  const { report, stateDir } = await eveningWithPower(lab, machine);

  const { share } = lab;
  expect(await findBreaches({ nomad, share, stateDir, accounts: { mueller: 'alice' } })).toEqual([]);
  expect(report).toMatchObject({ outcome: 'done', balanced: true });
  expect(nomad.uploads()).toHaveLength(1);
});

it('what a directory destination calls verified is whole on its disk when the power is lost in the next instant, and the rest follows', async (context) => {
  requireMachine(context);
  await using lab = await startLab();
  await using machine = createMachine(lab.root);
  const steps = ['send', 'close', 'record'] as const;
  for (const step of steps) {
    for (const n of [1, 2, 3])
      await lab.put(`SEM1/mueller/${step}/img ${n}.tif`, Buffer.alloc(300_000 + n, `${step} ${n}`));
    const at = step === 'record' ? 'delivery.verified' : STEP_COMMITS[step];
    await eveningCut(lab, machine, { at, when: 'after' });
  }
  await machine.start(`mkdir found && cp -r state/ledger.db* found && cp -r delivered found`).off();
  const afterCut = await treeHashes(join(lab.root, 'found/delivered/mueller/data/lab'));
  const expected = below('SEM1', await treeHashes(join(lab.share, 'SEM1')));
  const claimed = verifiedPaths(join(lab.root, 'found'));

  const { report, delivered } = await eveningWithPower(lab, machine);

  expect(claimed.length).toBeGreaterThanOrEqual(3);
  for (const path of claimed) expect([path, afterCut.get(path)]).toEqual([path, expected.get(path)]);
  expect(report).toMatchObject({ outcome: 'done', balanced: true });
  expect(await treeHashes(join(delivered, 'mueller/data/lab'))).toEqual(expected);
});

function requireMachine(context: TestContext): void {
  if (process.env['NIGHTJAR_POWER_CUTS'] === undefined)
    context.skip('the power of a virtual machine is cut for a quarter of an hour: npm run power-cuts');
  const lacked = lackedForMachine();
  if (lacked !== undefined) context.skip(`a virtual machine needs ${lacked}`);
}

/** An evening in the machine until the commit; there its process stands still, and the power is cut. */
async function eveningCut(lab: Lab, machine: Machine, cut: Cut): Promise<void> {
  const log = join(lab.root, 'commits');
  await rm(`${log}.blocked`, { force: true });
  const STRIKE = JSON.stringify({ strikes: [{ ...cut, signal: 'block' }], log } satisfies Strikes);
  const running = machine.start(`NODE_OPTIONS=--import=${PRELOAD} STRIKE='${STRIKE}' ${LAUNCHER} run --json`);
  await untilTrue(() => running.isOff() || existsSync(`${log}.blocked`), `${cut.when} ${cut.at}`);
  if (running.isOff()) throw new Error(`no commit like ${cut.at}: ${await running.off()}`);
  await running.cutPower();
}

/** An evening to its end, and where its state and what it delivered can then be looked at from outside. */
async function eveningWithPower(
  lab: Lab,
  machine: Machine,
): Promise<{ report: RunReport; stateDir: string; delivered: string }> {
  const after = join(lab.root, 'after');
  await mkdir(join(after, 'state'), { recursive: true });
  const looks = ['ledger check', 'audit verify'].map((command) => `${LAUNCHER} ${command} && echo WELL`);
  const copies = ['cp state/ledger.db* after/state', 'cp -r delivered after'];
  const script = [`${LAUNCHER} run --json >after/report.json`, ...looks, ...copies].join('\n');
  const said = await machine.start(script).off();
  expect(said.match(/^WELL/gm), said).toHaveLength(looks.length);
  const report = JSON.parse(await readFile(join(after, 'report.json'), 'utf8')) as RunReport;
  return { report, stateDir: join(after, 'state'), delivered: join(after, 'delivered') };
}

/** What the ledger there calls verified, below the share's root. */
function verifiedPaths(stateDir: string): string[] {
  const ledger = openLedger(stateDir);
  try {
    return [...ledger.list({ states: ['verified'] })].flatMap(({ id }) =>
      ledger.batches.get(id).files.map(({ path }) => path),
    );
  } finally {
    ledger.close();
  }
}
