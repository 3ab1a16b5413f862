import { jsonOf, plainText } from '../core/plain-output.ts';
import type { CliContext, GlobalOptions } from './context.ts';

/** Writes what a command found: one line of JSON with --json, else the text for a person. */
export function answer(
  { out }: CliContext,
  { json }: GlobalOptions,
  value: object,
  text: () => string,
): void {
  out.write(json === true ? `${jsonOf(value)}\n` : `${plainText(text()).trimEnd()}\n`);
}
