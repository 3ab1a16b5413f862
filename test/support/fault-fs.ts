import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { untilTrue } from './until.ts';

const SCRIPT = fileURLToPath(new URL('fault-fs.py', import.meta.url));
/** Debian's own: its packages are not for another Python that comes first on the path. */
const PYTHON = '/usr/bin/python3';

/** A directory seen through a file system that fails as a test says. Gone with everything that hangs in it after dispose. */
export type FaultFs = AsyncDisposable & {
  readonly process: ChildProcess;
  /** Reading this file from this offset on fails with EIO; undefined: nothing does. */
  readonly eio: (path: string | undefined, offset?: number) => void;
  /** Reading one of these files fails with EIO, and of no other. */
  readonly eioOf: (paths: readonly string[]) => void;
  /** Whoever reads or lists the path waits; resolves when somebody does. */
  readonly hold: (path: string) => { readonly held: Promise<void>; readonly release: () => void };
  /** Takes it away from its mount point; what is open in it stays open. */
  readonly unmount: () => void;
};

/** What this machine lacks for a `FaultFs`; undefined: nothing. Said on the console too: a test that is left out is seen. */
export function lacksFaultFs(): string | undefined {
  const lacks = lacking();
  if (lacks !== undefined) console.log(`left out: ${lacks}`);
  return lacks;
}

function lacking(): string | undefined {
  if (process.getuid?.() !== 0) return 'mounting a file system with faults needs root';
  if (!existsSync('/dev/fuse')) return 'a file system with faults needs /dev/fuse';
  const found = spawnSync(PYTHON, ['-c', 'import fusepy']).status === 0;
  return found ? undefined : 'a file system with faults needs the Debian package python3-fusepy';
}

export async function mountFaultFs(source: string, mountPoint: string): Promise<FaultFs> {
  const faults = mkdtempSync(join(tmpdir(), 'nightjar-faults-'));
  mkdirSync(mountPoint, { recursive: true });
  const before = statSync(mountPoint).dev;
  const child = spawn(PYTHON, [SCRIPT, source, mountPoint, faults], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await untilTrue(() => statSync(mountPoint).dev !== before, 'the file system is mounted');
  const at = (name: string): string => join(faults, name);
  const release = (): void => rmSync(at('hold'), { force: true });
  const isMounted = (): boolean => readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${mountPoint} `);
  const unmount = (): void => {
    if (isMounted()) spawnSync('umount', ['--lazy', mountPoint]);
  };
  return {
    process: child,
    unmount,
    eio: (path, offset = 0) => {
      if (path === undefined) rmSync(at('eio'), { force: true });
      else writeFileSync(at('eio'), `/${path} ${offset}`);
    },
    eioOf: (paths) => writeFileSync(at('eio'), paths.map((path) => `/${path} 0`).join('\n')),
    hold: (path) => {
      rmSync(at('held'), { force: true });
      writeFileSync(at('hold'), `/${path}`);
      return { held: untilTrue(() => existsSync(at('held')), `${path} is waited for`), release };
    },
    [Symbol.asyncDispose]: async () => {
      release();
      unmount();
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      rmSync(faults, { recursive: true, force: true });
    },
  };
}
