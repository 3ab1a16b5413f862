import { hostname } from 'node:os';
import { startEngine } from '../../app/engine.ts';
import type { Workspace } from '../../app/workspace.ts';
import { IngestError } from '../../core/errors.ts';
import { shareName } from '../../core/ids.ts';
import { sharePath } from '../../core/share-path.ts';
import { count } from '../../core/units.ts';
import type { RunReport } from '../../nightly/run-report.ts';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { explainPath } from '../explain-path.ts';
import { configOf, openForCommand } from '../open.ts';
import { createProgress } from '../progress.ts';
import { renderReport } from '../render-report.ts';
import { stopSignals } from '../stop-signals.ts';
import { style } from '../style.ts';
import { type Claim, type Comparison, compareAccounts } from './compare-accounts.ts';
import { type DemoPlatform, type Misdeed, startDemoPlatform } from './demo-platform.ts';
import { buildMisbehavingLab, type MisbehavingLab, USERS_OF_OWNERS } from './misbehaving-lab.ts';

export type MisbehavingWish = {
  readonly root: string;
  readonly readAs: string | undefined;
  readonly seed: number;
  readonly generation: 'v1.3' | 'v1.4';
  readonly json: boolean;
};

/** An evening that is not over by then is cut: a demo is watched. */
const LONGEST_MS = 45_000;

/**
 * An evening against a NOMAD that goes wrong in every way it is known to, and at its end the share held against the
 * accounts. Exit code: 0 all delivered, 3 something is kept back for a reason, 1 something is not as it must be.
 */
export async function runMisbehaving(context: CliContext, wish: MisbehavingWish): Promise<number> {
  const owners = new Map(Object.entries(USERS_OF_OWNERS).map(([owner, user]) => [user, owner]));
  const misdeeds: Misdeed[] = [];
  const say = sayer(context, wish.json);
  await using platform = await startDemoPlatform({
    ...wish,
    users: Object.values(USERS_OF_OWNERS),
    onMisdeed: (told) => {
      const whose = { ...told, user: owners.get(told.user) ?? told.user };
      misdeeds.push(whose);
      say(`${style(context.err, 'yellow', 'platform')} ${whose.user}'s parcel: ${whose.words}`);
    },
  });
  const lab = buildMisbehavingLab({ ...wish, ...platform });
  say(introduction(wish, lab, context));
  const options = { config: lab.config, json: wish.json };
  await using workspace = await openForCommand(context, options, { config: configOf(context, options) });
  const report = await evening(context, workspace, wish.json);
  const found = await compare(platform, lab, workspace, owners);
  context.out.write(
    wish.json
      ? `${JSON.stringify({ report, seed: wish.seed, misdeeds, ...found })}\n`
      : `${renderReport(report, context.out)}\n${verdict(found, misdeeds, wish)}`,
  );
  if (found.wrong.length > 0) return EXIT.unexpected;
  return found.kept.length > 0 ? EXIT.attention : EXIT.done;
}

async function evening(context: CliContext, workspace: Workspace, quiet: boolean): Promise<RunReport> {
  using stop = stopSignals((name) => context.err.write(`\n${name}: finishing what is in flight.\n`));
  const limit = new AbortController();
  const over = new AbortController();
  void context.clock
    .sleep(LONGEST_MS, over.signal)
    .then(() => limit.abort(tooLong()))
    .catch(() => undefined);
  const signal = AbortSignal.any([stop.signal, limit.signal]);
  const progress = createProgress(context, { quiet });
  try {
    await using engine = await startEngine(workspace, {
      clock: context.clock,
      env: context.env,
      emit: progress.show,
      stop: signal,
      holder: `nightjar demo --misbehave (pid ${process.pid} on ${hostname()})`,
    });
    return await engine.runEvening(undefined, signal);
  } finally {
    over.abort();
    progress.end();
  }
}

const tooLong = (): IngestError =>
  new IngestError('INTERRUPTED', `the demo's evening was not over in ${LONGEST_MS / 1000} seconds`, {
    hint: 'A real evening would go on. Try another --seed.',
  });

async function compare(
  platform: DemoPlatform,
  lab: MisbehavingLab,
  workspace: Workspace,
  owners: ReadonlyMap<string, string>,
): Promise<Comparison> {
  const files = (await platform.accounts())
    .map(({ user, ...file }) => ({ ...file, owner: owners.get(user) ?? user }))
    .filter(({ path }) => !path.includes('.nightjar'));
  const share = workspace.config.shares.find(({ name }) => name === shareName('lab'));
  if (share === undefined) throw new Error('the share of the demo is not in its configuration');
  const claimOf = (path: string): Claim => {
    const verdict = explainPath(workspace, { share, path: sharePath(path) }).file?.verdict;
    const isDelivered = verdict?.bucket === 'delivered' || verdict?.bucket === 'unchanged';
    return { isDelivered, words: verdict?.reason ?? 'no look has seen it' };
  };
  return compareAccounts(lab.files, files, 'lab', claimOf);
}

function sayer({ err }: CliContext, quiet: boolean): (line: string) => void {
  return (line) => {
    if (!quiet) err.write(`${err.isTTY ? '\r\u001b[2K' : ''}${line}\n`);
  };
}

function introduction(
  { root, seed, generation }: MisbehavingWish,
  lab: MisbehavingLab,
  { err }: CliContext,
): string {
  return `${style(err, 'bold', 'Nightjar demo: a platform that misbehaves')} in ${root}
  ${count(lab.files.length, 'file')} of three owners and a guest go to a NOMAD ${generation} on this machine, which fails, drops, forgets,
  lies and goes away as the real one is known to. The same --seed (${seed}) brings each owner the same misdeeds in the same order.
`;
}

function verdict(
  { delivered, kept, wrong }: Comparison,
  misdeeds: readonly Misdeed[],
  { seed }: MisbehavingWish,
): string {
  const all = delivered + kept.length + wrong.length;
  const kinds = new Set(misdeeds.map(({ misdeed }) => misdeed)).size;
  const byReason = Map.groupBy(kept, ({ owner, why }) => `${owner}: ${why}`);
  return [
    `The platform misbehaved ${count(misdeeds.length, 'time')}, in ${count(kinds, 'way')} (--seed ${seed}). The share held against the accounts, by SHA-256:`,
    `  ${delivered} of ${all} files are in exactly their owner's account, exactly once`,
    ...[...byReason].map(([why, files]) => `  ${count(files.length, 'file')} kept back, ${why}`),
    ...wrong.map(({ path, owner, what }) => `  WRONG: ${path} of ${owner}: ${what}`),
    '',
  ].join('\n');
}
