/**
 * A NOMAD on loopback: a real HTTP server that answers as the real platform does. v1.3 follows the recording of the
 * real v1.3.10 beside this file (test/integration/nomad-replay.test.ts replays all of it); v1.4 follows the source
 * of FAIRmat-NFDI/nomad 1.4 (nomad/auth/tokens.py, nomad/app/v1/routers/uploads/default.py, read in 2026).
 * It keeps raw files on disk in a temp dir of its own, unpacks them really, and takes bodies of any size.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { answerOfThrown, writeAnswer } from './nomad/answers.ts';
import { createAuth, userIdOf } from './nomad/auth.ts';
import type {
  Fault,
  FaultHook,
  Generation,
  Received,
  Route,
  Upload,
  UserName,
  Visit,
} from './nomad/model.ts';
import { createWorker } from './nomad/processing.ts';
import { walk } from './nomad/raw-files.ts';
import { Cut, receiveParts } from './nomad/receive.ts';
import { API, createRouter } from './nomad/router.ts';
import type { State } from './nomad/state.ts';

export type { Fault, Generation, UserName } from './nomad/model.ts';

export type NomadServer = AsyncDisposable & {
  readonly generation: Generation;
  /** The API's base URL, as it goes into a configuration. */
  readonly url: string;
  readonly origin: string;
  /** Every request in order of arrival. */
  readonly requests: readonly Received[];
  /** "GET /what": requests for which the platform has no route. */
  readonly unexpected: readonly string[];
  readonly worker: ReturnType<typeof createWorker>;
  /** Asked for every request; undefined lets it pass. */
  fault: FaultHook | undefined;
  /** True: user management (Keycloak) is down, and every token is called invalid. */
  outage: boolean;
  /** The platform's `services.api_secret`: a new one kills every upload token. */
  secret: string;
  /** `services.upload_limit`. */
  unpublishedLimit: number;
  readonly tokenOf: (user: UserName) => string;
  readonly userId: (user: UserName) => string;
  /** Personal access tokens, v1.4 only. */
  readonly pats: State['auth']['pats'];
  /** An app token (bearer) that ends in so many seconds; below zero it has ended. */
  readonly appToken: (user: UserName, seconds: number) => string;
  readonly uploads: () => readonly Readonly<Upload>[];
  readonly publish: (uploadId: string) => void;
  readonly removeUpload: (uploadId: string) => void;
  /** The delivered files (no directories) by path below the raw root. */
  readonly filesOf: (uploadId: string) => Promise<Map<string, Buffer>>;
  readonly sha256Of: (uploadId: string) => Promise<Map<string, string>>;
  /** Sizes by path; a directory ends with '/' and has the sum of what is below it. */
  readonly sizesOf: (uploadId: string) => Promise<Map<string, number>>;
  readonly close: () => Promise<void>;
};

export async function startNomadServer(
  options: { generation?: Generation; port?: number } = {},
): Promise<NomadServer> {
  const generation = options.generation ?? 'v1.3';
  const root = await mkdtemp(path.join(tmpdir(), 'nightjar-nomad-'));
  const http = createServer();
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  http.listen(options.port ?? 0, '127.0.0.1', resolve);
  await listening;
  const address = http.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;

  const switches = {
    fault: undefined as FaultHook | undefined,
    outage: false,
    secret: 'a secret of the test server, 32+',
  };
  const auth = createAuth(
    generation,
    () => switches.secret,
    () => switches.outage,
  );
  const state: State = { generation, root, origin, auth, uploads: new Map(), unpublishedLimit: 10 };
  const worker = createWorker(state);
  const requests: Received[] = [];
  const unexpected: string[] = [];
  const route = createRouter(state, worker, unexpected);
  http.requestTimeout = 0;
  http.on('request', (incoming, response) => {
    void serve({ incoming, response, requests, route, fault: switches.fault, root });
  });

  const rawOf = (id: string): string => path.join(state.uploads.get(id)?.dir ?? root, 'raw');
  const close = async (): Promise<void> => {
    worker.stop();
    http.closeAllConnections();
    const { promise, resolve: closed } = Promise.withResolvers<void>();
    http.close(() => closed());
    await promise;
    await rm(root, { recursive: true, force: true, maxRetries: 3 });
  };
  const server: Omit<NomadServer, 'fault' | 'outage' | 'secret' | 'unpublishedLimit'> = {
    generation,
    url: `${origin}${API}`,
    origin,
    requests,
    unexpected,
    worker,
    tokenOf: (user) => auth.uploadToken(userIdOf(user)),
    userId: userIdOf,
    pats: auth.pats,
    appToken: (user, seconds) => auth.sign(userIdOf(user), seconds),
    uploads: () => [...state.uploads.values()],
    publish: (id) => {
      const upload = state.uploads.get(id);
      if (upload !== undefined) upload.publishTime = new Date().toISOString();
    },
    removeUpload: (id) => {
      state.uploads.delete(id);
    },
    filesOf: async (id) => await eachFile(rawOf(id), async (file) => await readFile(file)),
    sha256Of: async (id) => await eachFile(rawOf(id), sha256),
    sizesOf: async (id) =>
      new Map([...(await walk(rawOf(id)))].map(([name, one]) => [one.isFile ? name : `${name}/`, one.bytes])),
    close,
    [Symbol.asyncDispose]: close,
  };
  return withSwitches(server, switches, state);
}

/** The assignable fields, passed through to where they act. */
function withSwitches(
  server: Omit<NomadServer, 'fault' | 'outage' | 'secret' | 'unpublishedLimit'>,
  switches: { fault: FaultHook | undefined; outage: boolean; secret: string },
  state: State,
): NomadServer {
  return {
    ...server,
    get fault() {
      return switches.fault;
    },
    set fault(hook) {
      switches.fault = hook;
    },
    get outage() {
      return switches.outage;
    },
    set outage(isDown) {
      switches.outage = isDown;
    },
    get secret() {
      return switches.secret;
    },
    set secret(text) {
      switches.secret = text;
    },
    get unpublishedLimit() {
      return state.unpublishedLimit;
    },
    set unpublishedLimit(count) {
      state.unpublishedLimit = count;
    },
  };
}

async function eachFile<T>(raw: string, read: (file: string) => Promise<T>): Promise<Map<string, T>> {
  const found = new Map<string, T>();
  for (const [name, one] of await walk(raw))
    if (one.isFile) found.set(name, await read(path.join(raw, name)));
  return found;
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(file)) hash.update(piece);
  return hash.digest('hex');
}

type Serving = {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly requests: Received[];
  readonly route: (visit: Visit) => ReturnType<Route>;
  readonly fault: FaultHook | undefined;
  readonly root: string;
};

/** One request, with what the test does to it before, inside and after. */
async function serve(serving: Serving): Promise<void> {
  const { incoming, response, requests } = serving;
  // Kept: a request that was read to a cut forgets its socket.
  const socket = incoming.socket;
  const seen = receivedOf(incoming, requests.length);
  requests.push(seen);
  const fault = serving.fault?.(seen);
  const visit: Visit = { incoming, seen, fault, rest: '' };
  incoming.on('error', () => undefined);
  response.on('error', () => undefined);
  if (await isTakenByFault(visit, response, serving.root)) return;
  const answer = await Promise.resolve(visit)
    .then(serving.route)
    .catch((thrown: unknown) => {
      if (thrown instanceof Cut) return undefined;
      return answerOfThrown(thrown);
    });
  if (answer === undefined || fault?.kind === 'answer-lost' || fault?.kind === 'reset')
    return fault?.kind === 'stall' ? undefined : void socket.resetAndDestroy();
  if (fault?.kind === 'stall') return;
  seen.status = answer.status;
  writeAnswer(response, answer);
}

async function isTakenByFault(visit: Visit, response: ServerResponse, root: string): Promise<boolean> {
  const fault: Fault | undefined = visit.fault;
  if (fault?.kind === 'reset' && fault.afterBytes === undefined) {
    visit.incoming.socket.resetAndDestroy();
    return true;
  }
  if (fault?.kind === 'stall' && fault.afterBytes === undefined) return true;
  if (fault?.kind !== 'answer') return false;
  if (fault.afterBody === true) await receiveParts(visit, path.join(root, 'spool')).catch(() => undefined);
  visit.seen.status = fault.status;
  response.writeHead(fault.status, fault.headers);
  response.end(fault.body);
  return true;
}

function receivedOf(incoming: IncomingMessage, index: number): Received {
  const [target = '', query = ''] = (incoming.url ?? '').split(/\?(.*)/s, 2);
  const where = target.startsWith(API) ? target.slice(API.length) : `outside ${target}`;
  return {
    index,
    method: incoming.method ?? '',
    path: where,
    query: new URLSearchParams(query),
    headers: incoming.headers,
    bodyBytes: 0,
    status: undefined,
  };
}
