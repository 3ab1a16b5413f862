import { printable, quoted } from '../core/share-path.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import type { KnownContainer } from '../ledger/known-containers.ts';

/**
 * `token`: of one account · `limit`: the account may open no container more · `processing`: the destination took the
 * bytes and did not make the files of it · `destination`: of all its batches · `batch`: of these batches alone.
 */
export type TroubleKind = 'token' | 'limit' | 'processing' | 'destination' | 'batch';

type Concerned = { readonly owner: string; readonly destination: string };
type Words = { readonly kind: TroubleKind; readonly what: (of: Concerned) => string };

const WORDS: Readonly<Record<string, Words>> = {
  TOKEN_REJECTED: {
    kind: 'token',
    what: ({ owner, destination }) => `The token of ${owner} is refused by ${destination}.`,
  },
  ACCOUNT_SHARED: {
    kind: 'token',
    what: ({ owner, destination }) =>
      `The token of ${owner} opens an account at ${destination} that is another owner's as well.`,
  },
  TOKEN_MISSING: {
    kind: 'token',
    what: ({ owner, destination }) => `There is no token of ${owner} for ${destination}.`,
  },
  TOKEN_UNSAFE: {
    kind: 'token',
    what: ({ owner }) => `The token of ${owner} can be read by others on this host, so it is not used.`,
  },
  QUOTA_EXCEEDED: {
    kind: 'limit',
    what: ({ owner, destination }) =>
      `The account of ${owner} is at its limit at ${destination}: no unpublished container more may be opened.`,
  },
  PROCESSING_FAILED: {
    kind: 'processing',
    what: ({ owner, destination }) => `${destination} failed to process what was sent for ${owner}.`,
  },
  PARCEL_DROPPED: {
    kind: 'processing',
    what: ({ owner, destination }) =>
      `${destination} took what was sent for ${owner}, and did nothing with it.`,
  },
  RECEIPT_MISMATCH: {
    kind: 'processing',
    what: ({ owner, destination }) =>
      `${destination} does not have what was sent for ${owner} as it was sent.`,
  },
  DELIVERY_CRASHED: {
    kind: 'batch',
    what: ({ owner }) => `Delivering data of ${owner} ended Nightjar again and again.`,
  },
  EVIDENCE_GONE: {
    kind: 'batch',
    what: ({ owner, destination }) =>
      `${destination} does not have any more what it had confirmed for ${owner}.`,
  },
  DISK_FULL: {
    kind: 'destination',
    what: ({ destination }) => `There is no room left for what goes to ${destination}.`,
  },
  DESTINATION_UNUSABLE: { kind: 'destination', what: ({ destination }) => `${destination} cannot be used.` },
  CONFIG_INVALID: {
    kind: 'destination',
    what: ({ destination }) => `What answers at the address of ${destination} is not what was meant.`,
  },
};

const OTHER: Words = {
  kind: 'batch',
  what: ({ owner, destination }) => `${destination} did not get data of ${owner}.`,
};

export const kindOf = (code: string): TroubleKind => (WORDS[code] ?? OTHER).kind;

/** What happened, as one sentence or two. `known`: the containers of the owner, `into`: the one gone on with. */
export function whatOf(
  code: string,
  of: Concerned,
  known?: readonly KnownContainer[],
  into?: KnownContainer,
): string {
  const { kind, what } = WORDS[code] ?? OTHER;
  if (kind !== 'limit') return what(of);
  if (into !== undefined) return `${what(of)} The data went into the newest one open, "${into.name}".`;
  const none = 'None is known here that the data could go into: it is held.';
  return `${what(of)} ${known?.length === 0 ? none : 'The data is held.'}`;
}

/** What to do, one sentence each. `hint` is the error's own. */
export function helpWith(
  code: string,
  owner: string,
  {
    heads,
    known = [],
    into,
    hint,
  }: {
    readonly heads: readonly BatchHead[];
    readonly known?: readonly KnownContainer[] | undefined;
    readonly into?: KnownContainer;
    readonly hint: string | undefined;
  },
): readonly string[] {
  const given = hint === undefined ? [] : [hint];
  switch (kindOf(code)) {
    case 'token':
      return [...given, `A new one: nightjar token enrol ${owner}`, BY_ITSELF];
    case 'limit':
      return [...toPublish(owner, known, into), ...(into === undefined ? [BY_ITSELF] : [])];
    case 'destination':
      return [...given, BY_ITSELF];
    default:
      return [...given, `Then: ${putBackOf(code, owner, heads)}`];
  }
}

const BY_ITSELF = 'What waits goes by itself then; nothing is lost.';

function toPublish(
  owner: string,
  known: readonly KnownContainer[],
  into: KnownContainer | undefined,
): string[] {
  if (known.length === 0)
    return [
      `Ask ${owner} to publish or to delete a container on the platform (Nightjar has made none there), or its operator to raise the limit.`,
    ];
  return [
    `Ask ${owner} to publish what is complete (it cannot be undone) or to delete what is not needed. Uploads that Nightjar made, the oldest first:`,
    ...known.map(
      ({ id, name, location }) =>
        `  "${name}" ${location}${id === into?.id ? ' (the data goes into it)' : ''}`,
    ),
  ];
}

/** Batches by their ids where they are few enough to be typed; a file that was taken out of its batch by its path. */
function putBackOf(code: string, owner: string, heads: readonly BatchHead[]): string {
  const [first] = heads;
  if (first?.state === 'withdrawn')
    return `nightjar requeue --path ${quoted(`${first.share}:${printable(first.dataset)}`)}`;
  return heads.length <= 2
    ? `nightjar requeue ${heads.map(({ id }) => id).join(' ')}`
    : `nightjar requeue --class ${code} --owner ${owner}`;
}
