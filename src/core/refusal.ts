/**
 * Why a name on a share could not be looked at or read, as the `error` of a listing's entry has it: the errno name, and
 * where it was a matter of rights also what they are, as JSON behind it. Ledgers written before have the name alone.
 */
export type Refusal = {
  readonly errno: string;
  readonly rights?: Rights;
};

/** Who may what, and as whom we came. Numbers are those of the file server; names are what this host calls them. */
export type Rights = {
  /** What is missing: "o+r", "g+rx". */
  readonly needs: string;
  /** The thing itself, or the folder it lies in: that one may be listed but not entered. */
  readonly of: 'itself' | 'folder';
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly user?: string;
  readonly gid: number;
  readonly group?: string;
  readonly reader: number;
  readonly readerName?: string;
};

/** Fits the 255 bytes that a listing has for it: names are cut by whoever looked them up. */
export function formatRefusal({ errno, rights }: Refusal): string {
  return rights === undefined ? errno : `${errno} ${JSON.stringify(rights)}`;
}

export function parseRefusal(error: string | undefined): Refusal | undefined {
  if (error === undefined) return undefined;
  const cut = error.indexOf(' {');
  if (cut < 0) return { errno: error };
  const errno = error.slice(0, cut);
  try {
    return { errno, rights: JSON.parse(error.slice(cut + 1)) as Rights };
  } catch {
    return { errno };
  }
}

/** One sentence: what is missing, by whose rights, and as whom Nightjar comes. */
export function sayRefusal({ errno, rights }: Refusal): string {
  if (rights === undefined)
    return errno === 'EACCES' || errno === 'EPERM' ? 'Nightjar may not read it' : `it fails with ${errno}`;
  const { needs, of, mode, uid, user, gid, group, reader, readerName } = rights;
  const what = of === 'folder' ? 'its folder' : 'it';
  const bits = mode.toString(8).padStart(4, '0');
  return `Nightjar comes as ${named('uid', reader, readerName)} and ${what} lacks ${needs}: mode ${bits}, owner ${named('uid', uid, user)}, group ${named('gid', gid, group)}`;
}

/** Who can mend it, and how. */
export function helpForRefusal({ errno, rights }: Refusal, path: string): string {
  if (rights === undefined)
    return errno === 'EACCES' || errno === 'EPERM'
      ? 'Whoever it belongs to, or the administrator of the file server, gives Nightjar the right to read it; the next run takes it then.'
      : 'The administrator of the file server looks at its disks and log; the next run tries again.';
  const who = rights.user ?? `uid ${rights.uid}`;
  const target = rights.of === 'folder' ? `the folder of ${path}` : path;
  return `${who}, or the administrator of the file server, gives the right: chmod ${rights.needs} ${target} (or an access list). The next run takes it then.`;
}

const named = (what: string, number: number, name: string | undefined): string =>
  name === undefined ? `${what} ${number}` : `${name} (${what} ${number})`;
