import { createInterface } from 'node:readline/promises';
import type { CliContext, GlobalOptions } from './context.ts';

/** Whether it is to be done: by --yes, else a terminal is asked; without either it is not. */
export async function isConfirmed(
  context: CliContext,
  options: GlobalOptions & { readonly yes?: boolean },
  question: string,
): Promise<boolean> {
  if (options.yes === true) return true;
  if (options.json === true || !context.err.isTTY || !process.stdin.isTTY) return false;
  using lines = createInterface({ input: process.stdin, output: context.err });
  // Ctrl-C and Ctrl-D are a No.
  const said = await lines.question(`${question} [y/N] `).catch(() => 'no');
  return /^y(es)?$/i.test(said.trim());
}
