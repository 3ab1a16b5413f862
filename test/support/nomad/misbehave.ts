/**
 * A platform that goes wrong: which requests of which account meet what, dealt from a seed. Each account has a pack of
 * cards of its own, so that two accounts that are served at the same time do not change each other's fate.
 */
import { createHash } from 'node:crypto';
import type { Fault, FaultHook, Received } from './model.ts';

export const MISDEEDS = {
  'too-busy': '503 with Retry-After, before a byte was taken',
  'too-many': '429 with Retry-After',
  cut: 'the connection is cut in the middle of the body',
  'answer-lost': 'all is taken, then the connection is cut before the answer',
  'proxy-timeout': 'all is taken, then the proxy answers 504 in HTML',
  'proxy-broken': '502 in HTML from the proxy',
  slow: 'the answer comes late',
  fails: 'processing fails in the middle and leaves what it had merged',
  dropped: '200, and nothing happens (FAIRmat-NFDI/nomad#136)',
  'dropped-in-process': '200, a process runs and succeeds, and the files are not there',
  away: 'the platform is restarted: connections are refused for a while',
  'users-unknown': 'user management is down for a while: every good token is called invalid',
  forgotten: 'the upload is deleted by hand',
  published: 'the upload is published by hand',
  'access-taken': 'the account may not write into the upload any more',
  'temp-dirs-full': 'the server has no room left for what the upload receives',
} as const;

export type Misdeed = keyof typeof MISDEEDS;

export type Misbehaviour = {
  readonly seed: number;
  /** Which may happen; default: all. */
  readonly misdeeds?: readonly Misdeed[];
  /** Of a hundred parcels, how many meet one; default 60. */
  readonly percent?: number;
  /** How long an outage lasts; default 1500 ms. */
  readonly outageMs?: number;
  /** Told of each, as it happens. */
  readonly onMisdeed?: (told: Dealt) => void;
};

export type Dealt = { readonly user: string; readonly misdeed: Misdeed; readonly nth: number };

/** What a misdeed may do beyond its request. */
export type Reach = {
  readonly userOf: (request: Received) => string | undefined;
  /** True when no body came into the upload before this one. */
  readonly isFresh: (id: string) => boolean;
  readonly forget: (id: string) => void;
  readonly publish: (id: string) => void;
  readonly takeAccess: (id: string) => void;
  readonly fillTempDirs: (id: string) => void;
  readonly outage: (kind: 'away' | 'users-unknown', ms: number) => void;
  readonly isOld: boolean;
};

/** nginx's own page, as the proxy in front of the platform answers. */
export const proxyPage = (status: number, words: string): Extract<Fault, { kind: 'answer' }> => ({
  kind: 'answer',
  status,
  headers: { 'content-type': 'text/html' },
  body: `<html>\r\n<head><title>${status} ${words}</title></head>\r\n<body>\r\n<center><h1>${status} ${words}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`,
});

/** 429 or 503 that asks to come back later. */
export const comeBack = (status: 429 | 503, seconds: number): Extract<Fault, { kind: 'answer' }> => ({
  ...proxyPage(status, status === 429 ? 'Too Many Requests' : 'Service Temporarily Unavailable'),
  headers: { 'content-type': 'text/html', 'retry-after': String(seconds) },
});

/** A PUT with a body: a parcel, or a file. The questions between are left alone, or nobody would ever be done. */
export const isParcel = ({ method, path, headers }: Received): boolean =>
  method === 'PUT' && path.includes('/raw/') && Number(headers['content-length'] ?? 0) > 0;

/**
 * After these the client goes on with a new upload. Of a batch that had not been confirmed, what had arrived would stay in
 * the old one while the whole goes to the new, and no client could help it: so they come only with the first parcel.
 */
const LOSES_UPLOAD: readonly Misdeed[] = ['forgotten', 'published', 'access-taken', 'temp-dirs-full'];

export function createMisbehaviour(options: Misbehaviour, reach: Reach): FaultHook {
  const { seed, percent = 60, outageMs = 1500 } = options;
  const misdeeds = options.misdeeds ?? (Object.keys(MISDEEDS) as Misdeed[]);
  const packs = new Map<string, Pack>();

  function packOf(user: string): Pack {
    const cards = shuffled(misdeeds, randomOf(`${seed} ${user}`));
    const pack = packs.get(user) ?? { cards, random: randomOf(`${seed} ${user} whether`), nth: 0 };
    packs.set(user, pack);
    return pack;
  }

  /** The next card that fits; it goes to the bottom, so that each kind comes before any comes again. */
  function dealt(user: string, fits: (misdeed: Misdeed) => boolean): Dealt | undefined {
    const pack = packOf(user);
    if (pack.random() * 100 >= percent) return undefined;
    const at = pack.cards.findIndex(fits);
    const [misdeed] = at < 0 ? [] : pack.cards.splice(at, 1);
    if (misdeed === undefined) return undefined;
    pack.cards.push(misdeed);
    pack.nth += 1;
    return { user, misdeed, nth: pack.nth };
  }

  return (request) => {
    const user = isParcel(request) ? reach.userOf(request) : undefined;
    if (user === undefined) return undefined;
    const id = /^\/uploads\/([^/]+)\//.exec(request.path)?.[1] ?? '';
    const told = dealt(user, (misdeed) => reach.isFresh(id) || !LOSES_UPLOAD.includes(misdeed));
    if (told === undefined) return undefined;
    options.onMisdeed?.(told);
    const random = randomOf(`${seed} ${user} ${told.nth} ${told.misdeed}`);
    return faultOf(told, { request, id, outageMs, reach, random });
  };
}

type Pack = { readonly cards: Misdeed[]; readonly random: () => number; nth: number };

type Doing = {
  readonly request: Received;
  readonly id: string;
  readonly outageMs: number;
  readonly reach: Reach;
  readonly random: () => number;
};

function faultOf({ misdeed }: Dealt, { request, id, outageMs, reach, random }: Doing): Fault | undefined {
  const bytes = Number(request.headers['content-length'] ?? 0);
  switch (misdeed) {
    case 'too-busy':
      return comeBack(503, 1);
    case 'too-many':
      return comeBack(429, 1);
    case 'cut':
      return { kind: 'reset', afterBytes: Math.max(1, Math.floor(bytes * random())) };
    case 'answer-lost':
      return { kind: 'answer-lost' };
    case 'proxy-timeout':
      return { ...proxyPage(504, 'Gateway Time-out'), afterEffect: true };
    case 'proxy-broken':
      return proxyPage(502, 'Bad Gateway');
    case 'slow':
      return { kind: 'slow', ms: Math.ceil(random() * 800) };
    case 'fails':
      return { kind: 'fails', text: FAILURES[Math.floor(random() * FAILURES.length)] ?? '', merged: 1 };
    case 'dropped':
      return { kind: 'drop-files', process: false };
    case 'dropped-in-process':
      return { kind: 'drop-files', process: true };
    case 'away':
    case 'users-unknown':
      reach.outage(misdeed, outageMs);
      return misdeed === 'away' ? { kind: 'reset' } : undefined;
    case 'forgotten':
      reach.forget(id);
      return undefined;
    case 'published':
      reach.publish(id);
      return undefined;
    case 'access-taken':
      reach.takeAccess(id);
      return undefined;
    case 'temp-dirs-full':
      if (!reach.isOld)
        return { kind: 'fails', text: 'OSError: [Errno 28] No space left on device', merged: 0 };
      reach.fillTempDirs(id);
      return undefined;
  }
}

/** What a worker says that dies, beside the words for a bad member of an archive. */
const FAILURES = [
  'ProcessFailure: process exceeded its time limit',
  'OSError: [Errno 28] No space left on device',
  'ServerSelectionTimeoutError: mongo:27017: timed out',
];

/** Numbers in [0, 1) that are the same for the same words. */
function randomOf(words: string): () => number {
  let state = createHash('sha256').update(words).digest().readUInt32LE(0);
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const all = [...items];
  for (let at = all.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    const [one, two] = [all[at], all[other]];
    if (one !== undefined && two !== undefined) [all[at], all[other]] = [two, one];
  }
  return all;
}
