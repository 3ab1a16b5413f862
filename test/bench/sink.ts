import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A server in a process of its own that takes and forgets every body. */
export type Sink = AsyncDisposable & { readonly url: string; readonly pid: number };

export async function startSink(): Promise<Sink> {
  const sink = spawn(process.execPath, [fileURLToPath(new URL('./put-sink.ts', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [port] = (await once(sink.stdout, 'data')) as [Buffer];
  return {
    url: `http://127.0.0.1:${port.toString().trim()}`,
    pid: sink.pid ?? 0,
    [Symbol.asyncDispose]: async () => {
      sink.stdin.end();
      await once(sink, 'exit');
    },
  };
}

/** What one would script today: everything below `root` as a stored zip, straight into a PUT. */
export async function zipCurl(root: string, url: string): Promise<void> {
  await shell(root, `zip -0 -q -r - . | curl -sS -H Expect: -T - ${url}/parcel`);
}

/** The same with a SHA-256 of every file, which is what our manifests carry. */
export async function sumsThenZipCurl(root: string, url: string): Promise<void> {
  await shell(root, 'find . -type f -print0 | xargs -0 sha256sum');
  await zipCurl(root, url);
}

async function shell(cwd: string, line: string): Promise<void> {
  await run('sh', ['-c', line], { cwd, maxBuffer: 64 * 1024 * 1024 });
}
