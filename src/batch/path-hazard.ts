import type { SharePath } from '../core/share-path.ts';

/** PATH_MAX is 4,096 with the receiving side's own prefix included; what is left below it for us. */
const MAX_PATH_BYTES = 3_500;

/** Why not even a path of safe names can be carried; undefined when it can. Names are `core/safe-name.ts`'s. */
export function pathHazard(path: SharePath): string | undefined {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `the path is longer than ${MAX_PATH_BYTES} bytes`;
  return LEADS_AWAY.test(path) ? "the path has an empty, '.' or '..' part" : undefined;
}

const LEADS_AWAY = /(?:^|\/)(?:\.{0,2})(?:\/|$)/;
