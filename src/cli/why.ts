import type { Workspace } from '../app/workspace.ts';
import type { ShareConfig } from '../config/config.ts';
import { COLLECTOR } from '../core/ids.ts';
import { judge, judgeParts, type Verdict } from '../nightly/judge.ts';
import { keptDatasets } from '../nightly/kept-datasets.ts';
import { addNames, type NameList, namesByOwner, newNameList } from '../nightly/name-list.ts';
import { answer } from './answer.ts';
import { type AskedPath, askedPath, seenPath } from './asked-path.ts';
import type { GlobalOptions } from './context.ts';
import { EXIT } from './exit-code.ts';
import { type Cause, findCauses, isWithin, type Judged, mayHold } from './find-causes.ts';
import { lastLook, lookedAt } from './last-look.ts';
import { noteMapping } from './note-mapping.ts';
import { optionsOf } from './open.ts';
import { openToRead } from './open-to-read.ts';
import { causeJson, renderCauses } from './render-causes.ts';
import { NAMES_TITLE, nameLines } from './render-names.ts';
import { lookJson } from './render-shares.ts';
import type { AddCommand } from './run-cli.ts';
import { sayCause } from './say-cause.ts';
import { notSeen } from './say-not-seen.ts';
import { style } from './style.ts';
import { unknownName } from './unknown-name.ts';
import { acceptedOnly, acceptedSection } from './why-accepted.ts';
import { unpublishedOnly, unpublishedSection } from './why-publications.ts';
import { knownAgain, knownAgainSection } from './why-recognised.ts';

type WhyOptions = GlobalOptions & { readonly owner?: string; readonly instrument?: string };

/** What is asked about; everything if all are undefined. */
type Scope = {
  readonly asked: AskedPath | undefined;
  readonly owner: string | undefined;
  readonly instrument: string | undefined;
};

export const addWhy: AddCommand = (program, context, finish) => {
  program
    .command('why')
    .argument('[path]', 'only what is there: absolute, SHARE:PATH, or below the only share')
    .option('--owner <owner>', 'only data of this owner')
    .option('--instrument <name>', 'only data of this instrument')
    .description('Why files are not delivered: the cause, since when, the earliest time, and what helps.')
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar why\n  nightjar why SEM1/mueller/run_17\n  nightjar why --owner mueller --json\n\nIt tells what the last look at each share saw; `nightjar plan` looks anew.',
    )
    .action(async (path: string | undefined, _options, command) => {
      const options = optionsOf<WhyOptions>(command);
      await using workspace = await openToRead(context, options);
      noteMapping(context, options, workspace);
      const scope = scopeOf(workspace, path, options);
      const shares = workspace.config.shares.filter(
        ({ name }) => scope.asked === undefined || scope.asked.share.name === name,
      );
      const looks = shares.map(({ name }) => lookedAt(workspace.ledger, name));
      const pauses = workspace.ledger.pauses.inForce(context.clock.now());
      const names = newNameList();
      const counted = { files: 0 };
      const causes = findCauses(
        counting(withNames(judgedOn(workspace, shares, scope), names), counted),
        pauses,
      );
      const now = context.clock.now();
      const say = (cause: Cause): string => sayCause(cause, { ...workspace.config, now });
      const recognised = knownAgain(workspace, shares, scope.owner);
      const accepted = acceptedOnly(workspace, shares, scope);
      const { asked } = scope;
      const unpublished = unpublishedOnly(workspace, scope);
      const json = {
        format: 1,
        ...(scope.asked === undefined ? {} : { seen: counted.files > 0 }),
        looks: looks.map(lookJson),
        causes: causes.map((cause) => causeJson(cause, say)),
        names: namesByOwner(names),
        recognised,
        accepted,
        unpublished,
      };
      answer(context, options, json, () =>
        [
          scope.asked !== undefined && counted.files === 0
            ? notSeen(scope.asked, options, looks, now)
            : renderCauses(sorted(causes), looks, { out: context.out, now, say }),
          ...namesSection(names, context.out),
          ...acceptedSection(accepted, { now, out: context.out }),
          ...unpublishedSection(unpublished, context.out),
          ...knownAgainSection(workspace, recognised, { asked, out: context.out }),
        ].join('\n'),
      );
      finish(EXIT.done);
    });
};

function scopeOf({ config, ledger }: Workspace, path: string | undefined, options: WhyOptions): Scope {
  const { owner, instrument } = options;
  const { owners } = config.mapping;
  const byAlias = owners.find(({ aliases }) => owner !== undefined && aliases.includes(owner));
  const names = [...owners.map(({ id }) => String(id)), COLLECTOR];
  if (owner !== undefined && byAlias === undefined && !names.includes(owner))
    throw unknownName('owner', owner, names);
  return {
    asked: path === undefined ? undefined : seenPath(ledger, askedPath(path, config.shares, process.cwd())),
    owner: byAlias?.id ?? owner,
    instrument,
  };
}

function* judgedOn(workspace: Workspace, shares: readonly ShareConfig[], scope: Scope): Generator<Judged> {
  for (const share of shares) yield* judgedOf(workspace, share, scope);
}

function* counting(judged: Iterable<Judged>, counted: { files: number }): Generator<Judged> {
  for (const one of judged) {
    counted.files += 1;
    yield one;
  }
}

/** The same, and what of it goes under another name than its own. */
function* withNames(judged: Iterable<Judged>, names: NameList): Generator<Judged> {
  for (const one of judged) {
    if (one.verdict.bucket !== 'delivered') addNames(names, one.verdict);
    yield one;
  }
}

function namesSection(names: NameList, out: NodeJS.WriteStream): string[] {
  const lines = nameLines(namesByOwner(names));
  return lines.length === 0 ? [] : ['', style(out, 'bold', NAMES_TITLE), ...lines.map((line) => `  ${line}`)];
}

/** Everything the last look at a share saw, judged as of now, in so far as it is asked about. */
function* judgedOf(workspace: Workspace, { name }: ShareConfig, scope: Scope): Generator<Judged> {
  const { ledger, assign, limitsOf, clock } = workspace;
  const run = lastLook(ledger, name);
  if (run === undefined) return;
  const judging = judgeParts({ ledger, assign, limitsOf, clock }, run);
  const kept = keptDatasets(judging, name, run.no);
  const path = scope.asked?.path;
  for (const known of ledger.looks.all(name, run.no)) {
    if (path !== undefined && !mayHold(known, path)) continue;
    for (const entry of known.entries) {
      const verdict = judge(judging, name, { dir: known.dir, known: entry, kept });
      if (isAsked(verdict, scope)) yield { verdict, facts: entry.facts };
    }
  }
}

/** A directory that could not be listed is why nothing is known of what is asked about. */
const isUnknownAbove = ({ entry, path }: Verdict, asked: AskedPath): boolean =>
  entry.kind === 'unreadable-dir' && isWithin(asked.path, path);

function isAsked(verdict: Verdict, { asked, ...only }: Scope): boolean {
  const { path, owner, instrument } = verdict;
  return (
    (asked === undefined || isWithin(path, asked.path) || isUnknownAbove(verdict, asked)) &&
    (only.owner === undefined || owner === only.owner) &&
    (only.instrument === undefined || instrument === only.instrument)
  );
}

const ORDER: readonly Cause['bucket'][] = [
  'held',
  'rejected',
  'unreadable',
  'notSettled',
  'waiting',
  'ready',
  'excluded',
  'byHand',
];

/** What needs a person first. */
function sorted(causes: readonly Cause[]): Cause[] {
  return causes.toSorted((a, b) => ORDER.indexOf(a.bucket) - ORDER.indexOf(b.bucket));
}
