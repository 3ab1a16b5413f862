/**
 * `npm run torture:commits`: an evening of two batches is killed before and after each of its commits to the ledger, each
 * time in a new lab, and the next evening must bring everything to its place, once. Ends with exit code 1 when one did not.
 * Options: --signal SIGKILL|SIGTERM, --from N, --to N, --generation v1.3|v1.4.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Generation } from '../support/nomad-server.ts';
import type { Strike } from '../support/strike-at-commit.ts';
import { struckLab } from '../support/struck-evening.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { signal: text, from: text, to: text, generation: text } });
const signal = (values.signal ?? 'SIGKILL') as NodeJS.Signals;
const generation = (values.generation ?? 'v1.3') as Generation;

const total = await countCommits();
const [from, to] = [Number(values.from ?? 1), Math.min(Number(values.to ?? total), total)];
console.log(
  `every commit: ${total} of an evening; ${signal} before and after ${from} to ${to}, NOMAD ${generation}`,
);
let bad = 0;
for (let at = from; at <= to; at++)
  for (const when of ['before', 'after'] as const) bad += await strikeAt({ at, when, signal });
console.log(bad === 0 ? 'every commit: clean' : `every commit: ${bad} BREACHES`);
process.exit(bad === 0 ? 0 : 1);

async function strikeAt(strike: Strike): Promise<number> {
  await using struck = await twoDatasets();
  const end = await struck.struck(strike);
  const breaches = await struck.breachesAfterAnEvening();
  const words = (await readFile(struck.commits, 'utf8')).split('\n')[Number(strike.at) - 1] ?? '';
  console.log(`${strike.when} ${words.slice(0, 90)}: ${end}, ${breaches.length === 0 ? 'well' : 'BREACH'}`);
  for (const breach of breaches) console.error(`  ${breach}`);
  return breaches.length;
}

async function countCommits(): Promise<number> {
  await using struck = await twoDatasets();
  await struck.struck();
  return (await readFile(struck.commits, 'utf8')).trim().split('\n').length;
}

async function twoDatasets(): ReturnType<typeof struckLab> {
  const struck = await struckLab(generation);
  await struck.addDataset('gold');
  await struck.addDataset('silver');
  return struck;
}
