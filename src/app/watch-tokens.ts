import type { Config, DestinationConfig } from '../config/config.ts';
import { asIngestError, type IngestError } from '../core/errors.ts';
import { COLLECTOR, type DestinationName, type OwnerId } from '../core/ids.ts';
import type { Log } from '../log/open-log.ts';
import { nextEvening, type Schedule } from '../schedule/evenings.ts';
import type { Deliveries } from './deliveries.ts';
import { ownersWithTokens } from './prove-token.ts';
import { waitUntil } from './wait-until.ts';
import type { Workspace } from './workspace.ts';

type TokenParts = Pick<Workspace, 'config' | 'destination' | 'ledger' | 'clock'> & {
  readonly token: Deliveries['token'];
  readonly log: Log;
  readonly signal: AbortSignal;
};

const DAY_MS = 86_400_000;
/** On these many days before its end a token is spoken of. */
const WARN_DAYS: readonly number[] = [30, 14, 7, 3, 1];

/**
 * Asks the platforms about every token at the start and some hours before each evening, while a person is still there
 * to mend one. Says what it finds in the log; a delivery that meets a bad token pauses its lane by itself.
 */
export async function watchTokens(parts: TokenParts): Promise<void> {
  const { config, clock, signal } = parts;
  while (!signal.aborted) {
    await tellTokens(parts).catch((thrown: unknown) =>
      parts.log.warn({ error: asIngestError(thrown, 'check the tokens') }, 'tokens.unchecked'),
    );
    const at = nextTokenCheck(config.schedule, config.schedule.checkTokensMs, clock.now());
    await waitUntil(at, clock, signal);
  }
}

/** The next time that an evening is `aheadMs` away. */
export function nextTokenCheck(schedule: Schedule, aheadMs: number, now: number): number {
  return nextEvening(schedule, now + aheadMs) - aheadMs;
}

async function tellTokens(parts: TokenParts): Promise<void> {
  const { log, signal } = parts;
  const checked = await checkTokens(parts);
  if (signal.aborted) return;
  const refused = checked.filter(({ error }) => error !== undefined);
  for (const { owner, destination, error } of refused)
    log.error({ owner, destination, error }, 'token.refused');
  for (const { owner, days, expiresAt } of tokenEnds(parts))
    if (days <= 0 || WARN_DAYS.includes(days))
      log.warn({ owner, days, ends: new Date(expiresAt).toISOString() }, 'token.ends');
  if (checked.length > 0) log.info({ checked: checked.length, refused: refused.length }, 'tokens.checked');
}

type Checked = {
  readonly owner: OwnerId;
  readonly destination: DestinationName;
  readonly error: IngestError | undefined;
};

async function checkTokens({ config, destination, token, signal }: TokenParts): Promise<Checked[]> {
  const checked: Checked[] = [];
  for (const platform of config.destinations) {
    if (platform.kind === 'directory') continue;
    for (const owner of ownersAt(config, platform)) {
      const at = { owner, destination: platform.name };
      const error = await token(at)
        .then(async (credential) => await destination(platform.name).check({ token: credential, signal }))
        .then(
          () => undefined,
          (thrown: unknown) => asIngestError(thrown, `check the token of ${owner}`),
        );
      if (signal.aborted) return checked;
      checked.push({ ...at, error });
    }
  }
  return checked;
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
