import { text } from 'node:stream/consumers';
import type { Clock } from '../core/clock.ts';
import { IngestError } from '../core/errors.ts';
import type { ProofRequest, RootFacts } from './prove-child.ts';
import {
  checkReader,
  childEnded,
  notStarted,
  rootFailure,
  type ScanTarget,
  type ShareChild,
  startShareChild,
} from './share-child.ts';

/** What a share is, as plain JSON: kept after a good proof and compared at the next. */
export type ShareIdentity = {
  /** st_dev of the root. A new mount of the same share may change it: reported, not a failure. */
  readonly device: number;
  /** Type number from statfs and name from mountinfo: "0x6969 nfs4". */
  readonly fsType: string;
  /** What is mounted there: "//nas/instruments", "/dev/sdb1". */
  readonly source: string;
  /** True when the root is a mount point or on another device than the directory above it. */
  readonly mounted: boolean;
  /** Names in the root, the marker not counted. */
  readonly topLevel: number;
  /** Directories in the root, at most a thousand, as binary strings; identities of earlier versions have none. */
  readonly dirs?: readonly string[];
};

/** The name of the file that says "this is the share" unless the configuration names another. */
export const DEFAULT_MARKER = '.nightjar-share';

export type ProofTarget = ScanTarget & { readonly marker: string };

export type ProofOptions = {
  /** The identity that the last good proof gave. */
  readonly remembered?: ShareIdentity;
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/**
 * Proves in a child process that the right share is there: a mount that has gone away looks like an empty directory,
 * and then nothing may be concluded. Fails with SHARE_NOT_PROVEN (a person looks), SHARE_UNREACHABLE (no answer, or
 * an error of the file server; tried again), or the signal's reason.
 */
export async function proveShare(target: ProofTarget, options: ProofOptions): Promise<ShareIdentity> {
  checkReader(target);
  options.signal.throwIfAborted();
  const { root, marker, readAs } = target;
  const remembered = options.remembered?.dirs ?? [];
  const request: ProofRequest = { root, marker, readAs, remembered };
  const child = startShareChild('prove-child', 1, request, { surroundings: true });
  const enough = new AbortController();
  try {
    const facts = await Promise.race([
      answerOf(child, target),
      deadline(target, options, AbortSignal.any([enough.signal, options.signal])),
    ]);
    return judgeRoot(target, facts, options.remembered);
  } finally {
    enough.abort();
    child.stop();
  }
}

async function answerOf(child: ShareChild, target: ScanTarget): Promise<RootFacts> {
  const ended = new Promise<RootFacts>((_, reject) => {
    child.process.once('error', (error) => reject(notStarted(target, error)));
    child.process.once('close', (code, signal) =>
      reject(childEnded(target, { code, signal }, child.complaint())),
    );
  });
  const [pipe] = child.pipes;
  if (pipe === undefined) return ended;
  const answer = text(pipe).then((json) => (json === '' ? ended : (JSON.parse(json) as RootFacts)));
  return Promise.race([answer, ended]);
}

async function deadline(target: ScanTarget, options: ProofOptions, signal: AbortSignal): Promise<never> {
  await options.clock.sleep(options.deadlineMs, signal).catch((reason: unknown) => {
    throw options.signal.aborted ? options.signal.reason : reason;
  });
  throw rootFailure(target, 'ETIMEDOUT', `no answer within ${options.deadlineMs} ms`);
}

/** Pure: what the facts about a root mean, held against what is remembered of it. */
export function judgeRoot(
  target: ProofTarget,
  facts: RootFacts,
  remembered: ShareIdentity | undefined,
): ShareIdentity {
  if ('errno' in facts) throw rootFailure(target, facts.errno, facts.message);
  if (!facts.isDirectory) throw rootFailure(target, 'ENOTDIR', 'not a directory');
  if (remembered !== undefined) checkMount(target, facts, remembered);
  if (facts.marker !== 'file') throw markerFailure(target, facts.marker);
  if (remembered !== undefined) checkContent(target, facts, remembered);
  const { device, fsType, source, mounted, topLevel, dirs } = facts;
  return { device, fsType, source, mounted, topLevel, dirs };
}

type Found = Exclude<RootFacts, { errno: string }>;

function checkMount(target: ProofTarget, facts: Found, remembered: ShareIdentity): void {
  const mountAgain = `Mount the share at ${target.root} again and look with 'findmnt -T ${target.root}'. ${acceptWith(target)}`;
  if (remembered.mounted && !facts.mounted) {
    throw notProven(
      target,
      `nothing is mounted there; expected ${remembered.source} (${remembered.fsType})`,
      mountAgain,
    );
  }
  if (remembered.fsType === facts.fsType && remembered.source === facts.source) return;
  throw notProven(
    target,
    `expected ${remembered.source} (${remembered.fsType}), found ${facts.source} (${facts.fsType})`,
    mountAgain,
  );
}

/** Another share may have a marker too, and be mounted in the same manner. */
function checkContent(target: ProofTarget, facts: Found, remembered: ShareIdentity): void {
  const look = 'Look whether the right share is mounted there, and whole.';
  if (remembered.topLevel > 0 && facts.topLevel === 0) {
    const seen = `the root is empty, and held ${remembered.topLevel} entries before`;
    throw notProven(target, seen, `${look} ${acceptWith(target)}`);
  }
  const { missing } = facts;
  const known = remembered.dirs?.length ?? 0;
  if (missing.length < FEWEST_MISSING || missing.length * 2 <= known) return;
  const names = missing.slice(0, NAMES_SHOWN).map((name) => Buffer.from(name, 'latin1').toString());
  const more = missing.length > NAMES_SHOWN ? ', …' : '';
  const seen = `${missing.length} of ${known} directories of its root are gone: ${names.join(', ')}${more}`;
  throw notProven(target, seen, `${look} ${acceptWith(target)}`);
}

/** One directory that went away is no other share, even where it was the only one. */
const FEWEST_MISSING = 2;
const NAMES_SHOWN = 5;

const acceptWith = ({ name }: ProofTarget): string => `If that was intended: nightjar accept-share ${name}`;

function markerFailure(target: ProofTarget, marker: string): IngestError {
  const path = `${target.root}/${target.marker}`;
  if (marker === 'EACCES') {
    return notProven(
      target,
      `no right to see the marker ${path}`,
      `Give the account that Nightjar reads the share with the right to enter ${target.root}.`,
    );
  }
  return notProven(
    target,
    marker === 'ENOENT' ? `the marker ${path} is missing` : `the marker ${path} is not a regular file`,
    `Look whether the right share is mounted there. If it is, make the marker on the file server: touch ${path}`,
  );
}

function notProven(target: ProofTarget, seen: string, hint: string): IngestError {
  return new IngestError('SHARE_NOT_PROVEN', `prove share ${target.name} at ${target.root}: ${seen}`, {
    hint,
    context: { share: target.name, root: target.root },
  });
}
