import type { FileStanding } from '../app/mapping-in-force.ts';
import type { Workspace } from '../app/workspace.ts';
import { plainText } from '../core/plain-output.ts';
import { count, formatBytes } from '../core/units.ts';
import { answer } from './answer.ts';
import { isConfirmed } from './confirm.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { EXIT } from './exit-code.ts';
import { openForCommand, optionsOf } from './open.ts';
import { mappingChangeJson, renderMappingChange } from './render-mapping-change.ts';
import type { AddCommand } from './run-cli.ts';
import { clockTime } from './style.ts';
import { whoAmI } from './who.ts';

type AcceptOptions = GlobalOptions & { readonly yes?: boolean; readonly reason?: string };
type Asked = Exclude<FileStanding, { kind: 'invalid' | 'in-force' }>;

export const addAcceptMapping: AddCommand = (program, context, finish) => {
  program
    .command('accept-mapping')
    .option('--yes', 'accept it; without it a terminal is asked, and nothing else is changed')
    .option('--reason <text>', 'why; it is kept with your name')
    .description('Take over a changed folders.yaml that would move delivered data, after a preview.')
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar accept-mapping                                   what would change\n  nightjar accept-mapping --yes --reason "run 17 was chen\'s"\n\nA change that moves no delivered data needs no acceptance: serve and run take it over. What is delivered stays\nwhere it is, also after acceptance; new versions and files that join it go to the new owner. Who accepted it, and\nwhen, is kept. A daemon that runs takes it over when no evening is under way.\n\nExit code 0: accepted, or there is nothing to accept; 3: only previewed, and delivered data would move; 75: another\nmapping came into force meanwhile, and nothing was changed.',
    )
    .action(async (_options, command) => {
      const options = optionsOf<AcceptOptions>(command);
      await using workspace = await openForCommand(context, options);
      finish(await acceptMapping(context, workspace, options));
    });
};

async function acceptMapping(
  context: CliContext,
  workspace: Workspace,
  options: AcceptOptions,
): Promise<number> {
  const standing = workspace.mapping.standing();
  if (standing.kind === 'invalid') throw standing.error;
  if (standing.kind === 'in-force') {
    answer(context, options, { format: 1, accepted: false, nothingToDo: true }, () => inForce(workspace));
    return EXIT.done;
  }
  const { change } = standing;
  if (options.json !== true)
    context.out.write(
      `${plainText(renderMappingChange(change, context).join('\n'))}\n\n${question(standing)}\n`,
    );
  const wanted = await isConfirmed(context, options, 'Accept it?');
  const by = whoAmI(context);
  const accepted = wanted && accept(workspace, standing, { by, reason: options.reason });
  const json = { ...{ format: 1, accepted, nothingToDo: false, by }, ...mappingChangeJson(change) };
  answer(context, options, json, () => outcome({ wanted, accepted }, by));
  if (wanted && !accepted) return EXIT.temporary;
  return accepted || change.moves.files === 0 ? EXIT.done : EXIT.attention;
}

function outcome(
  { wanted, accepted }: { readonly wanted: boolean; readonly accepted: boolean },
  by: string,
): string {
  if (accepted) return `Accepted by ${by}. A daemon that runs takes it over when no evening is under way.`;
  return wanted
    ? 'Nothing was changed: another mapping came into force meanwhile. Look again: nightjar accept-mapping'
    : 'Nothing was changed: add --yes to accept it.';
}

/** False when another mapping is in force by now than the one that it was compared with. */
function accept(
  { ledger, clock, mapping }: Workspace,
  { next }: Asked,
  { by, reason }: { readonly by: string; readonly reason: string | undefined },
): boolean {
  return ledger.mappings.deciding(() => {
    if (ledger.mappings.newestNo() !== (mapping.accepted()?.no ?? 0)) return false;
    ledger.mappings.accept({ at: clock.now(), by, reason, text: next.mapping.text });
    return true;
  });
}

function question({ change: { moves } }: Asked): string {
  if (moves.files === 0) return 'No delivered data would move: serve and run take it over by themselves.';
  return `Delivered data that would belong to somebody else: ${count(moves.files, 'file')}, ${formatBytes(moves.bytes)}. It stays where it is;\nnew versions of it, and files that join it, would go to the new owner.`;
}

function inForce({ mapping, config, clock }: Workspace): string {
  const accepted = mapping.accepted();
  const since =
    accepted === undefined ? '' : ` since ${clockTime(accepted.at, clock.now())}, by ${accepted.by}`;
  return `${config.files.folders} is in force${since}: there is nothing to accept.`;
}
