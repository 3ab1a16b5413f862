/**
 * `npm run torture -- --minutes N --seed S`: random evenings with random faults against a NOMAD that misbehaves. After
 * each recovery the platform must have every settled file once, in its owner's account, and the ledger must not
 * claim more. Ends with exit code 1 at the first breach, and leaves that lab where it is.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { findBreaches } from '../support/check-truth.ts';
import type { Lab } from '../support/lab.ts';
import { nomadLab } from '../support/nomad-lab.ts';
import {
  type Generation,
  type NomadServer,
  startNomadServer,
  type UserName,
} from '../support/nomad-server.ts';
import { ACCOUNT, changeShare, OWNERS } from './change-share.ts';
import { calm, damageQueue, EVENING_FAULTS, misbehave, strike } from './faults.ts';
import { createRandom, type Random } from './random.ts';

/** A lab is given up after so many days, so that no share grows for ever. */
const DAYS_OF_A_LAB = 12;
/** Runs without faults until nothing may be under way any more. */
const RECOVERY_RUNS = 6;
type Kind = { readonly generation: Generation; readonly mayRead: boolean };
/** Only the newer generation has tokens that may read. */
const KINDS: readonly [Kind, ...Kind[]] = [
  { generation: 'v1.3', mayRead: false },
  { generation: 'v1.4', mayRead: false },
  { generation: 'v1.4', mayRead: true },
];

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } });
const minutes = Number(values.minutes ?? '5');
const seed = Number(values.seed ?? String(Date.now() % 1_000_000));
if (!(minutes > 0) || !Number.isInteger(seed)) {
  console.error('usage: npm run torture -- --minutes N --seed S   (N above 0, S a whole number)');
  process.exit(64);
}
const end = Date.now() + minutes * 60_000;
let current: Lab | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void giveUp());
const total = { labs: 0, evenings: 0, requests: 0, files: 0 };
console.log(`torture: ${minutes} minutes, seed ${seed}`);
for (let lab = 0; Date.now() < end; lab++) await oneLab(seed + lab);
console.log(
  `torture: clean. seed ${seed}: ${total.labs} labs, ${total.evenings} evenings, ${total.files} files, ${total.requests} requests`,
);

async function giveUp(): Promise<void> {
  await current?.[Symbol.asyncDispose]();
  process.exit(1);
}

async function oneLab(labSeed: number): Promise<void> {
  const random = createRandom(labSeed);
  const { generation, mayRead }: Kind = random.pick(KINDS);
  await using nomad = await startNomadServer({ generation });
  nomad.worker.settings.processingMs = random.pick([() => 0, () => 300]);
  nomad.worker.settings.dropsWhileBusy = random.chance(0.5);
  const lab = await startTorturedLab(nomad, mayRead);
  current = lab;
  console.log(
    `lab ${labSeed}: NOMAD ${generation}, tokens that ${mayRead ? 'may read' : 'only write'}, ${lab.root}`,
  );
  for (let day = 1; day <= DAYS_OF_A_LAB && Date.now() < end; day++) {
    const breaches = [...(await oneDay(lab, nomad, day, random)), ...(await findLedgerBreaches(lab))];
    total.evenings += 1;
    if (breaches.length === 0) continue;
    console.error(`torture: BREACH in lab ${labSeed} on day ${day} (again: --seed ${labSeed})`);
    for (const breach of breaches) console.error(`  ${breach}`);
    console.error(`  the lab is left at ${lab.root}`);
    process.exit(1);
  }
  total.labs += 1;
  total.requests += nomad.requests.length;
  for (const { id } of nomad.uploads()) total.files += (await nomad.sizesOf(id)).size;
  current = undefined;
  await lab[Symbol.asyncDispose]();
}

async function startTorturedLab(nomad: NomadServer, mayRead: boolean): Promise<Lab> {
  const owners = OWNERS.map((owner) => `  ${owner}: { nomad: { token: ${owner} } }`).join('\n');
  const users = Object.entries({ ...ACCOUNT, collector: 'collector' } as const);
  return await nomadLab(nomad, {
    folders: `rules:\n  - match: "{instrument}/{owner}/{dataset}/**"\nowners:\n${owners}\ncollector: { nomad: { token: collector } }\n`,
    block: `verify: ${mayRead ? 'all' : 'sizes'}`,
    // Some evenings shall end while the platform is away.
    deliveries: 'outage_wait: 5s',
    tokens: Object.fromEntries(users.map(([owner, user]) => [owner, tokenOf(nomad, user, mayRead)])),
  });
}

function tokenOf(nomad: NomadServer, user: UserName, mayRead: boolean): string {
  if (!mayRead) return nomad.tokenOf(user);
  const scopes = ['uploads:write', 'uploads:read'];
  return nomad.pats.create(nomad.userId(user), { name: 'nightjar', scopes }).raw;
}

async function oneDay(lab: Lab, nomad: NomadServer, day: number, random: Random): Promise<string[]> {
  const stateDir = join(lab.root, 'state');
  const changes = await changeShare(lab.share, day, random);
  const fault = random.pick(EVENING_FAULTS);
  const part = random.pick([0, 0.02, 0.1, 0.3]);
  misbehave(nomad, part, random);
  const run = lab.start('run', '--json');
  const said = collect(run);
  // Files that are changed while the evening reads them.
  const meddling =
    random.chance(0.3) && fault !== 'share away' ? changeShare(lab.share, day + 1_000, random) : undefined;
  const beside = (command: string): ChildProcess => lab.start(command);
  const { share } = lab;
  await strike(fault, { run, beside, nomad, share, stateDir, random });
  if (run.exitCode === null && run.signalCode === null) await once(run, 'exit');
  await meddling;
  calm(nomad);
  const queue = await damageQueue(stateDir, random);
  console.log(
    `  day ${day}: ${changes.join('; ')} | ${fault}, ${part * 100} % of requests, ${queue}, exit ${run.exitCode ?? run.signalCode}`,
  );
  const stuck = await recover(lab);
  if (stuck !== undefined)
    return [`stuck: ${stuck}`, `the evening itself said: ${(await said).slice(-2_000)}`];
  return await findBreaches({ nomad, share: lab.share, stateDir, accounts: ACCOUNT });
}

/** Runs until nothing waits and nothing is held; what is then still in the way, in words. */
async function recover(lab: Lab): Promise<string | undefined> {
  let last = '';
  for (let attempt = 0; attempt < RECOVERY_RUNS; attempt++) {
    // A person puts back what is held for one, as the hints say.
    await lab.nightjar('requeue', '--all', '--yes');
    const { code, out, err } = await lab.nightjar('run', '--json');
    if (out === '') return `no report, exit ${code}: ${err}`;
    const report = JSON.parse(out) as RunReport;
    if (!report.balanced) return 'the balance does not add up';
    if (report.outcome === 'done' || report.outcome === 'empty') return undefined;
    last = `${report.outcome}: ${JSON.stringify(report.buckets)}`;
  }
  return last;
}

/** The ledger is whole, and nobody could have changed its history unseen. */
async function findLedgerBreaches(lab: Lab): Promise<string[]> {
  const looks = [await lab.nightjar('ledger', 'check'), await lab.nightjar('audit', 'verify')];
  return looks.filter(({ code }) => code !== 0).map(({ out, err }) => `ledger: ${out}${err}`);
}

async function collect(run: ChildProcess): Promise<string> {
  let text = '';
  for (const stream of [run.stdout, run.stderr])
    stream?.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
  await once(run, 'exit');
  return text;
}
