import { request } from 'node:http';
import type { NomadServer, UserName } from './nomad-server.ts';

export type ApiAnswer = {
  readonly status: number;
  readonly text: string;
  readonly type: string | undefined;
  readonly retryAfter: string | undefined;
  readonly json: unknown;
};

export type UploadData = {
  readonly process_running: boolean;
  readonly process_status: string;
  readonly last_status_message?: string | null;
  readonly complete_time?: string | null;
  readonly errors: readonly string[];
};

type Asking = {
  readonly body?: Buffer;
  /** Sent in place of the user's upload token. */
  readonly bearer?: string;
  /** Without any credential of ours. */
  readonly anonymous?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
};

/** The platform as a plain HTTP client sees it, with a user's upload token in the generation's form. */
export type NomadApi = ReturnType<typeof nomadApi>;

export function nomadApi(nomad: NomadServer, user: UserName) {
  async function ask(method: string, path: string, asking: Asking = {}): Promise<ApiAnswer> {
    const isOld = nomad.generation === 'v1.3';
    const token = asking.bearer === undefined && asking.anonymous !== true ? nomad.tokenOf(user) : undefined;
    const query = isOld && token !== undefined ? `${path.includes('?') ? '&' : '?'}token=${token}` : '';
    const headers = {
      accept: 'application/json',
      'content-length': String(asking.body?.length ?? 0),
      ...(asking.bearer === undefined ? {} : { authorization: `Bearer ${asking.bearer}` }),
      ...(isOld || token === undefined ? {} : { 'upload-token': token }),
      ...asking.headers,
    };
    const { promise, resolve, reject } = Promise.withResolvers<ApiAnswer>();
    const { hostname, port, pathname } = new URL(nomad.url);
    // As it is: a URL would resolve the dots in it.
    const target = { hostname, port, path: `${pathname}${path}${query}` };
    const outgoing = request({ ...target, method, headers, agent: false }, (incoming) => {
      const pieces: Buffer[] = [];
      incoming.on('error', reject);
      incoming.on('data', (piece: Buffer) => pieces.push(piece));
      incoming.on('end', () => {
        const text = Buffer.concat(pieces).toString();
        const type = incoming.headers['content-type'];
        resolve({
          status: incoming.statusCode ?? 0,
          text,
          type,
          retryAfter: incoming.headers['retry-after'],
          json: type === 'application/json' ? JSON.parse(text) : undefined,
        });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(asking.body);
    return await promise;
  }

  return {
    ask,
    /** A new upload's id. */
    create: async (name: string): Promise<string> => {
      const answer = await ask('POST', `/uploads?upload_name=${encodeURIComponent(name)}`);
      if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.text}`);
      return (answer.json as { upload_id: string }).upload_id;
    },
    /** A body into a directory of the upload; with a name it is a file of that name, unless that is unpacked. */
    put: async (
      id: string,
      body: Buffer,
      { dir = '', name, query = '' }: { dir?: string; name?: string; query?: string } = {},
    ): Promise<ApiAnswer> => {
      const named = name === undefined ? '' : `&file_name=${encodeURIComponent(name)}`;
      const path = `/uploads/${id}/raw/${encodeURIComponent(dir)}?${query}${named}`;
      return await ask('PUT', path, { body, headers: { 'content-type': 'application/octet-stream' } });
    },
    /** The upload's data, read with a login. */
    state: async (id: string): Promise<UploadData> => {
      const answer = await ask('GET', `/uploads/${id}`, { bearer: nomad.userId(user) });
      if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.text}`);
      return (answer.json as { data: UploadData }).data;
    },
  };
}
