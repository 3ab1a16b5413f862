import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { IngestError } from '../../core/errors.ts';

/** The platform that goes wrong is the test server; it comes with a checkout. */
const PROGRAM = fileURLToPath(new URL('../../../test/support/misbehaving-nomad.ts', import.meta.url));

/** One thing that the platform did wrong, and to whose parcel. */
export type Misdeed = { readonly user: string; readonly misdeed: string; readonly words: string };
type PlatformFile = {
  readonly user: string;
  readonly upload: string;
  readonly path: string;
  readonly sha256: string;
};

/** The lines that it writes; it is ours, so they are taken as they come. */
type Said =
  | ({ readonly is: 'misdeed' } & Misdeed)
  | { readonly is: 'listening'; readonly url: string; readonly tokens: Readonly<Record<string, string>> }
  | { readonly is: 'accounts'; readonly files: readonly PlatformFile[] };

/** A NOMAD of its own process that misbehaves by a seed. */
export type DemoPlatform = AsyncDisposable & {
  readonly url: string;
  /** Each user's upload token. */
  readonly tokens: Readonly<Record<string, string>>;
  /** Every file of every account, with the SHA-256 of what is really on the platform's disk. */
  readonly accounts: () => Promise<readonly PlatformFile[]>;
};

export type PlatformWish = {
  readonly seed: number;
  readonly generation: 'v1.3' | 'v1.4';
  readonly users: readonly string[];
  readonly onMisdeed: (told: Misdeed) => void;
};

/** Throws USAGE where Nightjar was installed without its tests. */
export async function startDemoPlatform(wish: PlatformWish, program = PROGRAM): Promise<DemoPlatform> {
  if (!existsSync(program))
    throw new IngestError('USAGE', `the platform that misbehaves is not there: ${program}`, {
      hint: 'It is part of the tests, which this installation came without. Run it from a checkout: npm run demo -- --misbehave',
    });
  const child = spawn(process.execPath, [program, String(wish.seed), wish.generation, ...wish.users], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { promise: listening, resolve: onListening, reject } = Promise.withResolvers<Said>();
  child.once('error', reject);
  child.once('exit', (code) => reject(new Error(`the demo's platform ended with ${code}`)));
  const asked: ((told: Said) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const told = JSON.parse(line) as Said;
    if (told.is === 'misdeed') wish.onMisdeed(told);
    else if (told.is === 'listening') onListening(told);
    else asked.shift()?.(told);
  });
  const first = await listening;
  if (first.is !== 'listening') throw new Error('the platform of the demo did not begin with its address');
  return {
    url: first.url,
    tokens: first.tokens,
    accounts: async () => {
      const { promise, resolve } = Promise.withResolvers<Said>();
      asked.push(resolve);
      child.stdin.write('accounts\n');
      const told = await promise;
      return told.is === 'accounts' ? told.files : [];
    },
    [Symbol.asyncDispose]: async () => await end(child),
  };
}

async function end(child: ChildProcessByStdio<Writable, Readable, null>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.stdin.end();
  await ended;
}
