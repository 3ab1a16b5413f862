/** The process that asks a share what it is; forked by prove-share.ts. Answers in JSON on fd 3 and ends. */

import { lstatSync, readdirSync, readFileSync, realpathSync, statfsSync, statSync, writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { dirname } from 'node:path';
import { becomeReader, type Reader } from './become-reader.ts';
import { errnoName } from './errno.ts';
import { mountOf } from './mount-info.ts';

export type ProofRequest = {
  readonly root: string;
  readonly marker: string;
  readonly readAs: Reader | undefined;
  /** Directories of the root that are remembered, as binary strings. */
  readonly remembered: readonly string[];
};

/** What was found; `errno` when a call on the root failed. */
export type RootFacts =
  | { readonly errno: string; readonly message: string }
  | {
      readonly isDirectory: boolean;
      readonly device: number;
      readonly mounted: boolean;
      readonly fsType: string;
      readonly source: string;
      /** Names in the root, the marker not counted. */
      readonly topLevel: number;
      /** The first thousand directories of the root, sorted; names as binary strings. */
      readonly dirs: readonly string[];
      /** Which of the remembered directories are not there. */
      readonly missing: readonly string[];
      /** 'file', 'other', or the errno name of why it cannot be seen. */
      readonly marker: string;
    };

process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.once('message', (request) => answer(request as ProofRequest));

function answer(request: ProofRequest): void {
  flushCompileCache();
  if (request.readAs !== undefined) becomeReader(request.readAs);
  writeSync(3, JSON.stringify(factsOf(request)));
  process.exit();
}

function factsOf({ root, marker, remembered }: ProofRequest): RootFacts {
  try {
    const { dev } = statSync(root);
    const isDirectory = statSync(root).isDirectory();
    const real = realpathSync(root);
    const mount = mountOf(readFileSync('/proc/self/mountinfo', 'latin1'), real);
    const names = isDirectory ? readdirSync(root, 'latin1').filter((name) => name !== marker) : [];
    const there = new Set(names);
    const type = `0x${statfsSync(root).type.toString(16)}`;
    return {
      isDirectory,
      device: dev,
      mounted: mount?.point === real || statSync(dirname(real)).dev !== dev,
      fsType: mount === undefined ? type : `${type} ${mount.fsType}`,
      source: mount?.source ?? '',
      topLevel: names.length,
      dirs: dirsOf(root, names),
      missing: remembered.filter((name) => !there.has(name)),
      marker: isDirectory ? lookAtMarker(`${root}/${marker}`) : 'other',
    };
  } catch (error) {
    const errno = errnoName(error);
    if (errno === undefined) throw error;
    return { errno, message: error instanceof Error ? error.message : errno };
  }
}

/** So many directories of a root are remembered. */
const MOST_DIRS = 1000;

function dirsOf(root: string, names: readonly string[]): string[] {
  const isDir = (name: string): boolean => {
    const path = Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, 'latin1')]);
    try {
      return lstatSync(path).isDirectory();
    } catch {
      // What is wrong with one name is for the walk to tell.
      return false;
    }
  };
  return names.toSorted().slice(0, MOST_DIRS).filter(isDir);
}

function lookAtMarker(path: string): string {
  try {
    return lstatSync(path).isFile() ? 'file' : 'other';
  } catch (error) {
    const errno = errnoName(error);
    // Only these are an answer about the marker; anything else is one about the share.
    if (errno === 'ENOENT' || errno === 'EACCES') return errno;
    throw error;
  }
}
