import type { BigIntStats } from 'node:fs';
import { formatRefusal } from '../core/refusal.ts';
import type { NameOf } from './account-names.ts';

/** As whom the share is read, and what this host calls accounts. */
export type Me = {
  readonly uid: number;
  readonly groups: ReadonlySet<number>;
  readonly nameOf: NameOf;
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
