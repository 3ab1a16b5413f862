import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { IngestError, systemCode } from '../core/errors.ts';
import { DEFAULT_MARKER } from '../share/prove-share.ts';
import { answer } from './answer.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { EXIT } from './exit-code.ts';
import { optionsOf } from './open.ts';
import type { AddCommand } from './run-cli.ts';
import { shareOf, starterFiles } from './starter-config.ts';

type InitOptions = GlobalOptions & { readonly share?: string; readonly destination?: string };

type Made = { readonly made: readonly string[]; readonly next: readonly string[] };

export const addInit: AddCommand = (program, context, finish) => {
  program
    .command('init')
    .argument('[dir]', 'where to write (default: here)')
    .option('--share <path>', 'where the instrument share is mounted')
    .option('--destination <path>', 'deliver into this directory (without it: NOMAD, to be filled in)')
    .description('Write a commented start: nightjar.yaml, folders.yaml and a directory for tokens.')
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar init /etc/nightjar --share /mnt/instruments\n  nightjar init --share /mnt/instruments --destination /srv/archive\n\nNothing that exists is overwritten, and nothing is written on the share.',
    )
    .action((dir: string | undefined, _options, command) => {
      const options = optionsOf<InitOptions>(command);
      const result = writeStart(resolve(dir ?? '.'), options, context);
      answer(context, options, { format: 1, ...result }, () => render(result));
      finish(EXIT.done);
    });
};

function writeStart(dir: string, options: InitOptions, { home }: CliContext): Made {
  const choices = {
    share: options.share === undefined ? undefined : resolve(options.share),
    destination: options.destination === undefined ? undefined : resolve(options.destination),
    stateDir: process.geteuid?.() === 0 ? '/var/lib/nightjar' : join(home, '.local/state/nightjar'),
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
  const { nightjar, folders } = starterFiles(choices);
  const files = [
    [join(dir, 'nightjar.yaml'), nightjar],
    [join(dir, 'folders.yaml'), folders],
  ] as const;
  for (const [file] of files) if (existsSync(file)) throw exists(file);
  const tokens = join(dir, 'tokens');
  try {
    mkdirSync(tokens, { recursive: true, mode: 0o700 });
    for (const [file, text] of files) writeFileSync(file, text, { flag: 'wx', mode: 0o644 });
  } catch (error) {
    throw notWritten(dir, error);
  }
  const [[main]] = files;
  const command = dir === resolve('.') ? 'nightjar' : `nightjar --config ${quoted(main)}`;
  return {
    made: [...files.map(([file]) => file), `${tokens}/`],
    next: [`touch ${quoted(join(shareOf(choices), DEFAULT_MARKER))}`, `${command} check`, `${command} plan`],
  };
}

function render({ made, next }: Made): string {
  return [
    'Made:',
    ...made.map((file) => `  ${file}`),
    '',
    'Change the lines marked (*), then:',
    `  ${next[0] ?? ''}   # once, on the file server or where the share may be written`,
    ...next.slice(1).map((command) => `  ${command}`),
  ].join('\n');
}

const quoted = (path: string): string =>
  /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;

function exists(file: string): IngestError {
  return new IngestError('USAGE', `${file} exists already; nothing was written`, {
    hint: 'Name another directory, or move the file away if you want a fresh start.',
  });
}

function notWritten(dir: string, error: unknown): IngestError {
  if (systemCode(error) === 'EEXIST') return exists(dir);
  const why = error instanceof Error ? error.message : String(error);
  return new IngestError('USAGE', `writing the start into ${dir}: ${why}`, {
    hint: 'Name a directory that you may write in.',
    cause: error,
  });
}
