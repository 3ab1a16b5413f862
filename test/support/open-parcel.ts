import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createPacker, type Packer, type PackerOptions } from '../../src/batch/packer.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Content } from '../../src/core/content.ts';

const run = promisify(execFile);

/** A packer with a spool directory of its own; both are gone when disposed of. */
export async function startPacker(
  options: Partial<PackerOptions> = {},
): Promise<Packer & { readonly spoolDir: string }> {
  const spoolDir = await mkdtemp(join(tmpdir(), 'nightjar-spool-'));
  const packer = createPacker({
    clock: systemClock,
    stallMs: 20_000,
    spoolDir,
    version: '1.2.3',
    ...options,
  });
  return {
    spoolDir,
    content: packer.content,
    [Symbol.asyncDispose]: async () => {
      await packer[Symbol.asyncDispose]();
      await rm(spoolDir, { recursive: true, force: true });
    },
  };
}

/** Stores a content's parcel as a file; answers with the length that was promised. */
export async function storeParcel(content: Content, path: string): Promise<number> {
  const { bytes, stream } = await content.parcel(new AbortController().signal);
  await pipeline(stream, createWriteStream(path));
  return bytes;
}

/** Zip readers that are not ours. Each reads every byte and fails on a bad checksum. */
const READERS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  unzip: ['unzip', '-tqq'],
  python: ['python3', '-m', 'zipfile', '-t'],
  bsdtar: ['bsdtar', '-xOf'],
};

/** Has every installed reader test the parcel; throws when one refuses it, or when none is installed. */
export async function checkWithReaders(path: string, names = Object.keys(READERS)): Promise<void> {
  let tried = 0;
  for (const name of names) {
    const [command = '', ...args] = READERS[name] ?? [];
    try {
      await run('sh', ['-c', `${[command, ...args].join(' ')} "$1" > /dev/null`, 'sh', path]);
      tried += 1;
    } catch (thrown) {
      if ((thrown as { code?: unknown }).code !== 127) throw thrown;
      console.log(`${command} is not installed: skipped`);
    }
  }
  if (tried === 0) throw new Error('no zip reader is installed');
}

/** Output of a command in a directory. */
export async function output(cwd: string, command: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run(command, args, { cwd, maxBuffer: 256 * 1024 * 1024 });
  return stdout;
}
