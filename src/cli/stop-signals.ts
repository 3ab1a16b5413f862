import { IngestError } from '../core/errors.ts';
import { EXIT } from './exit-code.ts';

/** The signal that stops a command, and the exit code it then has. The first one asks, a second one ends at once. */
export type StopSignals = Disposable & {
  readonly signal: AbortSignal;
  readonly exitCode: () => number | undefined;
};

export function stopSignals(onFirst: (name: string) => void): StopSignals {
  const controller = new AbortController();
  let code: number | undefined;
  const handler = (name: NodeJS.Signals): void => {
    if (code !== undefined) process.kill(process.pid, 'SIGKILL');
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
      process.off('SIGINT', handler);
      process.off('SIGTERM', handler);
    },
  };
}
