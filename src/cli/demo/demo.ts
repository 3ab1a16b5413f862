import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { startEngine } from '../../app/engine.ts';
import { IngestError } from '../../core/errors.ts';
import type { RunReport } from '../../nightly/run-report.ts';
import type { CliContext, GlobalOptions } from '../context.ts';
import { exitCodeOfRun } from '../exit-code.ts';
import { configOf, openForCommand, optionsOf } from '../open.ts';
import { createProgress } from '../progress.ts';
import { renderReport } from '../render-report.ts';
import type { AddCommand } from '../run-cli.ts';
import { stopSignals } from '../stop-signals.ts';
import { style } from '../style.ts';
import { type DemoPlaces, writeDemoConfig } from './demo-config.ts';
import { buildDemoShare, startInstruments } from './demo-share.ts';
import { runMisbehaving } from './misbehaving.ts';

/** Who reads the share when the demo is run by root, who could read everything: the usual id of nobody. */
const NOBODY = '{ uid: 65534, gid: 65534 }';

type DemoOptions = GlobalOptions & {
  readonly misbehave?: boolean;
  readonly seed?: number;
  readonly generation?: 'v1.3' | 'v1.4';
};

const SEED = 1;

export const addDemo: AddCommand = (program, context, finish) => {
  program
    .command('demo')
    .argument('[dir]', 'where to build it (default: a folder in the temporary directory)')
    .option('--misbehave', 'deliver to a NOMAD on this machine that goes wrong in every known way')
    .option('--seed <number>', 'with --misbehave: which misdeeds come, and when', parseSeed)
    .addOption(new Option('--generation <which>', 'with --misbehave: which NOMAD').choices(['v1.3', 'v1.4']))
    .description(
      'See an evening: a small share with instruments that write while you watch, delivered to a folder.',
    )
    .addHelpText(
      'after',
      `
Run it twice: nothing is sent twice. Exit code 3: the demo holds something on purpose.

  nightjar demo --misbehave            retries, held batches, and the share held against the accounts at the end
  nightjar demo --misbehave --seed 7   other misdeeds; for the same number each owner meets the same, in the same order
With --misbehave: exit code 0 when everything was delivered, 3 when something is kept back and says why, 1 when a file
is not where it must be. It begins anew each time and ends within a minute.`,
    )
    .action(async (dir: string | undefined, _options, command) => {
      const options = optionsOf<DemoOptions>(command);
      finish(
        options.misbehave === true
          ? await misbehave(context, dir, options)
          : await behave(context, dir, options),
      );
    });
};

async function behave(context: CliContext, dir: string | undefined, options: DemoOptions): Promise<number> {
  if ((options.seed ?? options.generation) !== undefined)
    throw new IngestError('USAGE', '--seed and --generation say how a platform misbehaves', {
      hint: 'Add --misbehave: nightjar demo --misbehave --seed 7',
    });
  const places = writeDemoConfig(claimed(dir, 'demo'), readAs());
  buildDemoShare(places.share, context.clock.now());
  return await runDemo(context, places, options.json === true);
}

async function misbehave(
  context: CliContext,
  dir: string | undefined,
  { seed = SEED, generation = 'v1.4', json = false }: DemoOptions,
): Promise<number> {
  const root = claimed(dir, 'demo-misbehave');
  return await runMisbehaving(context, { root, readAs: readAs(), seed, generation, json });
}

const userId = (): number => process.getuid?.() ?? 0;
const readAs = (): string | undefined => (userId() === 0 ? NOBODY : undefined);

/** The demo's own folder, which is ours from here on. */
function claimed(dir: string | undefined, kind: string): string {
  const root = resolve(dir ?? join(tmpdir(), `nightjar-${kind}-${userId()}`));
  claim(root, userId());
  return root;
}

function parseSeed(text: string): number {
  const seed = Number(text);
  if (Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new InvalidArgumentError('Expected a whole number from 0.');
}

async function runDemo(context: CliContext, places: DemoPlaces, json: boolean): Promise<number> {
  const options = { config: places.config, json };
  using stop = stopSignals((name) =>
    context.err.write(`\n${name}: finishing what is in flight; once more ends at once.\n`),
  );
  await using workspace = await openForCommand(context, options, { config: configOf(context, options) });
  const evening = workspace.ledger.runs.latest(1_000_000).length + 1;
  if (!json) context.err.write(introduction(places, evening, context));
  const progress = createProgress(context, { quiet: json });
  await using engine = await startEngine(workspace, {
    clock: context.clock,
    env: context.env,
    emit: progress.show,
    stop: stop.signal,
    holder: `nightjar demo (pid ${process.pid} on ${hostname()})`,
  });
  const instruments = startInstruments(places.share, evening, context.clock);
  try {
    await instruments.copied;
    const report = await engine.runEvening(undefined, stop.signal);
    progress.end();
    context.out.write(
      json
        ? `${JSON.stringify(report)}\n`
        : `${renderReport(report, context.out)}\n${farewell(places, evening, report)}`,
    );
    return stop.exitCode() ?? exitCodeOfRun(report.outcome);
  } finally {
    await instruments.stop();
  }
}

/** The demo writes only into a folder that is empty, or that an earlier demo made; and it must be ours. */
function claim(root: string, uid: number): void {
  const mark = join(root, '.nightjar-demo');
  mkdirSync(root, { recursive: true, mode: 0o755 });
  const hint = 'Name another folder, empty or not there yet: nightjar demo DIR.';
  if (statSync(root).uid !== uid)
    throw new IngestError('USAGE', `${root} belongs to somebody else`, { hint });
  if (!existsSync(mark) && readdirSync(root).length > 0)
    throw new IngestError('USAGE', `${root} is not empty and no demo made it`, { hint });
  writeFileSync(mark, 'made by nightjar demo\n');
}

function introduction({ root, share, delivered }: DemoPlaces, evening: number, { err }: CliContext): string {
  const again = evening === 1 ? '' : ` This is evening ${evening}: what went before must not go again.`;
  return `${style(err, 'bold', 'Nightjar demo')} in ${root}
  A share with a SEM, a TEM, a diffractometer and a Raman microscope: ${share}
  While you watch, the SEM writes a stack that grows, and a folder is copied in with old dates.
  Every owner's data goes to ${delivered}; a real lab would configure NOMAD.${again}

`;
}

function farewell({ config, delivered }: DemoPlaces, evening: number, { deliveries }: RunReport): string {
  const ask = `npx nightjar --config ${config}`;
  const [first] = deliveries;
  const check =
    first === undefined
      ? ''
      : `Check a delivered batch without Nightjar:
  cd ${delivered}/${first.owner}/data/lab && sha256sum -c ../../manifests/${first.batch}.sha256
`;
  return `Ask it about any file:
  ${ask} explain Raman/mueller_schmidt_mixed/map.spc
  ${ask} explain SEM1/schmidt/live_stack_${evening}/stack.tif
  ${ask} why
  ${ask} status
${check}Run the demo again: what has gone does not go twice, and the stack that was growing has settled.
`;
}
