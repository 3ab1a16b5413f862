import type { Workspace } from '../app/workspace.ts';
import { plainText } from '../core/plain-output.ts';
import type { RequeueResult } from '../ledger/requeues.ts';
import { answer } from './answer.ts';
import { isConfirmed } from './confirm.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { EXIT } from './exit-code.ts';
import { optionsOf } from './open.ts';
import { openToRead } from './open-to-read.ts';
import { type PutBack, putBack } from './put-back.ts';
import { renderPreview, renderPutBack, requeueJson } from './render-requeue.ts';
import { sayLast } from './render-requeues.ts';
import type { AddCommand } from './run-cli.ts';
import { type Selection, type Selectors, selectBatches, spelled } from './select-batches.ts';
import { whoAmI } from './who.ts';

type RequeueOptions = GlobalOptions & Selectors & { readonly yes?: boolean; readonly dryRun?: boolean };

export const addRequeue: AddCommand = (program, context, finish) => {
  program
    .command('requeue')
    .argument('[batch...]', 'ids of batches; a delivered one is only put back when named here or by --state')
    .option('--owner <owner>', 'batches of this owner')
    .option('--class <code>', 'batches whose last error was this: TOKEN_REJECTED')
    .option('--since <time>', 'batches that came to where they are since then: 2d, 2026-11-20')
    .option('--instrument <instrument>', 'batches of data of this instrument')
    .option('--destination <name>', 'batches for this destination')
    .option(
      '--night <night>',
      'batches that the runs of a night planned or dealt with: last, 2026-11-20 (the day the evening began), or the id of a run',
    )
    .option('--path <path>', 'batches with a file there; also forgets that a file there was refused')
    .option('--state <state>', 'held, rejected or delivered (default: held and rejected)')
    .option('--all', 'everything held or rejected')
    .option('--yes', 'do it; without it a terminal is asked, and nothing else is changed')
    .option('--dry-run', 'only show what would be put back')
    .description('Put held, rejected or delivered batches back, after a preview.')
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar requeue --class TOKEN_REJECTED --owner mueller     preview\n  nightjar requeue --class TOKEN_REJECTED --owner mueller --yes\n  nightjar requeue --class DESTINATION_BUSY --night last     and what the last requeue of that class brought\n  nightjar requeue --path SEM1/mueller/run_17 --state delivered --yes\n\nSelectors narrow each other. Attempts begin again, and pauses that errors made for these batches are lifted.\nA batch sent again replaces what is there; it never doubles.\n\nExit code 0: done, or previewed; 3: something that was named could not be put back.',
    )
    .action(async (ids: string[], _options, command) => {
      const options = optionsOf<RequeueOptions>(command);
      await using workspace = await openToRead(context, options);
      finish(await requeue(context, workspace, { ids, options }));
    });
};

async function requeue(
  context: CliContext,
  workspace: Workspace,
  { ids, options }: { readonly ids: readonly string[]; readonly options: RequeueOptions },
): Promise<number> {
  const { owner, class: code, since, path, state, all, instrument, night, destination } = options;
  const given = Object.entries({
    ...{ owner, class: code, since, path, state, all },
    ...{ instrument, night, destination },
  });
  const by: Selectors = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  const selection = selectBatches(workspace, ids, by);
  const last = lastRequeues(workspace, selection, by.class);
  if (options.json !== true)
    context.out.write(`${plainText([renderPreview(selection, context), ...sayLast(last)].join('\n'))}\n`);
  const done = (await isWanted(context, selection, options))
    ? putBack(workspace, selection, whoAmI(context))
    : undefined;
  answer(context, options, requeueJson(selection, done, last), () =>
    renderPutBack(selection, done, options.dryRun === true),
  );
  return exitCode(selection, done);
}

/** What the last requeue of each class among them brought: whether it is worth another. */
function lastRequeues(
  { ledger }: Workspace,
  { batches }: Selection,
  asked: string | undefined,
): readonly RequeueResult[] {
  const codes = new Set(batches.flatMap(({ error }) => (error === undefined ? [] : [error.code])));
  if (asked !== undefined) codes.add(spelled(asked));
  return [...codes].flatMap((code) => ledger.requeues.lastOf(code) ?? []);
}

function exitCode(selection: Selection, done: PutBack | undefined): number {
  return (done?.skipped ?? selection.skipped).length > 0 ? EXIT.attention : EXIT.done;
}

async function isWanted(
  context: CliContext,
  selection: Selection,
  options: RequeueOptions,
): Promise<boolean> {
  if (options.dryRun === true || selection.batches.length + selection.refused.length === 0) return false;
  return isConfirmed(context, options, 'Put these back?');
}
