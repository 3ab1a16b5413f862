import { printable } from '../core/share-path.ts';
import { count } from '../core/units.ts';
import type { Watched } from '../ledger/watches.ts';

/** One line a share: whether changes get an early look during the day, and if not, why and what helps. */
export function watchLines(watches: readonly Watched[]): string[] {
  return watches.flatMap((watch) => [`${watch.share}: ${SAID[watch.state](watch)}`, ...cure(watch)]);
}

const SAID: Readonly<Record<Watched['state'], (watch: Watched) => string>> = {
  starting: () => 'about to watch',
  watching: ({ directories = 0, whole }) =>
    `watching ${count(directories, 'directory', 'directories')}${whole === false ? '; there are more than `watch_limit` allows' : ''}`,
  resting: () => 'the evening looks at everything',
  off: ({ reason = '' }) => `not watching: ${reason}; the evening sees everything`,
  failed: ({ reason = '', code = '' }) => `not watching: ${printable(reason)} (${code})`,
};

const cure = ({ hint }: Watched): string[] => (hint === undefined ? [] : [`  ${hint}`]);

export function watchesJson(watches: readonly Watched[]): object[] {
  return watches.map(({ share, state, at, directories, whole, reason, code, hint }) => ({
    ...{ share, state, since: at, directories: directories ?? null, whole: whole ?? null },
    ...(reason === undefined ? {} : { reason }),
    ...(code === undefined ? {} : { code, hint }),
  }));
}
