import type { Config, DestinationConfig } from '../config/config.ts';
import { asIngestError, type IngestError } from '../core/errors.ts';
import { COLLECTOR, type DestinationName, type OwnerId } from '../core/ids.ts';
import type { Log } from '../log/open-log.ts';
import { nextEvening, type Schedule } from '../schedule/evenings.ts';
import { ownersWithTokens } from './account-of-two.ts';
import type { Deliveries } from './deliveries.ts';
import type { Workspace } from './workspace.ts';

type TokenParts = Pick<Workspace, 'config' | 'destination' | 'ledger' | 'clock'> & {
  readonly token: Deliveries['token'];
  readonly log: Log;
  readonly signal: AbortSignal;
};

const DAY_MS = 86_400_000;
/** On these many days before its end a token is spoken of. */
const WARN_DAYS: readonly number[] = [30, 14, 7, 3, 1];

/** How often a token that was refused is asked about again by day, and the clock is asked anew. */
const AGAIN_MS = 15 * 60_000;

/**
 * Asks the platforms about every token at the start and some hours before each evening, while a person is still there
 * to mend one; about a refused one again and again until it is taken. Says what it finds in the log; a delivery that
 * meets a bad token pauses its lane by itself.
 */
export async function watchTokens(parts: TokenParts): Promise<void> {
  const { config, clock, signal, log } = parts;
  const spokenOf = new Map<OwnerId, number>();
  let refused: readonly Refused[] = [];
  let due = clock.now();
  while (!signal.aborted) {
    const isDue = clock.now() >= due;
    try {
      refused = isDue ? await tellTokens(parts, spokenOf) : await tellTaken(parts, refused);
    } catch (thrown) {
      log.warn({ error: asIngestError(thrown, 'check the tokens') }, 'tokens.unchecked');
    }
    const next = nextTokenCheck(config.schedule, config.schedule.checkTokensMs, clock.now());
    // What a clock that was ahead had set as the next time is later than that.
    due = isDue ? next : Math.min(due, next);
    await clock.sleep(Math.min(AGAIN_MS, Math.max(0, due - clock.now())), signal).catch(() => undefined);
  }
}

/** The next time that an evening is `aheadMs` away. */
export function nextTokenCheck(schedule: Schedule, aheadMs: number, now: number): number {
  return nextEvening(schedule, now + aheadMs) - aheadMs;
}

async function tellTokens(parts: TokenParts, spokenOf: Map<OwnerId, number>): Promise<readonly Refused[]> {
  const { log, signal } = parts;
  const accounts = accountsOf(parts);
  const refused = await refusedOf(parts, accounts);
  if (signal.aborted) return refused;
  for (const { owner, destination, error } of refused)
    log.error({ owner, destination, error }, 'token.refused');
  tellEnds(parts, spokenOf);
  if (accounts.length > 0) log.info({ checked: accounts.length, refused: refused.length }, 'tokens.checked');
  return refused;
}

/** Says which of them are taken by now, and answers the others. */
async function tellTaken(parts: TokenParts, before: readonly Refused[]): Promise<readonly Refused[]> {
  const still = await refusedOf(parts, before);
  if (parts.signal.aborted) return still;
  for (const { owner, destination } of before)
    if (!still.some((one) => one.owner === owner && one.destination === destination))
      parts.log.info({ owner, destination }, 'token.taken');
  return still;
}

/** Once for each of the days, or the first day after it on which somebody looks: a check may be days apart. */
function tellEnds(parts: TokenParts, spokenOf: Map<OwnerId, number>): void {
  for (const { owner, days, expiresAt } of tokenEnds(parts)) {
    const mark = days <= 0 ? days : WARN_DAYS.findLast((one) => days <= one);
    if (mark === undefined || spokenOf.get(owner) === mark) continue;
    spokenOf.set(owner, mark);
    parts.log.warn({ owner, days, ends: new Date(expiresAt).toISOString() }, 'token.ends');
  }
}

type Account = { readonly owner: OwnerId; readonly destination: DestinationName };
type Refused = Account & { readonly error: IngestError };

function accountsOf({ config }: TokenParts): Account[] {
  return config.destinations
    .filter(({ kind }) => kind !== 'directory')
    .flatMap((platform) =>
      ownersAt(config, platform).map((owner) => ({ owner, destination: platform.name })),
    );
}

async function refusedOf(
  { destination, token, signal }: TokenParts,
  accounts: readonly Account[],
): Promise<Refused[]> {
  const refused: Refused[] = [];
  for (const { owner, destination: name } of accounts) {
    if (signal.aborted) return refused;
    try {
      await destination(name).check({ token: await token({ owner, destination: name }, signal), signal });
    } catch (thrown) {
      const error = asIngestError(thrown, `check the token of ${owner}`);
      refused.push({ owner, destination: name, error });
    }
  }
  return refused;
}

/** A token whose end was told when it was enrolled. `days`: until then, rounded up; 0 or less = it has ended. */
export type TokenEnd = { readonly owner: OwnerId; readonly expiresAt: number; readonly days: number };

export function tokenEnds({
  config,
  ledger,
  clock,
}: Pick<Workspace, 'config' | 'ledger' | 'clock'>): TokenEnd[] {
  return ownersWithTokens(config).flatMap(({ owner, name }) => {
    const expiresAt = ledger.credentials.find(name)?.expiresAt;
    if (expiresAt === undefined) return [];
    return [{ owner, expiresAt, days: Math.ceil((expiresAt - clock.now()) / DAY_MS) }];
  });
}

/** Everyone whose data some rule can send to a destination, but for who uploads by hand; the collector where data goes by default. */
export function ownersAt(
  { mapping }: Pick<Config, 'mapping'>,
  { name }: Pick<DestinationConfig, 'name'>,
): OwnerId[] {
  const { rules, owners, defaultDestination } = mapping;
  const there = new Set<OwnerId>();
  for (const { hold, exclude, destination, owner, ownerFrom, match } of rules) {
    if (hold !== undefined || exclude !== undefined || (destination ?? defaultDestination) !== name) continue;
    if (owner !== undefined) there.add(owner);
    else if (ownerFrom !== undefined || match.includes('{owner}')) for (const { id } of owners) there.add(id);
  }
  if (defaultDestination === name) there.add(COLLECTOR);
  const byHand = new Set(owners.filter(({ manual }) => manual === true).map(({ id }) => id));
  return [...there].filter((id) => !byHand.has(id));
}
