import type { Clock } from '../../core/clock.ts';
import type { HttpAnswer } from '../../http/http-client.ts';
import type { RequestBody } from '../../http/request-body.ts';
import type { Call, RemoteContainer } from '../destination.ts';
import { encodePath } from './api.ts';
import type { Polling } from './confirm.ts';
import type { Connection } from './connection.ts';

/** What sending into an upload and waiting for its end needs. */
export type RawParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly polling: Polling;
};

/** Where a request is to put its body: a directory of the upload ('' is its root), and the name in it unless the body has it. */
export type Place = { readonly dir: string; readonly name?: string };

export type Put = {
  readonly place: Place;
  readonly type: string;
  readonly body: RequestBody;
  readonly query?: Readonly<Record<string, string>>;
};

/** One PUT into the upload's files; any status is an answer. The root has to end in a slash (recorded: 405 without). */
export async function putInto(
  connection: Connection,
  container: RemoteContainer,
  { place, type, body, query }: Put,
  call: Call,
): Promise<HttpAnswer> {
  const dir = place.dir === '' ? '' : encodePath(place.dir);
  return await connection.ask(
    {
      method: 'PUT',
      path: `/uploads/${encodePath(container.id)}/raw/${dir}`,
      query: { ...(place.name === undefined ? {} : { file_name: place.name }), ...query },
      headers: { 'content-type': type },
      body,
    },
    call,
  );
}
