/** The process that reads sidecar files of a share; forked by read-sidecars.ts. Answers in JSON on fd 3 and ends. */

import { statSync, writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { becomeReader, type Reader } from './become-reader.ts';
import { readSmallFile, type SmallFile } from './read-small-file.ts';

export type SidecarRequest = {
  readonly root: string;
  readonly readAs: Reader | undefined;
  readonly mostBytes: number;
  /** Binary strings. */
  readonly files: readonly { readonly dir: string; readonly name: string }[];
};

/** For each file of the request, in its order; null: it is gone. */
export type SidecarAnswer = readonly (SmallFile | null)[];

process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.once('message', (request) => answer(request as SidecarRequest));

function answer({ root, readAs, mostBytes, files }: SidecarRequest): void {
  flushCompileCache();
  if (readAs !== undefined) becomeReader(readAs);
  process.chdir(root);
  const { dev } = statSync('.', { bigint: true });
  const found: SidecarAnswer = files.map(
    ({ dir, name }) => readSmallFile(dev, dir, name, { mostBytes }) ?? null,
  );
  writeAll(Buffer.from(JSON.stringify(found)));
  process.exit();
}

function writeAll(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(3, bytes, at, bytes.length - at);
}
