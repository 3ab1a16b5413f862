import { getCompileCacheDir } from 'node:module';
import { dirname, join } from 'node:path';

/** Where reading processes keep compiled code, and the environment that makes them do so; none where we keep none. */
export type ReaderCache = {
  readonly dirs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
};

/**
 * Where these processes keep their compiled code, so that they start in a quarter of the time: a directory of their
 * own, for who can write the daemon's could make it run anything. They fill it themselves when they have loaded
 * (`flushCompileCache`): most are killed once they have answered, and one that reads as somebody else may not later.
 */
export function readerCache(): ReaderCache {
  const ours = getCompileCacheDir();
  if (ours === undefined) return { dirs: [], env: {} };
  const dir = join(dirname(ours), 'readers');
  return { dirs: [dir], env: { NODE_COMPILE_CACHE: dir } };
}
