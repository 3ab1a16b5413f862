/**
 * A NOMAD on loopback: a real HTTP server that answers as the real platform does. v1.3 follows the recording of the
 * real v1.3.10 beside this file (test/integration/nomad-replay.test.ts replays all of it); v1.4 follows the source
 * of FAIRmat-NFDI/nomad 1.4 (nomad/auth/tokens.py, nomad/app/v1/routers/uploads/default.py, read in 2026).
 * It keeps raw files on disk in a temp dir of its own, unpacks them really, and takes bodies of any size.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createAuth, type Outage, userIdOf } from './nomad/auth.ts';
import { listen } from './nomad/listen.ts';
import { createMisbehaviour, isParcel, type Misbehaviour, type Reach } from './nomad/misbehave.ts';
import type { FaultHook, Generation, Received, Upload, UserName } from './nomad/model.ts';
import { createWorker } from './nomad/processing.ts';
import { walk } from './nomad/raw-files.ts';
import { API, createRouter } from './nomad/router.ts';
import { serve } from './nomad/serve.ts';
import { type State, timestamp } from './nomad/state.ts';

export { comeBack, proxyPage } from './nomad/misbehave.ts';
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
  /** Requests that are worked on, also such whose client has gone. */
  readonly serving: () => number;
  /** Asked for every request; undefined lets it pass. */
  fault: FaultHook | undefined;
  /**
   * True: user management (Keycloak) is down, and every token is called invalid. 'remembered': but for bearers of users
   * that the platform has seen, as it remembers those for a day; the user of an upload token is always asked for.
   */
  outage: Outage;
  /** The platform's `services.api_secret`: a new one kills every upload token. */
  secret: string;
  /** `services.upload_limit`. */
  unpublishedLimit: number;
  /** Words with which a process fails that has merged these files, after it has. */
  poison: State['poison'];
  readonly tokenOf: (user: UserName) => string;
  readonly userId: (user: UserName) => string;
  /** Personal access tokens, v1.4 only. */
  readonly pats: State['auth']['pats'];
  /** An app token (bearer) that ends in so many seconds; below zero it has ended. */
  readonly appToken: (user: UserName, seconds: number) => string;
  readonly uploads: () => readonly Readonly<Upload>[];
  readonly publish: (uploadId: string) => void;
  readonly removeUpload: (uploadId: string) => void;
  /** Its author and coauthors may neither write nor read it any more. */
  readonly takeAccess: (uploadId: string) => void;
  /** So many temp dirs are leaked (99 unless told): v1.3 answers 500 to every further body at 99. */
  readonly fillTempDirs: (uploadId: string, count?: number) => void;
  /** The platform is gone: connections are cut, new ones refused, until it is `back` at the same port. */
  readonly away: () => Promise<void>;
  readonly back: () => Promise<void>;
  /** The delivered files (no directories) by path below the raw root. */
  readonly filesOf: (uploadId: string) => Promise<Map<string, Buffer>>;
  readonly sha256Of: (uploadId: string) => Promise<Map<string, string>>;
  /** Sizes by path; a directory ends with '/' and has the sum of what is below it. */
  readonly sizesOf: (uploadId: string) => Promise<Map<string, number>>;
  readonly close: () => Promise<void>;
};

export async function startNomadServer(
  options: { generation?: Generation; port?: number; misbehave?: Misbehaviour } = {},
): Promise<NomadServer> {
  const generation = options.generation ?? 'v1.3';
  const root = await mkdtemp(path.join(tmpdir(), 'nightjar-nomad-'));
  const listening = await listen(options.port ?? 0);
  const { http, origin } = listening;

  const switches = {
    fault: undefined as FaultHook | undefined,
    outage: false as Outage,
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
  let serving = 0;
  http.on('request', (incoming, response) => {
    serving += 1;
    const served = serve({ incoming, response, requests, route, fault: switches.fault, root });
    void served.finally(() => (serving -= 1));
  });
  const publish = (id: string): void => {
    const upload = state.uploads.get(id);
    if (upload !== undefined) upload.publishTime = timestamp(state);
  };
  const takeAccess = (id: string): void => {
    const upload = state.uploads.get(id);
    if (upload !== undefined) upload.isTaken = true;
  };
  const fillTempDirs = (id: string, count = 99): void => {
    const upload = state.uploads.get(id);
    if (upload !== undefined) upload.tempDirs = count;
  };

  const rawOf = (id: string): string => path.join(state.uploads.get(id)?.dir ?? root, 'raw');
  let isClosed = false;
  const close = async (): Promise<void> => {
    isClosed = true;
    worker.stop();
    await listening.away();
    await rm(root, { recursive: true, force: true, maxRetries: 3 });
  };
  const server: Omit<NomadServer, 'fault' | 'outage' | 'secret' | 'unpublishedLimit' | 'poison'> = {
    generation,
    url: `${origin}${API}`,
    origin,
    requests,
    serving: () => serving,
    unexpected,
    worker,
    tokenOf: (user) => auth.uploadToken(userIdOf(user)),
    userId: userIdOf,
    pats: auth.pats,
    appToken: (user, seconds) => auth.sign(userIdOf(user), seconds),
    uploads: () => [...state.uploads.values()],
    publish,
    takeAccess,
    fillTempDirs,
    away: listening.away,
    back: listening.back,
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
  const { misbehave } = options;
  if (misbehave !== undefined) {
    const outage: Reach['outage'] = (kind, ms) => {
      if (kind === 'users-unknown') switches.outage = true;
      else setImmediate(() => void listening.away());
      const over = async (): Promise<void> => {
        switches.outage = false;
        if (!isClosed) await listening.back();
      };
      setTimeout(() => void over(), ms).unref();
    };
    switches.fault = createMisbehaviour(misbehave, {
      userOf: auth.userOfRequest,
      isFresh: (id) =>
        !requests.slice(0, -1).some((one) => isParcel(one) && one.path.startsWith(`/uploads/${id}/`)),
      forget: (id) => state.uploads.delete(id),
      ...{ publish, takeAccess, fillTempDirs },
      outage,
      isOld: generation === 'v1.3',
    });
  }
  return withSwitches(server, switches, state);
}

/** The assignable fields, passed through to where they act. */
function withSwitches(
  server: Omit<NomadServer, 'fault' | 'outage' | 'secret' | 'unpublishedLimit' | 'poison'>,
  switches: { fault: FaultHook | undefined; outage: Outage; secret: string },
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
    get poison() {
      return state.poison;
    },
    set poison(words) {
      state.poison = words;
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
