import type { Config } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import type { DestinationName } from '../core/ids.ts';
import type { Assign, Batch, BatchPlan } from '../core/model.ts';
import { createTokenStore } from '../credentials/read-token.ts';
import type { Destination } from '../destinations/destination.ts';
import { createDirectory } from '../destinations/directory/directory.ts';
import { createNomad } from '../destinations/nomad/nomad.ts';
import { type DestinationEvent, withLog } from '../destinations/with-log.ts';
import type { HttpClient } from '../http/http-client.ts';
import { copyLedger, type Ledger, openLedger } from '../ledger/open-ledger.ts';
import type { NightlyParts } from '../nightly/parts.ts';
import type { Accounts } from '../nightly/readable-accounts.ts';
import type { OwnerSources } from '../nightly/resolve-owners.ts';
import type { Assigner } from '../ownership/assign-owner.ts';
import type { Circumstances } from '../ownership/circumstances.ts';
import { claimed } from '../ownership/claimed.ts';
import { decided, narrow } from '../ownership/narrow.ts';
import { type Reminder, remindersOf } from '../ownership/reminders.ts';
import type { Narrowed } from './compare-mappings.ts';
import { joinsDatasets, limitedClient } from './destination-limits.ts';
import { type MappingInForce, mappingInForce } from './mapping-in-force.ts';
import { openAccounts } from './open-accounts.ts';
import { openOwnerSources } from './owner-sources.ts';
import { createStanding, type StandingOf } from './standing.ts';
import { openSurroundings } from './surroundings.ts';

/** What every command works on: configuration, ledger, mapping and destinations; nothing runs in it. */
export type Workspace = Disposable & {
  /** Its `mapping` is the one that was in force at the opening; `mapping` below follows. */
  readonly config: Config;
  readonly clock: Clock;
  readonly ledger: Ledger;
  /** The folder mapping in force, and how folders.yaml stands to it. */
  readonly mapping: MappingInForce;
  /** What control files and people make of any folder mapping. */
  readonly narrowed: Narrowed;
  /** What is known beside the mapping; `renew` takes it as it is now, and until the next time all have one answer. */
  readonly around: Circumstances;
  /** What owners have uploaded by hand. */
  readonly accounts: Accounts;
  /** How owners are asked for that the path does not name. */
  readonly sources: OwnerSources;
  /** States of owners that the manager should think of. */
  readonly reminders: () => readonly Reminder[];
  readonly renew: () => Promise<void>;
  /** Whose a file is: by the folder mapping, narrowed by control files and by what people decided. */
  readonly assign: Assign;
  readonly standing: StandingOf;
  /** How the folder mapping comes to its answer. */
  readonly trace: Assigner['trace'];
  readonly destination: (name: DestinationName) => Destination;
  readonly limitsOf: NightlyParts['limitsOf'];
  readonly laneOf: (plan: BatchPlan, plannedAt: number) => string;
};

export type WorkspaceParts = {
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly readOnly?: boolean;
  /** Told of every call of a destination. */
  readonly onDestination?: ((event: DestinationEvent) => void) | undefined;
};

/** `readOnly`: a copy of the ledger in memory, so that nothing is written anywhere. The HTTP client stays the caller's. */
export function openWorkspace(config: Config, parts: WorkspaceParts): Workspace {
  const destinations = new Map(
    config.destinations.map((options) => [options.name, makeDestination(options, config, parts)]),
  );
  const destination = (name: DestinationName): Destination => {
    const found = destinations.get(name);
    if (found === undefined) throw new RangeError(`no destination is called ${name}`);
    return found;
  };
  const ledger = parts.readOnly === true ? copyLedger(config.stateDir) : openLedger(config.stateDir);
  using opened = new DisposableStack();
  opened.defer(ledger.close);
  const standing = createStanding(ledger, parts.clock);
  const narrowed: Narrowed = (assign) => (share, path, entry) => {
    const { controls, decisions, claims } = standing(share, path);
    const whose = claimed(assign(share, path, entry), path, claims);
    return decided(narrow(whose, path, controls), share, decisions);
  };
  const store = createTokenStore({ dir: config.credentials.dir, env: parts.env ?? {} });
  const surroundings = openSurroundings(config, { clock: parts.clock, ledger, store });
  const { around } = surroundings;
  const mapping = mappingInForce({ config, ledger, clock: parts.clock, narrowed, around });
  const { clock, http } = parts;
  const sources = openOwnerSources({ config, ledger, clock, http, store, current: mapping.current });
  opened.move();
  return {
    config: { ...config, mapping: mapping.current().mapping },
    clock: parts.clock,
    ledger,
    mapping,
    narrowed,
    around,
    sources,
    accounts: openAccounts({
      ...{ config, ledger, store, destination, clock: parts.clock },
      mapping: () => mapping.current().mapping,
    }),
    reminders: () => remindersOf(mapping.current().mapping.owners, around.today() ?? ''),
    renew: () => surroundings.renew(mapping.current().mapping),
    assign: narrowed((share, path, entry) => mapping.current().assign(share, path, entry)),
    trace: (path, at) => mapping.current().assigner.trace(path, at),
    standing,
    destination,
    limitsOf: (name) => {
      const { maxBytes, maxFiles } = destination(name).limits;
      return {
        maxBytes: Math.min(maxBytes, config.batch.maxBytes ?? maxBytes),
        maxFiles: Math.min(maxFiles, config.batch.maxFiles ?? maxFiles),
        joins: joinsDatasets(config, name),
      };
    },
    laneOf: (plan, plannedAt) => {
      const batch: Batch = { ...plan, plannedAt, epoch: 0, attempts: 0 };
      return `${plan.destination}/${destination(plan.destination).containerName(batch)}`;
    },
    [Symbol.dispose]: ledger.close,
  };
}

function makeDestination(
  options: Config['destinations'][number],
  { schedule }: Config,
  { clock, http, onDestination }: WorkspaceParts,
): Destination {
  const destination =
    options.kind === 'directory'
      ? createDirectory(options)
      : createNomad(options, { http: limitedClient(options, schedule.timezone, { http, clock }), clock });
  return onDestination === undefined ? destination : withLog(destination, onDestination, clock);
}
