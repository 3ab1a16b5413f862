import { basename } from 'node:path';
import { destinationName, ownerId, shareName } from '../core/ids.ts';
import { buildOwner, buildTokens } from './build-owner.ts';
import { conditionOf, together } from './complete-schema.ts';
import type { Config, MappingConfig, RuleConfig, ShareConfig } from './config.ts';
import { defined } from './defined.ts';
import type { FoldersFile, RuleBlock } from './folders-schema.ts';
import { buildMetadata } from './metadata-schema.ts';
import type { NightjarFile } from './nightjar-schema.ts';
import type { Recipe } from './read-recipes.ts';

/** All that the two checked files leave open. */
export type Surroundings = {
  readonly stateDir: string;
  readonly credentialsDir: string;
  readonly files: Config['files'];
  /** The folder mapping as it was read. */
  readonly folders: { readonly file: string; readonly text: string };
  /** Line of the n-th rule, from 0, in the folders file. */
  readonly lineOfRule: (index: number) => number;
  readonly recipes: ReadonlyMap<string, Recipe>;
};

/** Turns the two checked files into the one typed, frozen value the program works with. */
export function buildConfig(file: NightjarFile, folders: FoldersFile, around: Surroundings): Config {
  const { url } = file.redis;
  const { until, timezone } = file.schedule;
  return deepFreeze({
    stateDir: around.stateDir,
    ...defined({ contact: file.contact }),
    shares: Object.entries(file.shares).map(([name, share]) => buildShare(name, share)),
    destinations: Object.entries(file.destinations).map(([name, block]) => ({
      name: destinationName(name),
      ...block,
    })),
    batch: defined({ maxFiles: file.batch.max_files, maxBytes: file.batch.max_bytes }),
    settleMs: file.settle,
    settleWaitMs: file.settle_wait,
    compareLimitMs: file.compare_limit,
    settleNights: file.settle_nights,
    schedule: {
      evening: file.schedule.evening,
      timezone: timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
      days: file.schedule.days,
      checkTokensMs: file.schedule.check_tokens,
      ...defined({ until }),
    },
    deliveries: {
      concurrency: file.deliveries.concurrency,
      retryLimit: file.deliveries.retry_limit,
      retryFirstMs: file.deliveries.retry_first,
      retryMaxMs: file.deliveries.retry_max,
      probeFirstMs: file.deliveries.probe_first,
      probeMaxMs: file.deliveries.probe_max,
      outageWaitMs: file.deliveries.outage_wait,
    },
    audit: {
      everyMs: file.audit.every,
      batches: file.audit.batches,
      maxBytes: file.audit.max_bytes,
    },
    redis: defined({ url }),
    credentials: { dir: around.credentialsDir },
    logLevel: file.log.level,
    mapping: buildMapping(file, folders, around),
    files: around.files,
  });
}

function buildShare(name: string, share: NightjarFile['shares'][string]): ShareConfig {
  return {
    name: shareName(name),
    root: share.root,
    marker: share.marker,
    scanThreads: share.scan_threads,
    stallMs: share.stall,
    watch: {
      mode: share.watch,
      depth: share.watch_depth,
      limit: share.watch_limit,
      pauseMs: share.watch_pause,
    },
    alarm: {
      enabled: share.alarm.enabled,
      evenings: share.alarm.evenings,
      factor: share.alarm.factor,
      minFiles: share.alarm.min_files,
      minBytes: share.alarm.min_bytes,
    },
    ...defined({ readAs: share.read_as }),
  };
}

function buildMapping(file: NightjarFile, folders: FoldersFile, around: Surroundings): MappingConfig {
  const at = basename(around.folders.file);
  const only = Object.keys(file.destinations)[0] ?? '';
  const markers = Object.values(file.shares).map(({ marker }) => marker);
  return {
    text: around.folders.text,
    rules: folders.rules.map((rule, index) =>
      buildRule(rule, {
        id: `rule ${index + 1}`,
        at: `${at}:${around.lineOfRule(index)}`,
        recipe: around.recipes.get(rule.recipe ?? ''),
        settleMs: file.settle,
      }),
    ),
    owners: Object.entries(folders.owners).map(([id, owner]) => buildOwner(id, owner)),
    collector: {
      tokens: buildTokens(folders.collector),
      ...defined({ warnAboveBytes: folders.collector.warn_above }),
    },
    ...buildRegisters(folders),
    ignore: [...new Set([...folders.ignore, ...markers])],
    defaultSettleMs: file.settle,
    defaultDestination: destinationName(file.default_destination ?? only),
  };
}

type Registers = Pick<MappingConfig, 'tables' | 'uids' | 'gids' | 'resolver'>;

const byNumber = (table: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(table).map(([number, owner]) => [number, ownerId(owner)]));

function buildRegisters({ tables, uids, gids, resolver }: FoldersFile): Registers {
  const base = { tables, uids: byNumber(uids), gids: byNumber(gids) };
  if (resolver === undefined) return base;
  const { url, timeout, lifetime, token } = resolver;
  return {
    ...base,
    resolver: { url, timeoutMs: timeout, lifetimeMs: lifetime, ...defined({ token }) },
  };
}

/** What a rule does not say itself. */
type RuleBackground = {
  readonly id: string;
  readonly at: string;
  readonly recipe: Recipe | undefined;
  /** What counts where nothing else is said. */
  readonly settleMs: number;
};

function buildRule(rule: RuleBlock, { at, recipe, ...rest }: RuleBackground): RuleConfig {
  const { instruments, hold, exclude } = rule;
  const id = rule.name ?? rest.id;
  const settle = recipe === undefined ? undefined : Math.max(recipe.settleMs, rest.settleMs);
  return {
    id,
    at,
    match: rule.match,
    compress: rule.compress,
    withoutToken: rule.without_token,
    agree: rule.agree,
    ...defined({
      ownerFrom: rule.owner_from,
      sidecar: rule.sidecar && {
        file: rule.sidecar.file,
        ...defined({ field: rule.sidecar.field, line: rule.sidecar.line }),
      },
      translate: rule.translate,
      pack: rule.pack === 'files' ? rule.pack : undefined,
      ...sayings(rule),
      instruments,
      hold,
      exclude,
      settleMs: rule.settle ?? settle,
      complete: completionOf(rule, id, recipe),
      owner: rule.owner === undefined ? undefined : ownerId(rule.owner),
      destination: rule.destination === undefined ? undefined : destinationName(rule.destination),
    }),
  };
}

/** What a rule says of its data at the destination; such data has containers of its own. */
function sayings({ metadata, publish }: RuleBlock): Pick<RuleConfig, 'apart' | 'metadata' | 'publish'> {
  return {
    ...(metadata === undefined && !publish ? {} : { apart: true }),
    ...(metadata === undefined ? {} : { metadata: buildMetadata(metadata) }),
    ...(publish ? { publish } : {}),
  };
}

function completionOf(rule: RuleBlock, id: string, recipe: Recipe | undefined): RuleConfig['complete'] {
  const own = rule.complete === undefined ? [] : [conditionOf(rule.complete)];
  if (recipe === undefined && own.length === 0) return undefined;
  const by = recipe === undefined ? id : `${id}, recipe ${rule.recipe}`;
  return { by, condition: together([...(recipe === undefined ? [] : [recipe.condition]), ...own]) };
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
