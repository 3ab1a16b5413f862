import type { TempFamily } from '../core/completion.ts';
import { matchGlob, type PathNames, parseGlob } from '../core/glob.ts';

/**
 * Names that programs give a file while they write it. rsync(1): "." + name + "." + six characters. Office and
 * LibreOffice: owner and lock files beside an open document. Browsers: unfinished downloads. Copy tools: WinSCP
 * *.filepart, FreeFileSync *.ffs_tmp, Syncthing .syncthing.*.tmp and ~syncthing~*.tmp, rclone *.partial, each as its
 * manual says. The generic ones are custom, not documented by anybody.
 */
const NAMES: Readonly<Record<TempFamily, readonly string[]>> = {
  rsync: ['.*.??????'],
  office: ['~$*', '.~lock.*#'],
  browsers: ['*.crdownload', '*.part', '*.download'],
  copy_tools: ['*.filepart', '*.ffs_tmp', '.syncthing.*.tmp', '~syncthing~*.tmp', '*.partial'],
  generic: ['*.tmp', '*.temp'],
};

const WHO: Readonly<Record<TempFamily, string>> = {
  rsync: 'rsync',
  office: 'an office program',
  browsers: 'a web browser',
  copy_tools: 'a copying program',
  generic: 'many programs',
};

/** rsync's six characters are letters and digits. */
const RSYNC = /\.[A-Za-z0-9]{6}$/;

/** Answers whose temporary name a file has, for a person; undefined when it is none of these families'. */
export function tempNames(families: readonly TempFamily[]): (path: PathNames) => string | undefined {
  const globs = families.flatMap((family) =>
    NAMES[family].map((text) => ({ family, glob: parseGlob(text) })),
  );
  return (path) => {
    const found = globs.find(
      ({ family, glob }) =>
        matchGlob(glob, path) !== undefined && (family !== 'rsync' || RSYNC.test(path.names.at(-1) ?? '')),
    );
    return found === undefined ? undefined : WHO[found.family];
  };
}
