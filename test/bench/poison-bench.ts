/** Whether one owner who fails for ever holds the others: `node test/bench/poison-bench.ts [--rounds N] [--ways healthy,hangs]`. */
import { parseArgs } from 'node:util';
import { COLLECTOR } from '../../src/core/ids.ts';
import { isDelivered } from '../../src/core/states.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { deadToken, type NomadLab, nomadLab } from '../support/nomad-lab.ts';
import { type Fault, type NomadServer, startNomadServer, type UserName } from '../support/nomad-server.ts';
import { median } from './measure.ts';

/** The failing owner is there in none, in good health, or fails in one of these ways, each time. */
const WAYS = ['absent', 'healthy', 'processing', 'answers 500', 'hangs', 'token refused'] as const;
type Way = (typeof WAYS)[number];
type Seconds = { readonly others: number; readonly run: number };

const OWNERS = 8;
const DATASETS = 4;
const FILES = 10;
const POISONED = 'o1';
/** How long the platform works on each parcel. */
const PROCESSING_MS = 500;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    ways: { type: 'string', default: WAYS.join(',') },
  },
});
const chosen = values.ways.split(',').map((name) => {
  const way = WAYS.find((one) => one === name.trim());
  if (way === undefined) throw new Error(`--ways: "${name}" is none of: ${WAYS.join(', ')}`);
  return way;
});

const isGood = (owner: string): boolean => owner !== POISONED && owner !== COLLECTOR;
const userOf = (owner: string): UserName => `user${Number(owner.slice(1))}`;

async function openLab(nomad: NomadServer, way: Way): Promise<NomadLab> {
  const owners = Array.from({ length: OWNERS + 1 }, (_, at) => `o${at + 1}`);
  const here = owners.filter((owner) => way !== 'absent' || isGood(owner));
  const tokens = here.map((owner) => {
    const token = nomad.tokenOf(userOf(owner));
    return [owner, way === 'token refused' && !isGood(owner) ? deadToken(token) : token] as const;
  });
  const lab = await nomadLab(nomad, {
    folders: `rules:\n  - match: "{instrument}/{owner}/{dataset}/**"\nowners:\n${here.map((owner) => `  ${owner}: { nomad: { token: ${owner} } }`).join('\n')}\ncollector: { nomad: { token: collector } }\n`,
    block: 'join: dataset',
    deliveries: `concurrency: 4, outage_wait: 5s, retry_limit: ${way === 'hangs' ? 0 : 2}`,
    tokens: Object.fromEntries([...tokens, ['collector', nomad.tokenOf('collector')]]),
  });
  for (const owner of here)
    for (let at = 0; at < filesOf(way, owner); at += 1)
      await lab.put(`SEM1/${owner}/run_${at % DATASETS}/${at}.tif`, Buffer.alloc(20_000, `${owner} ${at}`));
  return lab;
}

/** A parcel that hangs is given up after two minutes: of those one is enough. */
const filesOf = (way: Way, owner: string): number =>
  way === 'hangs' && !isGood(owner) ? 1 : DATASETS * FILES;

const FAULTS: Readonly<Partial<Record<Way, Fault>>> = {
  processing: { kind: 'fails', text: 'OSError: no luck', merged: 1 },
  'answers 500': { kind: 'answer', status: 500 },
  hangs: { kind: 'stall', afterBytes: 1000 },
};

/** Every parcel into an upload of the failing owner goes wrong. */
function poison(nomad: NomadServer, fault: Fault): void {
  const mine = nomad.userId(userOf(POISONED));
  nomad.fault = ({ method, path, headers }) => {
    if (method !== 'PUT' || headers['content-type'] === undefined) return undefined;
    const author = nomad.uploads().find(({ id }) => path.startsWith(`/uploads/${id}/`))?.mainAuthor;
    return author === mine ? fault : undefined;
  };
}

async function evening(way: Way): Promise<Seconds> {
  await using nomad = await startNomadServer({ generation: 'v1.4' });
  nomad.worker.settings.processingMs = () => PROCESSING_MS;
  await using lab = await openLab(nomad, way);
  const fault = FAULTS[way];
  if (fault !== undefined) poison(nomad, fault);
  const begun = Date.now();
  const { run, outcome } = await lab.evening();
  const ended = Date.now();
  const ledger = openLedger(`${lab.root}/state`);
  const good = [...ledger.list()].filter(({ owner }) => isGood(owner));
  ledger.close();
  if (good.length !== OWNERS * DATASETS || good.some(({ state }) => !isDelivered(state)))
    throw new Error(`${way}: ${run} ended ${outcome}, and data of the others has not arrived`);
  const last = Math.max(...good.map(({ changedAt }) => changedAt));
  return { others: (last - begun) / 1000, run: (ended - begun) / 1000 };
}

const taken = new Map<Way, Seconds[]>(chosen.map((way) => [way, []]));
for (let round = 0; round < Number(values.rounds); round += 1)
  for (const way of chosen) {
    const seconds = await evening(way);
    taken.get(way)?.push(seconds);
    process.stderr.write(`${way}: ${JSON.stringify(seconds)}\n`);
  }

const of = (way: Way, what: keyof Seconds): number[] => (taken.get(way) ?? []).map((one) => one[what]);
const others = (way: Way): number => median(of(way, 'others'));
/** A ninth owner who works normally has a share of the places too: `healthy` is the fair measure, `absent` says what that share costs. */
const ratio = (way: Way, to: Way): string => (taken.has(to) ? (others(way) / others(to)).toFixed(2) : '–');
console.log('| the ninth owner | of healthy | of absent | others, median | others, best | whole run |');
for (const way of chosen) {
  const [best, run] = [Math.min(...of(way, 'others')), median(of(way, 'run'))];
  console.log(
    `| ${way} | ${ratio(way, 'healthy')} | ${ratio(way, 'absent')} | ${others(way).toFixed(1)} s | ${best.toFixed(1)} s | ${run.toFixed(1)} s |`,
  );
}
