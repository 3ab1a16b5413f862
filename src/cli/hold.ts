import type { Workspace } from '../app/workspace.ts';
import { IngestError } from '../core/errors.ts';
import type { Pause } from '../ledger/pauses.ts';
import { answer } from './answer.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { EXIT } from './exit-code.ts';
import { openForCommand, optionsOf } from './open.ts';
import { openToRead } from './open-to-read.ts';
import { parseWhen } from './parse-when.ts';
import { pauseTarget } from './pause-target.ts';
import { pauseLines, pausesJson } from './render-pauses.ts';
import type { AddCommand } from './run-cli.ts';
import { clockTime } from './style.ts';

type HoldOptions = GlobalOptions & { readonly reason?: string; readonly until?: string };

export const addHold: AddCommand = (program, context, finish) => {
  program
    .command('hold')
    .argument('[kind]', 'owner, instrument or destination')
    .argument('[name]', 'which one')
    .option('--reason <text>', 'why; everybody who asks is told')
    .option('--until <time>', 'ends by itself then: 2d, 2026-11-20, "2026-11-20 18:00"')
    .description('Stop deliveries of an owner, an instrument or a destination; alone: list what is on hold.')
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar hold                                             what is on hold\n  nightjar hold owner mueller --reason "account moves" --until 2d\n  nightjar hold instrument SEM1 --reason "stage is miscalibrated"\n\nFiles are looked at and planned as ever; what is being sent right now goes to its end. `nightjar resume` ends it.',
    )
    .action(async (kind: string | undefined, name: string | undefined, _options, command) => {
      const options = optionsOf<HoldOptions>(command);
      if (kind === undefined) await list(context, options);
      else await hold(context, options, { kind, name });
      finish(EXIT.done);
    });
};

async function list(context: CliContext, options: GlobalOptions): Promise<void> {
  await using workspace = await openToRead(context, options);
  const now = context.clock.now();
  const pauses = workspace.ledger.pauses.inForce(now);
  answer(context, options, { format: 1, pauses: pausesJson(pauses) }, () =>
    pauses.length === 0 ? 'Nothing is on hold.' : pauseLines(pauses, now).join('\n'),
  );
}

async function hold(
  context: CliContext,
  options: HoldOptions,
  what: { readonly kind: string; readonly name: string | undefined },
): Promise<void> {
  const now = context.clock.now();
  const { reason } = options;
  if (what.name === undefined || reason === undefined || reason.trim() === '') throw incomplete(what.kind);
  const until = options.until === undefined ? undefined : parseWhen(options.until, now, 'ahead');
  await using workspace = await openForCommand(context, options);
  const target = pauseTarget(workspace, what.kind, what.name);
  const pause: Pause = { ...target, reason: reason.trim(), since: now, until, code: undefined };
  workspace.ledger.pauses.put(pause);
  const waiting = countWaiting(workspace, target);
  answer(context, options, { format: 1, held: pausesJson([pause])[0], waitingBatches: waiting }, () => {
    const end = until === undefined ? 'until `nightjar resume`' : `until ${clockTime(until, now)}`;
    const batches = waiting === 1 ? '1 batch waits' : `${waiting} batches wait`;
    return `Deliveries of ${target.kind} ${target.name} are on hold ${end}; ${batches} for it now.`;
  });
}

function countWaiting({ ledger }: Workspace, { kind, name }: ReturnType<typeof pauseTarget>): number {
  let waiting = 0;
  for (const head of ledger.list({ states: ['planned'] })) if (head[kind] === name) waiting += 1;
  return waiting;
}

function incomplete(kind: string): IngestError {
  return new IngestError('USAGE', 'a hold needs a kind, a name and a reason', {
    hint: `nightjar hold ${kind} NAME --reason "why it is on hold". Without arguments it lists what is on hold.`,
  });
}
