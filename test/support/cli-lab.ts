import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, type Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runCli } from '../../src/cli/run-cli.ts';
import type { Clock } from '../../src/core/clock.ts';
import { systemClock } from '../../src/core/clock.ts';
import { type Ledger, openLedger } from '../../src/ledger/open-ledger.ts';
import { type BuiltShare, buildShare, type ShareNode } from './build-share.ts';

export type CliAnswer = { readonly code: number; readonly out: string; readonly err: string };

/** Runs one command line in this process, as `main.ts` would, with its streams caught; no terminal, no environment. */
export async function runCaptured(
  argv: readonly string[],
  { clock = systemClock, home = '/nonexistent' }: { readonly clock?: Clock; readonly home?: string } = {},
): Promise<CliAnswer> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const code = await runCli(argv, {
    ...{ env: {}, home, clock },
    out: out as Writable as NodeJS.WriteStream,
    err: err as Writable as NodeJS.WriteStream,
  });
  out.end();
  err.end();
  return { code, out: await text(out), err: await text(err) };
}

const LAB_FOLDERS = `
rules:
  - match: "TEM/service/**"
    hold: "service data: ask the manager"
  - match: "Raman/{owner}_{partner}/**"
  - match: "Raman/{partner}_{owner}/**"
  - match: "{instrument}/{owner}/{dataset}/**"
owners:
  mueller: { aliases: [jm] }
  chen: {}
collector: {}
`;

/** A whole small lab in a temporary directory: share, configuration, destination; the state directory is not made. */
export type CliLab = AsyncDisposable & {
  readonly dir: string;
  readonly config: string;
  readonly stateDir: string;
  readonly destination: string;
  readonly share: BuiltShare;
  readonly run: (...argv: string[]) => Promise<CliAnswer>;
  /** The one answer of a command as JSON; fails when it is none. */
  readonly json: (...argv: string[]) => Promise<Record<string, unknown>>;
  /** Works on the real ledger, as a run of another process would. */
  readonly inLedger: <T>(work: (ledger: Ledger) => T) => T;
};

export async function cliLab(
  tree: Readonly<Record<string, ShareNode>> = {},
  options: {
    readonly marker?: boolean;
    readonly extra?: string;
    readonly folders?: string;
    /** The destinations as YAML in braces has them; default: a directory. */
    readonly destinations?: string;
    readonly clock?: Clock;
    readonly settle?: string;
    /** Read the share as somebody who has no rights of his own there; needs nothing where the tests are not root. */
    readonly asNobody?: boolean;
    /** Further keys of the share, as YAML in braces has them. */
    readonly shareKeys?: string;
  } = {},
): Promise<CliLab> {
  const dir = await mkdtemp(join(tmpdir(), 'nj-cli-'));
  const share = await buildShare(tree, options.marker === undefined ? {} : { marker: options.marker });
  const [config, stateDir, destination] = [join(dir, 'nightjar.yaml'), join(dir, 'state'), join(dir, 'out')];
  await mkdir(destination);
  const isRoot = process.geteuid?.() === 0;
  const readAs = options.asNobody === true && isRoot ? ', read_as: { uid: 65534, gid: 65534 }' : '';
  await writeFile(
    config,
    `state_dir: ${stateDir}\nshares: { lab: { root: ${share.root}${readAs}, ${options.shareKeys ?? ''} } }\ndestinations: ${options.destinations ?? `{ archive: { kind: directory, root: ${destination} } }`}\nsettle: ${options.settle ?? '1s'}\nschedule: { evening: "20:00" }\n${options.extra ?? ''}`,
  );
  await writeFile(join(dir, 'folders.yaml'), options.folders ?? LAB_FOLDERS);
  const run: CliLab['run'] = (...argv) =>
    runCaptured(['--config', config, ...argv], options.clock === undefined ? {} : { clock: options.clock });
  return {
    ...{ dir, config, stateDir, destination, share, run },
    json: async (...argv) => JSON.parse((await run('--json', ...argv)).out) as Record<string, unknown>,
    inLedger: (work) => {
      const ledger = openLedger(stateDir);
      try {
        return work(ledger);
      } finally {
        ledger.close();
      }
    },
    [Symbol.asyncDispose]: async () => {
      await share[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
