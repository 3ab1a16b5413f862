import { Writable } from 'node:stream';
import { runCli } from '../../src/cli/run-cli.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { CliAnswer } from './cli-lab.ts';

/** Runs a command with `--yes`; `meanwhile` happens when its preview is on the screen, before it does anything. */
export async function whileAsked(
  config: string,
  argv: readonly string[],
  meanwhile: () => void,
): Promise<CliAnswer> {
  const said: string[] = [];
  const out = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (said.length === 0) meanwhile();
      said.push(String(chunk));
      done();
    },
  }) as NodeJS.WriteStream;
  const errors: string[] = [];
  const err = new Writable({
    write(chunk: Buffer, _encoding, done) {
      errors.push(String(chunk));
      done();
    },
  }) as NodeJS.WriteStream;
  const code = await runCli(['--config', config, ...argv, '--yes'], {
    ...{ env: {}, home: '/nonexistent', clock: systemClock, out, err },
  });
  return { code, out: said.join(''), err: errors.join('') };
}
