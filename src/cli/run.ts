import { hostname } from 'node:os';
import { startEngine } from '../app/engine.ts';
import { jsonOf, plainText } from '../core/plain-output.ts';
import { exitCodeOfRun } from './exit-code.ts';
import { openForCommand, optionsOf } from './open.ts';
import { createProgress } from './progress.ts';
import { renderReport } from './render-report.ts';
import type { AddCommand } from './run-cli.ts';
import { stopSignals } from './stop-signals.ts';

export const addRun: AddCommand = (program, context, finish) => {
  program
    .command('run')
    .description('Run one evening now: look, wait for what settles, deliver, report.')
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar run                 with live progress on a terminal, lines in a journal\n  nightjar run --json          the report as JSON\n\nExit code 0: everything that could go has gone; 3: something needs a person; 75: stopped, or will be tried again.',
    )
    .action(async (_options, command) => {
      const options = optionsOf(command);
      using stop = stopSignals(
        (name) => context.err.write(`\n${name}: finishing what is in flight; once more ends at once.\n`),
        context.clock,
      );
      await using workspace = await openForCommand(context, options);
      const progress = createProgress(context, { quiet: options.json === true });
      await using engine = await startEngine(workspace, {
        clock: context.clock,
        env: context.env,
        emit: progress.show,
        stop: stop.signal,
        holder: `nightjar run (pid ${process.pid} on ${hostname()})`,
      });
      const report = await engine.runEvening(undefined, stop.signal);
      progress.end();
      context.out.write(
        options.json === true ? `${jsonOf(report)}\n` : plainText(renderReport(report, context.out)),
      );
      finish(stop.exitCode() ?? exitCodeOfRun(report.outcome));
    });
};
