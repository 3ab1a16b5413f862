import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'vitest';

export type TemporaryDir = AsyncDisposable & { readonly root: string };

export async function temporaryDir(): Promise<TemporaryDir> {
  const root = await mkdtemp(join(tmpdir(), 'nightjar-outside-'));
  return { root, [Symbol.asyncDispose]: async () => await rm(root, { recursive: true, force: true }) };
}

/** A file system of its own in memory, mounted on a new directory or on `at`; skips the test where one may not mount. */
export async function smallDisk(context: TestContext, options: string, at?: string): Promise<TemporaryDir> {
  if (process.getuid?.() !== 0) context.skip('only root may mount a small disk');
  const directory = await temporaryDir();
  const root = at ?? directory.root;
  try {
    asRoot('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', root]);
  } catch (thrown) {
    await directory[Symbol.asyncDispose]();
    context.skip(`mounting a small disk was refused: ${String(thrown)}`);
  }
  return {
    root,
    [Symbol.asyncDispose]: async () => {
      asRoot('umount', [root]);
      await directory[Symbol.asyncDispose]();
    },
  };
}

export function asRoot(command: string, args: readonly string[]): void {
  execFileSync(command, args, { stdio: 'pipe' });
}
