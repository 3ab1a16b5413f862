import { releaseHeld } from '../app/release-held.ts';
import type { Workspace } from '../app/workspace.ts';
import { printable } from '../core/share-path.ts';
import { count } from '../core/units.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import { PAUSE_KINDS, type PauseKind, pauseOf } from '../ledger/pauses.ts';
import { sayDecision } from '../ownership/narrow.ts';
import { answer } from './answer.ts';
import { askedPath, seenPath } from './asked-path.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { EXIT } from './exit-code.ts';
import { optionsOf } from './open.ts';
import { openToRead } from './open-to-read.ts';
import { pauseTarget, unknownKind } from './pause-target.ts';
import type { AddCommand } from './run-cli.ts';
import { whoAmI } from './who.ts';

export const addResume: AddCommand = (program, context, finish) => {
  program
    .command('resume')
    .argument('<kind>', 'owner, instrument, destination (or lane, as `nightjar hold` lists it), or path')
    .argument('<name>', 'which one; of a path: as `nightjar force` and `nightjar exclude` list it')
    .description(
      'End a hold, a force or an exclusion: it goes on at once if a daemon runs, else with the next run.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar hold                    what is on hold\n  nightjar resume owner mueller\n  nightjar resume path SEM1/mueller/run_17\n\nA pause that an error made ends by itself when the cause is gone; ending it by hand only makes it be tried at once.',
    )
    .action(async (kindText: string, name: string, _options, command) => {
      const options = optionsOf(command);
      if (kindText === 'path') {
        await resumePath(context, options, name);
        finish(EXIT.done);
        return;
      }
      const kind = PAUSE_KINDS.find((known) => known === kindText);
      if (kind === undefined) throw unknownKind(kindText, PAUSE_KINDS);
      await using workspace = await openToRead(context, options);
      const target = { kind, name: nameToLift(workspace, kind, name) };
      const { lifted, requeued } = lift(workspace, target);
      answer(context, options, { format: 1, ...target, lifted, requeued }, () =>
        lifted
          ? `Deliveries of ${kind} ${target.name} go on${requeued > 0 ? `, ${count(requeued, 'held batch', 'held batches')} among them` : ''}.`
          : `Deliveries of ${kind} ${target.name} were not on hold; nothing changed.`,
      );
      finish(EXIT.done);
    });
};

/** Ends a pause, and what it held goes on: both, or neither. */
function lift(
  { ledger, clock }: Workspace,
  target: { readonly kind: PauseKind; readonly name: string },
): { readonly lifted: boolean; readonly requeued: number } {
  const at = clock.now();
  const behind = (head: BatchHead): boolean => pauseOf([{ ...NO_PAUSE, ...target }], head) !== undefined;
  return ledger.transaction(() => {
    const lifted = ledger.pauses.lift(target.kind, target.name, at);
    return { lifted, requeued: lifted ? releaseHeld(ledger, behind, at) : 0 };
  });
}

/** Takes back what a person decided of a path. */
async function resumePath(context: CliContext, options: GlobalOptions, text: string): Promise<void> {
  await using workspace = await openToRead(context, options);
  const { config, ledger } = workspace;
  const { share, path } = seenPath(ledger, askedPath(text, config.shares, process.cwd()));
  const who = { by: whoAmI(context), at: context.clock.now() };
  const decision = ledger.decisions.lift(share.name, path, who);
  const name = `${share.name}:${printable(path)}`;
  answer(
    context,
    options,
    { format: 1, kind: 'path', name, lifted: decision !== undefined, requeued: 0 },
    () =>
      decision === undefined
        ? `Nobody had decided anything of ${name}; nothing changed.`
        : `${name} is no longer ${printable(sayDecision(decision))}. The next run takes it as the rules say.`,
  );
}

const NO_PAUSE = { reason: '', since: 0, until: undefined, code: undefined };

/** The name of a pause that is in force, whether or not it is still configured; else a configured name, or USAGE. */
function nameToLift(workspace: Workspace, kind: PauseKind, name: string): string {
  const pauses = workspace.ledger.pauses.inForce(workspace.clock.now());
  if (kind === 'lane' || pauses.some((pause) => pause.kind === kind && pause.name === name)) return name;
  return pauseTarget(workspace, kind, name).name;
}
