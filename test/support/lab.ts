import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { tellOfChild, tellOfLedger } from './lab-words.ts';

/** What a command said. */
export type Said = { readonly code: number | null; readonly out: string; readonly err: string };

/** A lab of its own: a share, a folder or NOMAD as destination, a configuration, and `nightjar` as a person runs it. */
export type Lab = AsyncDisposable & {
  readonly root: string;
  readonly share: string;
  readonly delivered: string;
  /** Writes a file of the share. */
  readonly put: (path: string, content: string | Buffer) => Promise<void>;
  /** Runs `nightjar ARGS` to its end. */
  readonly nightjar: (...args: readonly string[]) => Promise<Said>;
  /** Runs any program there to its end. */
  readonly run: (program: string, ...args: readonly string[]) => Promise<Said>;
  /** `nightjar`, with text on its standard input. */
  readonly nightjarWith: (input: string, ...args: readonly string[]) => Promise<Said>;
  /** Starts `nightjar ARGS` and leaves it to the test. */
  readonly start: (...args: readonly string[]) => ChildProcess;
  /** Starts any program there. */
  readonly startProgram: (program: string, ...args: readonly string[]) => ChildProcess;
  /** An evening, as its report. */
  readonly evening: () => Promise<RunReport>;
};

export type LabOptions = {
  readonly settle?: string;
  readonly folders?: string;
  /** Further keys of the share, as in `{ … }`. */
  readonly share?: string;
  /** Lines of nightjar.yaml below `destinations:`; default: a directory. */
  readonly destinations?: string;
  /** Further keys of `deliveries`; default: what is away is waited for, however long a slow machine takes to bring it back. */
  readonly deliveries?: string;
  /** The keys of `deliveries` that say how often something is tried again, or a token asked about; default: at once and often. */
  readonly retries?: string;
  /** Further top-level lines of nightjar.yaml. */
  readonly extra?: string;
};

export const LAUNCHER = fileURLToPath(new URL('../../src/nightjar', import.meta.url));

const RETRIES = 'retry_first: 100ms, retry_max: 500ms';
/** A platform that was slow once is away: by the default it would be asked again after half a minute. */
const PROBES = 'probe_first: 100ms, probe_max: 500ms';

const FOLDERS = `rules:
  - match: "{instrument}/{owner}/{dataset}/**"
owners:
  mueller: {}
  schmidt: {}
collector: {}
`;

export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const root = await mkdtemp(join(tmpdir(), 'nightjar-lab-'));
  const [share, delivered] = [join(root, 'share'), join(root, 'delivered')];
  await mkdir(share);
  await mkdir(delivered);
  await writeFile(join(share, '.nightjar-share'), '');
  await writeFile(join(root, 'folders.yaml'), options.folders ?? FOLDERS);
  const destinations =
    options.destinations ?? `  archive: { kind: directory, root: ${JSON.stringify(delivered)} }`;
  await writeFile(
    join(root, 'nightjar.yaml'),
    `state_dir: ${JSON.stringify(join(root, 'state'))}
shares: { lab: { root: ${JSON.stringify(share)}, ${options.share ?? ''} } }
destinations:
${destinations}
settle: ${options.settle ?? '0s'}
deliveries: { ${options.retries ?? RETRIES}, ${PROBES}, ${options.deliveries ?? 'outage_wait: 10m'} }
${options.extra ?? ''}
`,
  );
  const ledgerWords = tellOfLedger(join(root, 'state'));
  const children = new Set<ChildProcess>();
  const launch = (stdin: 'ignore' | 'pipe', program: string, args: readonly string[]): ChildProcess => {
    const child = spawn(program, args, { cwd: root, stdio: [stdin, 'pipe', 'pipe'] });
    children.add(child);
    tellOfChild(child, [program, ...args]);
    child.once('exit', () => children.delete(child));
    return child;
  };
  const startProgram = (program: string, ...args: readonly string[]): ChildProcess =>
    launch('ignore', program, args);
  const start = (...args: readonly string[]): ChildProcess => startProgram(LAUNCHER, ...args);
  const saidBy = async (child: ChildProcess): Promise<Said> => {
    const [out, err, [code]] = await Promise.all([
      textOf(child.stdout),
      textOf(child.stderr),
      once(child, 'exit'),
    ]);
    return { code: code as number | null, out, err };
  };
  const nightjar = async (...args: readonly string[]): Promise<Said> => await saidBy(start(...args));
  return {
    root,
    share,
    delivered,
    start,
    startProgram,
    nightjar,
    run: async (program, ...args) => await saidBy(startProgram(program, ...args)),
    nightjarWith: async (input, ...args) => {
      const child = launch('pipe', LAUNCHER, args);
      child.stdin?.end(input);
      return await saidBy(child);
    },
    put: async (path, content) => {
      const file = join(share, path);
      await mkdir(join(file, '..'), { recursive: true });
      await writeFile(file, content);
    },
    evening: async () => {
      const said = await nightjar('run', '--json');
      if (said.out === '') throw new Error(`no report (exit ${said.code}): ${said.err}`);
      return JSON.parse(said.out) as RunReport;
    },
    [Symbol.asyncDispose]: async () => {
      for (const child of children) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      ledgerWords.settle();
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = '';
  if (stream === null) return text;
  stream.setEncoding('utf8');
  for await (const piece of stream) text += String(piece);
  return text;
}
