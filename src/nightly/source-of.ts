import type { ShareName } from '../core/ids.ts';
import type { SharePath } from '../core/share-path.ts';
import type { KnownEntry } from '../ledger/looks.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { Source } from '../ledger/vanished.ts';

/**
 * Where the file of this name was delivered from that has been in `was`, or in a directory whose files came to `was`:
 * one that could not be read there was left behind in the ledger when the others went on.
 */
export function sourceFinder(
  { looks, recognised }: Pick<Ledger, 'looks' | 'recognised'>,
  share: ShareName,
  was: SharePath,
): (name: string) => (Source & Pick<KnownEntry, 'entry'>) | undefined {
  let places: readonly (readonly [SharePath, ReadonlyMap<string, KnownEntry>])[] | undefined;
  return (name) => {
    places ??= [was, ...recognised.cameFrom(share, was)].map((dir) => [dir, looks.everIn(share, dir)]);
    for (const [dir, there] of places) {
      const known = there.get(name);
      if (known === undefined || known.facts.batch === 0 || known.facts.mark === 'left') continue;
      return { was: dir, batch: known.facts.batch, entry: known.entry };
    }
    return undefined;
  };
}
