import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Opens a file as a program on a file server's other client does: until disposed of, whoever opens it is told to wait
 * (a lease, fcntl(2)). Needs python3.
 */
export async function holdOpen(path: string): Promise<AsyncDisposable> {
  const child = spawn('python3', ['-c', LEASE, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [ready] = await Promise.race([once(child.stdout, 'data'), ended(child)]);
  if (!String(ready).startsWith('ready')) throw new Error(`could not hold ${path} open`);
  return {
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

const LEASE = `
import fcntl, os, signal, sys
signal.signal(signal.SIGIO, signal.SIG_IGN)
file = os.open(sys.argv[1], os.O_RDWR)
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print("ready", flush=True)
sys.stdin.read()
`;

async function ended(child: ChildProcess): Promise<never> {
  const [code] = await once(child, 'exit');
  throw new Error(`python3 ended with ${code}`);
}
