import { COLLECTOR, type ShareName } from '../core/ids.ts';
import type { Assign, Entry } from '../core/model.ts';
import { helpForRefusal, parseRefusal, sayRefusal } from '../core/refusal.ts';
import { joinPath, printable, type SharePath } from '../core/share-path.ts';
import type { Facts } from '../ledger/facts.ts';

/** What is said of an entry that cannot be read: since when by our looks, what is missing, and who can mend it. */
type Unreadable = {
  readonly bucket: 'unreadable';
  readonly reason: string;
  readonly help: string;
  readonly since?: number;
};

/** A file, by its rights; one that failed only when its content was read, by that. */
export function unreadableFile(entry: Entry, facts: Facts, path: SharePath): Unreadable {
  const refusal = entry.kind === 'unreadable' ? parseRefusal(entry.error) : undefined;
  if (refusal === undefined) return readFailed(path);
  return {
    ...{ bucket: 'unreadable', since: facts.since, reason: sayRefusal(refusal) },
    help: helpForRefusal(refusal, printable(path)),
  };
}

/** It may be read by its rights, and could not be when that was tried. */
export const readFailed = (path: SharePath): Unreadable => ({
  ...{ bucket: 'unreadable', reason: READ_FAILED },
  help: helpForRefusal({ errno: 'EIO' }, path),
});

const READ_FAILED = 'it looks readable, but the last attempt to read it failed; every run tries again';

type OfDirectory = Unreadable & { readonly owner?: string; readonly dataset?: SharePath };
type LeftOut = { readonly bucket: 'excluded'; readonly reason: string; readonly help?: string };

/** A directory that cannot be listed: what is in it is unknown, and whose it would be is told where the rules do. */
export function unlistable(
  assign: Assign,
  share: ShareName,
  { path, entry, facts }: { readonly path: SharePath; readonly entry: Entry; readonly facts: Facts },
): OfDirectory | LeftOut {
  // Names that nobody gives: only rules about all that is in there answer for them.
  const inside = assign(share, joinPath(path, ANY), undefined);
  const deeper = assign(share, joinPath(joinPath(path, ANY), ANY), undefined);
  if (inside.kind === 'excluded' && deeper.kind === 'excluded') {
    const { reason, help } = inside;
    return { bucket: 'excluded', reason, ...(help === undefined ? {} : { help }) };
  }
  const refusal = parseRefusal(entry.error) ?? { errno: 'unknown error' };
  const whose = deeper.kind === 'owned' && deeper.owner !== COLLECTOR ? deeper : undefined;
  const dataset =
    whose?.dataset === undefined || whose.dataset.includes(ANY) ? {} : { dataset: whose.dataset };
  return {
    ...{ bucket: 'unreadable', since: facts.since, ...dataset },
    ...(whose === undefined ? {} : { owner: whose.owner }),
    reason: `the directory cannot be listed, and what is in it is unknown: ${sayRefusal(refusal)}`,
    help: helpForRefusal(refusal, printable(path)),
  };
}

const ANY = '\u2026';
