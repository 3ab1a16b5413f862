import type { Config, MappingConfig } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import { asIngestError, type IngestError } from '../core/errors.ts';
import type { DestinationName, OwnerId } from '../core/ids.ts';
import type { TokenStore } from '../credentials/read-token.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { Circumstances, Unusable } from '../ownership/circumstances.ts';
import { endOfDay, localDay } from '../schedule/local-day.ts';
import { ownerToken } from './owner-token.ts';

/** The day and the credentials by which it is decided whose a file is. */
export type Surroundings = {
  /** Takes them as they are now: at the beginning of a run or a command, so that all of it has one answer. */
  readonly renew: (mapping: MappingConfig) => Promise<void>;
  readonly around: Circumstances;
};

type Parts = {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly store: TokenStore;
};

export function openSurroundings(config: Config, { clock, ledger, store }: Parts): Surroundings {
  const { timezone } = config.schedule;
  let today = localDay(clock.now(), timezone);
  let unusable: ReadonlyMap<string, Unusable> = new Map();
  let version = 0;
  return {
    renew: async (mapping) => {
      today = localDay(clock.now(), timezone);
      unusable = await unusableTokens({ ...config, mapping }, store);
      version += 1;
    },
    around: {
      version: () => version,
      today: () => today,
      endOf: (day) => endOfDay(day, timezone),
      credential: (owner, destination) => unusable.get(keyOf(owner, destination)),
      answer: (question) => ledger.resolutions.find(question)?.answer,
    },
  };
}

const keyOf = (owner: OwnerId, destination: DestinationName): string => `${owner}/${destination}`;

/** The owners whose token cannot be used, by owner and destination, each with what is wrong and what helps. */
async function unusableTokens(config: Config, store: TokenStore): Promise<Map<string, Unusable>> {
  const found = new Map<string, Unusable>();
  for (const { name: destination } of config.destinations) {
    for (const { id: owner } of config.mapping.owners) {
      const error = await failureOf(ownerToken(config, store, { owner, destination }), owner);
      if (error !== undefined)
        found.set(keyOf(owner, destination), { message: error.message, help: error.hint });
    }
  }
  return found;
}

async function failureOf(token: Promise<unknown>, owner: OwnerId): Promise<IngestError | undefined> {
  try {
    await token;
    return undefined;
  } catch (thrown) {
    return asIngestError(thrown, `read the token of ${owner}`);
  }
}
