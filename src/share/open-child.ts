/**
 * The process that tries to open files; forked by try-open.ts. Writes one character a file on fd 3 and ends: `b` when
 * another program has it open, `-` for everything else. A stub on tape is never opened: that would recall it.
 */

import { closeSync, constants, lstatSync, openSync, writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { encodeBytes } from '../core/share-path.ts';
import { becomeReader, type Reader } from './become-reader.ts';
import { errnoName, saysOpenElsewhere } from './errno.ts';

export type OpenRequest = {
  readonly root: string;
  readonly paths: readonly string[];
  readonly readAs: Reader | undefined;
};

/** Neither waits for a pipe's other end nor follows a link that took the file's place. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.once('message', (request) => answer(request as OpenRequest));

function answer({ root, paths, readAs }: OpenRequest): void {
  flushCompileCache();
  if (readAs !== undefined) becomeReader(readAs);
  for (const path of paths) writeSync(3, isBusy(encodeBytes(`${root}/${path}`)) ? 'b' : '-');
  process.exit();
}

function isBusy(path: Buffer): boolean {
  try {
    const stats = lstatSync(path);
    if (!stats.isFile() || (stats.blocks === 0 && stats.size > 0)) return false;
    closeSync(openSync(path, FLAGS));
    return false;
  } catch (error) {
    const errno = errnoName(error);
    if (errno === undefined) throw error;
    return saysOpenElsewhere(errno);
  }
}
