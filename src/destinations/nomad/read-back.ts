import { z } from 'zod';
import type { Content } from '../../core/content.ts';
import { deliveredPath } from '../../core/delivered-path.ts';
import { nameOf, parentOf, printable } from '../../core/share-path.ts';
import type { Call, RemoteContainer } from '../destination.ts';
import { encodePath, jsonOf } from './api.ts';
import type { Connection } from './connection.ts';
import { notNomad, refusalOf } from './refusal.ts';
import { tokenFacts } from './token.ts';

/** Entries asked for at once; the platform's default is 10, one level a call (contract of rawdir, both generations). */
const PAGE = 500;

const listing = z.object({
  directory_metadata: z.object({
    content: z.array(z.object({ name: z.string(), size: z.number(), is_file: z.boolean() })),
  }),
  pagination: z.object({ total: z.number() }),
});

/** True for a credential that reading is worth a try with: an upload token never may. */
export function mayRead({ token }: Call): boolean {
  return token !== undefined && tokenFacts(token).kind !== 'upload';
}

/**
 * The files of the batch that the upload does not have with their name and size, as sentences; undefined when the
 * credential may not read after all. Directories are listed one by one, in pages.
 */
export async function missingFiles(
  connection: Connection,
  container: RemoteContainer,
  content: Content,
  call: Call,
): Promise<readonly string[] | undefined> {
  const wrong: string[] = [];
  const { files } = content.batch;
  for (const [dir, inDir] of Map.groupBy(files, (file) => parentOf(deliveredPath(file)))) {
    const at = `${content.targetDir}${dir === '' ? '' : `/${dir}`}`;
    const there = await sizesIn(connection, container, at, call);
    if (there === undefined) return undefined;
    for (const file of inDir) {
      const path = deliveredPath(file);
      const found = there.get(nameOf(path));
      if (found === file.size) continue;
      wrong.push(
        `${printable(path)} (${found === undefined ? 'missing' : `${found} bytes instead of ${file.size}`})`,
      );
    }
  }
  return wrong;
}

/** Sizes of the files in one directory by name; undefined when the credential may not read. */
async function sizesIn(
  connection: Connection,
  container: RemoteContainer,
  dir: string,
  call: Call,
): Promise<Map<string, number> | undefined> {
  const path = `/uploads/${encodePath(container.id)}/rawdir/${encodePath(dir)}`;
  const attempted = `reading back ${printable(dir)} of NOMAD upload ${container.id}`;
  const sizes = new Map<string, number>();
  for (let page = 1, seen = 0; ; page += 1) {
    const query = { page_size: String(PAGE), page: String(page) };
    const answer = await connection.ask({ method: 'GET', path, query }, call);
    if (answer.status === 401 || answer.status === 403) return undefined;
    if (answer.status === 404) return sizes;
    if (answer.status !== 200) throw refusalOf(answer, attempted);
    const parsed = listing.safeParse(jsonOf(answer.text));
    if (!parsed.success) throw notNomad(answer, attempted);
    const { directory_metadata: directory, pagination } = parsed.data;
    for (const { name, size, is_file: isFile } of directory.content) if (isFile) sizes.set(name, size);
    seen += directory.content.length;
    if (directory.content.length === 0 || seen >= pagination.total) return sizes;
  }
}
