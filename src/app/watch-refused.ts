import type { Clock } from '../core/clock.ts';
import { asIngestError, type ErrorCode, type IngestError } from '../core/errors.ts';
import type { DestinationName, OwnerId } from '../core/ids.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { Pause } from '../ledger/pauses.ts';
import { createWitnesses, isOfThePlatform, type WitnessParts } from './ask-witnesses.ts';
import { heldByCause, releaseHeld } from './release-held.ts';

/** Whose data goes where: all that a credential is chosen by. */
type Account = { readonly owner: OwnerId; readonly destination: DestinationName };

/** A lane that waits for its token. `nextAt` is when it is asked about again. Times in ms. */
export type LaneEvent = Account & { readonly lane: string } & (
    | { readonly name: 'lane.refused'; readonly error: IngestError; readonly nextAt: number }
    | { readonly name: 'lane.resumed'; readonly batches: number }
  );

type RefusedParts = Pick<WitnessParts, 'witnesses' | 'kindOf'> & {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** Asks the destination about the account's token as it is now, without any effect; throws its refusal. */
  readonly ask: (account: Account, signal: AbortSignal) => Promise<void>;
  /** Changes whenever another token would be found for the account. */
  readonly stamp: (account: Account) => Promise<string>;
  /** Waits between two questions, doubling from `firstMs` to `maxMs`; after `limit` of them an evening waits no more. */
  readonly retry: { readonly limit: number; readonly firstMs: number; readonly maxMs: number };
  readonly emit: (event: LaneEvent) => void;
  /** A lane goes on. */
  readonly onResumed: () => void;
  /** Told of what went wrong in between; it goes on. */
  readonly onError: (thrown: unknown) => void;
};

export type RefusedWatch = {
  /** Until the signal: lanes paused for their token are asked about on a schedule, and at once when it was replaced. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** True while a refusal may be an outage of the platform's user management, which an evening waits out. */
  readonly mayHeal: () => boolean;
};

/** What is remembered of a lane while it is paused. `askAt`: on the monotonic clock. */
type Refused = { readonly account: Account; stamp: string; tries: number; askAt: number; isBad: boolean };

const OF_THE_TOKEN: readonly string[] = [
  'TOKEN_MISSING',
  'TOKEN_UNSAFE',
  'TOKEN_REJECTED',
  'ACCOUNT_SHARED',
] satisfies ErrorCode[];
const LOOK_MS = 1000;

/**
 * A refused token is no proof of a dead one: user management may be down, and is answered alike. So its lane is asked
 * about again and again and goes on by itself. Where the platform takes somebody else's token, and asks for its user each
 * time, it is this one that is bad, and no evening waits for it.
 */
export function createRefusedWatch(parts: RefusedParts): RefusedWatch {
  const { ledger, clock, retry } = parts;
  const refused = new Map<string, Refused>();
  const areOthersTaken = createWitnesses({
    witnesses: parts.witnesses,
    kindOf: parts.kindOf,
    errorOf: async (account, signal) => await errorOf(parts, account, signal),
  });

  async function look(signal: AbortSignal): Promise<void> {
    const pauses = pausedLanes(parts);
    const lanes = new Set(pauses.map(({ name }) => name));
    for (const lane of refused.keys()) if (!lanes.has(lane)) refused.delete(lane);
    for (const { name: lane } of pauses) {
      const known = refused.get(lane) ?? begin(parts, lane);
      if (known === undefined) continue;
      refused.set(lane, known);
      const stamp = await parts.stamp(known.account);
      if (stamp !== known.stamp) Object.assign(known, { stamp, tries: 0, askAt: 0 });
      if (clock.monotonic() >= known.askAt && !signal.aborted) await askAbout(lane, known, signal);
    }
  }

  async function askAbout(lane: string, known: Refused, signal: AbortSignal): Promise<void> {
    const { account } = known;
    // Asked first: a platform that took another token a moment ago and refuses this one means this one.
    const doubtful = [...refused.values()].map((one) => one.account.owner);
    const othersAreTaken = await areOthersTaken(account, doubtful, signal);
    const error = await errorOf(parts, account, signal);
    if (signal.aborted) return;
    if (error === undefined) {
      resume(lane, account);
      return;
    }
    known.tries += 1;
    const wait = Math.min(retry.maxMs, retry.firstMs * 2 ** (known.tries - 1));
    known.askAt = clock.monotonic() + wait;
    known.isBad = !isOfThePlatform(error) || (othersAreTaken && !isFailure(error));
    parts.emit({ name: 'lane.refused', lane, ...account, error, nextAt: clock.now() + wait });
  }

  function resume(lane: string, account: Account): void {
    const batches = releaseHeld(ledger, (head) => head.lane === lane, clock.now());
    ledger.pauses.lift('lane', lane, clock.now());
    refused.delete(lane);
    parts.emit({ name: 'lane.resumed', lane, ...account, batches });
    parts.onResumed();
  }

  return {
    run: async (signal) => {
      while (!signal.aborted) {
        await look(signal).catch(parts.onError);
        await clock.sleep(Math.min(LOOK_MS, retry.firstMs), signal).catch(() => undefined);
      }
    },
    mayHeal: () =>
      pausedLanes(parts).some(({ name, code }) => {
        if (code !== 'TOKEN_REJECTED') return false;
        const known = refused.get(name);
        return known === undefined || known.tries === 0 || (!known.isBad && known.tries <= retry.limit);
      }),
  };
}

/** The lanes that wait for their token. */
function pausedLanes({ ledger, clock }: RefusedParts): Pause[] {
  return ledger.pauses
    .inForce(clock.now())
    .filter(({ kind, code }) => kind === 'lane' && code !== undefined && OF_THE_TOKEN.includes(code));
}

/** The lane as its held batches show it; one that has none has nothing to wait for and goes on. */
function begin({ ledger, clock }: RefusedParts, lane: string): Refused | undefined {
  const head = heldByCause(ledger).find((one) => one.lane === lane);
  if (head === undefined) {
    ledger.pauses.lift('lane', lane, clock.now());
    return undefined;
  }
  const { owner, destination } = head;
  return { account: { owner, destination }, stamp: '', tries: 0, askAt: 0, isBad: false };
}

/** The platform says that something failed on its own side. */
const isFailure = ({ context }: IngestError): boolean => Number(context['status']) >= 500;

async function errorOf(
  { ask }: RefusedParts,
  account: Account,
  signal: AbortSignal,
): Promise<IngestError | undefined> {
  return await ask(account, signal).then(
    () => undefined,
    (thrown: unknown) => asIngestError(thrown, `ask about the token of ${account.owner}`),
  );
}
