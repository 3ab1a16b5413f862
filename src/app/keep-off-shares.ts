import { dirname } from 'node:path';
import type { ShareConfig } from '../config/config.ts';
import { IngestError } from '../core/errors.ts';
import { isWithin, realPath, realRoot } from './check-places.ts';

/** Refuses (USAGE) to write a file onto a share, once links are followed: Nightjar only ever reads there. */
export function keepOffShares(file: string, shares: readonly ShareConfig[]): void {
  const place = realPath(dirname(file));
  const share = shares.find(({ root }) => isWithin(place, realRoot(root)));
  if (share === undefined) return;
  throw new IngestError(
    'USAGE',
    `${file} lies on share ${share.name}, and Nightjar never writes to a share`,
    {
      hint: 'Give a place that is not on a share.',
    },
  );
}
