import { createInterface } from 'node:readline/promises';
import { IngestError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import type { CliContext } from '../context.ts';

/** One line from the terminal, or from whatever standard input is. */
export async function askLine({ err }: CliContext, question: string): Promise<string> {
  using lines = createInterface({ input: process.stdin, output: err, terminal: process.stdin.isTTY });
  const line = await lines.question(question).catch(() => '');
  return line.trim();
}

/** The same without showing what is typed; from a pipe it is its first line. USAGE when nothing came. */
export async function askSecret(context: CliContext, question: string): Promise<Secret> {
  const text = process.stdin.isTTY ? await typedUnseen(context, question) : await firstLine();
  if (text.trim() !== '') return new Secret(text.trim());
  throw new IngestError('USAGE', 'nothing was given', {
    hint: 'Type it at the terminal, or write it into a pipe: it never goes into the command line, where others can read it.',
  });
}

async function firstLine(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  return text.split('\n')[0] ?? '';
}

const ENTER = /[\r\n]/;
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';

function typedUnseen({ err }: CliContext, question: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const { stdin } = process;
  let text = '';
  const end = (settle: () => void): void => {
    stdin.off('data', onData).setRawMode(false).pause();
    err.write('\n');
    settle();
  };
  const onData = (chunk: Buffer): void => {
    for (const key of chunk.toString('utf8')) {
      if (key === CTRL_C || key === CTRL_D)
        return end(() => reject(new IngestError('USAGE', 'stopped', { hint: 'Nothing was changed.' })));
      if (ENTER.test(key)) return end(() => resolve(text));
      text = key === '\u007f' || key === '\b' ? text.slice(0, -1) : text + key;
    }
  };
  err.write(question);
  stdin.setRawMode(true).on('data', onData).resume();
  return promise;
}
