import { printable, quoted } from '../core/share-path.ts';
import type { AskedPath } from './asked-path.ts';
import type { LookedAt } from './last-look.ts';
import { lookLines } from './render-shares.ts';

type Narrowing = { readonly owner?: string; readonly instrument?: string };

/** Nothing is known of what was asked about: that, and what to do; it may be misspelt, new, or somewhere else. */
export function notSeen(
  { share, path }: AskedPath,
  { owner, instrument }: Narrowing,
  looks: readonly LookedAt[],
  now: number,
): string {
  const place = `${share.name}:${path}`;
  const only = [owner, instrument].filter((one) => one !== undefined).join(', ');
  return [
    `No look has seen anything at ${printable(place)}${only === '' ? '' : ` of ${only}`}. Whether it is there is not known.`,
    'Look whether it is spelt as on the share: upper and lower case count. If it is new, the next run sees it.',
    `Look now, and write nothing: nightjar plan. Whose it would be: nightjar explain ${quoted(place)}`,
    '',
    ...looks.flatMap((look) => lookLines(look, now)),
  ].join('\n');
}
