import { spawnSync } from 'node:child_process';
import type { BigIntStats } from 'node:fs';
import { formatRefusal } from '../core/refusal.ts';

/** As whom the share is read, and what this host calls accounts. */
export type Me = {
  readonly uid: number;
  readonly groups: ReadonlySet<number>;
  readonly nameOf: (database: 'passwd' | 'group', id: number) => string | undefined;
};

type Wanted = { readonly bits: 'r' | 'rx' | 'x'; readonly of: 'itself' | 'folder' };

/** The `error` of an entry that was refused: the errno name, with the rights as they are (core/refusal.ts). */
export function refusedBecause(errno: string, me: Me, stats: BigIntStats, { bits, of }: Wanted): string {
  if (errno !== 'EACCES' && errno !== 'EPERM') return errno;
  const [uid, gid] = [Number(stats.uid), Number(stats.gid)];
  const who = uid === me.uid ? 'u' : me.groups.has(gid) ? 'g' : 'o';
  const [user, group] = [me.nameOf('passwd', uid), me.nameOf('group', gid)];
  const readerName = me.nameOf('passwd', me.uid);
  return formatRefusal({
    errno,
    rights: {
      ...{ needs: `${who}+${bits}`, of, mode: Number(stats.mode) & 0o7777, uid, gid, reader: me.uid },
      ...(user === undefined ? {} : { user }),
      ...(group === undefined ? {} : { group }),
      ...(readerName === undefined ? {} : { readerName }),
    },
  });
}

const NAME_MS = 2000;
const MOST_ASKED = 50;
/** So that all of it fits into a listing's error. */
const NAME_CHARS = 24;

/**
 * Asks the host for names, each once. It may ask a directory service; one that does not answer in time is asked no
 * more, for a scan that says nothing counts as hung.
 */
export function nameBook(): Me['nameOf'] {
  const known = new Map<string, string | undefined>();
  let answers = true;
  return (database, id) => {
    const key = `${database} ${id}`;
    if (known.has(key) || !answers || known.size >= MOST_ASKED) return known.get(key);
    const { stdout, error } = spawnSync('/usr/bin/getent', [database, String(id)], {
      ...{ cwd: '/', encoding: 'utf8', timeout: NAME_MS, killSignal: 'SIGKILL' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    answers = error === undefined;
    const name = /^([\w.@\\$+-]+):/.exec(stdout ?? '')?.[1]?.slice(0, NAME_CHARS);
    known.set(key, name);
    return name;
  };
}
