import { once } from 'node:events';
import type { Lab } from './lab.ts';
import { untilTrue } from './until.ts';

/** A line of the log. */
export type Line = { readonly msg: string; readonly [field: string]: unknown };

/** A daemon and the lines it has written so far; `text` is all of it, standard error too. */
export function follow(lab: Lab, ...args: readonly string[]) {
  const child = lab.start(...args);
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  const lines = (): Line[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line);
  const says = (msg: string): Promise<void> =>
    untilTrue(
      () => lines().some((line) => line.msg === msg),
      () => `${msg} in:\n${text}`,
    );
  const stop = async (): Promise<number | null> => {
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number | null];
    return code;
  };
  const count = (msg: string): number => lines().filter((line) => line.msg === msg).length;
  return { child, lines, says, count, stop, text: () => text };
}
