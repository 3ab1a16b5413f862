import type { Clock } from '../core/clock.ts';
import { IngestError } from '../core/errors.ts';
import { endAtOnce, endOverdue } from './end-overdue.ts';
import { EXIT } from './exit-code.ts';

/** The signal that stops a command, and the exit code it then has. The first one asks, a second one ends at once. */
export type StopSignals = Disposable & {
  readonly signal: AbortSignal;
  readonly exitCode: () => number | undefined;
};

/** With `clock` the process is also ended that takes too long to stop. */
export function stopSignals(onFirst: (name: string) => void, clock?: Clock): StopSignals {
  const controller = new AbortController();
  const overdue = clock === undefined ? undefined : endOverdue(controller.signal, clock);
  let code: number | undefined;
  const handler = (name: NodeJS.Signals): void => {
    if (code !== undefined) endAtOnce();
    code = name === 'SIGINT' ? EXIT.interrupted : EXIT.terminated;
    onFirst(name);
    controller.abort(
      new IngestError('INTERRUPTED', `stopped by ${name}`, {
        hint: 'Nothing is lost: the next run goes on where this one was.',
      }),
    );
  };
  process.on('SIGINT', handler);
  process.on('SIGTERM', handler);
  return {
    signal: controller.signal,
    exitCode: () => code,
    [Symbol.dispose]: () => {
      overdue?.[Symbol.dispose]();
      process.off('SIGINT', handler);
      process.off('SIGTERM', handler);
    },
  };
}
