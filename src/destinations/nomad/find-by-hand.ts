import { z } from 'zod';
import type { Account, AccountContainer, AccountFile, Asks } from '../../core/account.ts';
import { IngestError } from '../../core/errors.ts';
import { printable } from '../../core/share-path.ts';
import type { Call } from '../destination.ts';
import { jsonOf } from './api.ts';
import type { Connection } from './connection.ts';
import { type RawEntry, rawDirPages } from './raw-dir.ts';
import { rawHash } from './read-hashes.ts';
import { notNomad, refusalOf } from './refusal.ts';

/** Uploads asked for at once; the platform's default is 10. */
const PAGE = 200;

const listed = z.object({
  pagination: z.object({ total: z.number() }),
  data: z.array(
    z.object({
      upload_id: z.string().regex(/^[\w-]{1,128}$/),
      upload_name: z.string().nullish(),
      main_author: z.string().nullish(),
      process_running: z.boolean().optional(),
      process_status: z.string().nullish(),
      last_status_message: z.string().nullish(),
      upload_create_time: z.string().nullish(),
      complete_time: z.string().nullish(),
      publish_time: z.string().nullish(),
      entries: z.number().nullish(),
    }),
  ),
});
type Listed = z.output<typeof listed>['data'][number];

export type Asking = {
  readonly connection: Connection;
  readonly call: Call;
  readonly asks: Asks;
  /** The web page of an upload. */
  readonly pageOf: (id: string) => string;
  readonly now: () => number;
};

/** The uploads of the token's own account, and their raw files, one level a question (contract §4, both generations). */
export function accountOf(asking: Asking): Account {
  const over = tooMany();
  const { asks, connection } = asking;
  const ask: Connection['ask'] = async (request, call) => {
    if (asks.left <= 0) throw over;
    asks.left -= 1;
    return await connection.ask(request, call);
  };
  const counted = { ...asking, connection: { ...connection, ask } };
  return {
    containers: async () => await containers(counted),
    files: async (id) =>
      await files(counted, id).catch((thrown: unknown) => {
        if (thrown === over) return undefined;
        throw thrown;
      }),
    sha256: async (upload, file) => {
      if (asks.bytesLeft < file.size) return undefined;
      asks.bytesLeft -= file.size;
      // Downloading is bounded by bytes, so it does not use up the questions of those that come after.
      return await rawHash(connection, { upload, ...file }, asking.call);
    },
  };
}

/** `page` stops at the told total: a page beyond the end is refused (400, recorded). */
async function containers(asking: Asking): Promise<readonly AccountContainer[] | undefined> {
  const { connection, call } = asking;
  const attempted = 'listing the uploads of the account';
  const found: AccountContainer[] = [];
  for (let page = 1; ; page += 1) {
    const query = {
      ...{ roles: 'main_author', order_by: 'upload_create_time', order: 'desc' },
      ...{ page_size: String(PAGE), page: String(page) },
    };
    const answer = await connection.ask({ method: 'GET', path: '/uploads', query }, call);
    // 403: the token has no right to read. A 401 may be a platform whose user management is down.
    if (answer.status === 403) return undefined;
    if (answer.status !== 200) throw refusalOf(answer, attempted);
    const parsed = listed.safeParse(jsonOf(answer.text));
    if (!parsed.success) throw notNomad(answer, attempted);
    const { data, pagination } = parsed.data;
    found.push(...data.map((one) => containerOf(asking, one)));
    if (data.length === 0 || page * PAGE >= pagination.total) return found;
  }
}

function containerOf({ pageOf, now }: Asking, upload: Listed): AccountContainer {
  const { upload_id: id, upload_name: name, process_running: isRunning = false } = upload;
  const { complete_time: completed, publish_time: published } = upload;
  const madeAt = timeOf(upload.upload_create_time);
  const stamp = [published, completed, upload.process_status, upload.last_status_message, upload.entries];
  return {
    ...{ id, name: name ?? id, location: pageOf(id) },
    ...(typeof upload.main_author === 'string' ? { account: upload.main_author } : {}),
    stamp: isRunning ? undefined : JSON.stringify(stamp),
    madeAt,
    changedAt: isRunning ? now() : Math.max(timeOf(published ?? completed), madeAt),
  };
}

/** v1.3 writes UTC without saying so, v1.4 with its zone; 0 when it tells none. */
function timeOf(text: string | null | undefined): number {
  if (text === undefined || text === null) return 0;
  const parsed = Date.parse(/(?:Z|[+-]\d{2}:?\d{2})$/.test(text) ? text : `${text}Z`);
  return Number.isNaN(parsed) ? 0 : parsed;
}

/** Breadth first, and all of it or nothing: what is not in it counts as not uploaded, and is sent. */
async function files(asking: Asking, upload: string): Promise<readonly AccountFile[]> {
  const found: AccountFile[] = [];
  const dirs = [''];
  for (let dir = dirs.shift(); dir !== undefined; dir = dirs.shift()) {
    const prefix = dir === '' ? '' : `${dir}/`;
    const [entries, below] = partition(await entriesOf(asking, { upload, dir }));
    found.push(...entries.map(({ name, size }) => ({ path: prefix + name, size })));
    dirs.push(...below.map(({ name }) => prefix + name));
  }
  return found;
}

/** Throws where a directory is listed and yet may not be read, or is not there: either may be a platform that is not well. */
async function entriesOf(
  { connection, call }: Asking,
  at: { readonly upload: string; readonly dir: string },
): Promise<RawEntry[]> {
  let entries: RawEntry[] | undefined;
  try {
    for await (const page of rawDirPages(connection, at, call)) {
      if (page === undefined) throw unreadable(at, 'it may not be read');
      entries = [...(entries ?? []), ...page];
    }
  } catch (thrown) {
    const isNotThere = thrown instanceof IngestError && thrown.context['status'] === 404;
    throw isNotThere ? unreadable(at, 'it is not there') : thrown;
  }
  if (entries === undefined) throw unreadable(at, 'it is not there');
  return entries;
}

function unreadable(
  { upload, dir }: { readonly upload: string; readonly dir: string },
  answered: string,
): IngestError {
  const what = dir === '' ? `NOMAD upload ${upload}` : `${printable(dir)} in NOMAD upload ${upload}`;
  return new IngestError('DESTINATION_UNCLEAR', `${what} is listed, and asked for its files, ${answered}`, {
    hint: 'What is in it is not known, so nothing is concluded from it. It is asked for again in the next evening.',
    context: { container: upload, unreadable: true },
  });
}

/** Files, and the directories that can be asked about. */
function partition<T extends { readonly name: string; readonly isFile: boolean }>(
  entries: readonly T[],
): [T[], T[]] {
  const files = entries.filter(({ isFile }) => isFile);
  return [files, entries.filter(({ isFile, name }) => !isFile && isPlain(name))];
}

/** A name that can stand in a question; what is below others is not looked at. */
const isPlain = (name: string): boolean => !['', '.', '..'].includes(name) && !/\p{Cc}/u.test(name);

function tooMany(): IngestError {
  return new IngestError('DESTINATION_BUSY', 'the account has more than one evening may ask for', {
    hint: 'The next evening goes on; by_hand_requests of this destination says how much one may ask.',
  });
}
