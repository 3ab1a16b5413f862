import type { Clock } from '../core/clock.ts';

/** The world as a command sees it: handed in by `main.ts`, or by a test. */
export type CliContext = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly clock: Clock;
  readonly out: NodeJS.WriteStream;
  readonly err: NodeJS.WriteStream;
};

/** Options that every command has. */
export type GlobalOptions = { readonly config?: string; readonly json?: boolean };
