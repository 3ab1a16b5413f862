import { z } from 'zod';
import { printable } from '../../core/share-path.ts';
import type { Call } from '../destination.ts';
import { encodePath, isNoSuchPath, jsonOf } from './api.ts';
import type { Connection } from './connection.ts';
import { notNomad, refusalOfReading } from './refusal.ts';

/** Entries asked for at once; the platform's default is 10, one level a call (contract of rawdir, both generations). */
const PAGE = 500;
/** A directory of a million entries; and for a platform that gives less than asked for at once, so many answers. */
const MOST_PAGES = 2_000;
const MOST_SHORT_PAGES = 100;

const listing = z.object({
  directory_metadata: z.object({
    content: z.array(z.object({ name: z.string(), size: z.number(), is_file: z.boolean() })),
  }),
  pagination: z.object({ total: z.number() }),
});

/** One entry of a directory of raw files. The size of a directory is not to be relied on (v1.4). */
export type RawEntry = { readonly name: string; readonly size: number; readonly isFile: boolean };

/**
 * What one directory of an upload holds, page by page; none when there is no such directory. Undefined: the credential
 * may not read. `dir` '' is the root.
 */
export async function* rawDirPages(
  connection: Connection,
  { upload, dir }: { readonly upload: string; readonly dir: string },
  call: Call,
): AsyncGenerator<readonly RawEntry[] | undefined, void> {
  const path = `/uploads/${encodePath(upload)}/rawdir/${dir === '' ? '' : encodePath(dir)}`;
  const attempted = `reading back ${printable(dir)} of NOMAD upload ${upload}`;
  for (let page = 1, seen = 0; ; page += 1) {
    const query = { page_size: String(PAGE), page: String(page) };
    const answer = await connection.ask({ method: 'GET', path, query }, call);
    if (answer.status === 401 || answer.status === 403) return yield undefined;
    if (isNoSuchPath(answer)) return;
    if (answer.status !== 200) throw refusalOfReading(answer, attempted);
    const parsed = listing.safeParse(jsonOf(answer.text));
    if (!parsed.success) throw notNomad(answer, attempted);
    const { directory_metadata: directory, pagination } = parsed.data;
    yield directory.content.map(({ name, size, is_file: isFile }) => ({ name, size, isFile }));
    seen += directory.content.length;
    if (directory.content.length === 0 || seen >= pagination.total) return;
    const most = directory.content.length < PAGE ? MOST_SHORT_PAGES : MOST_PAGES;
    if (page >= most) throw notNomad(answer, `${attempted}: page ${page}, and no end`);
  }
}
