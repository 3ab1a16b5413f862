import type { DatabaseSync } from 'node:sqlite';
import type { ShareName } from '../core/ids.ts';
import type { BatchPlan } from '../core/model.ts';
import { safeNameAt } from '../core/safe-name.ts';
import { decodeBytes, encodeBytes, joinPath, type SharePath } from '../core/share-path.ts';
import { bytesOf } from './bytes-of.ts';

/** The names of a share that were given once and stay, by the path of the file; a directory's has '/' behind it. */
export function givenNames(db: DatabaseSync, share: ShareName): Map<string, string> {
  const rows = db.prepare('SELECT path, name FROM given_name WHERE share = ?').all(share);
  return new Map(rows.map((row) => [decodeBytes(bytesOf(row['path'])), decodeBytes(bytesOf(row['name']))]));
}

/** Keeps what a plan's names cannot be told from alone; what was given before stays. */
export function keepGivenNames(db: DatabaseSync, { share, files }: Pick<BatchPlan, 'share' | 'files'>): void {
  const put = db.prepare('INSERT OR IGNORE INTO given_name (share, path, name) VALUES (?, ?, ?)');
  for (const { path, as } of files) {
    if (as === undefined) continue;
    const names = as.split('/');
    const own = path.split('/');
    for (const [depth, name] of names.entries()) {
      const dir = own.slice(0, depth).join('/') as SharePath;
      const of = own[depth] ?? '';
      if (name === safeNameAt(dir, of)) continue;
      const isDir = depth < names.length - 1;
      put.run(share, encodeBytes(`${joinPath(dir, of)}${isDir ? '/' : ''}`), encodeBytes(name));
    }
  }
}
