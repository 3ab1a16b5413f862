import type { Condition } from '../core/completion.ts';
import type { ContainerMetadata } from '../core/container-metadata.ts';
import type { IngestError } from '../core/errors.ts';
import type { DestinationName, OwnerId, ShareName } from '../core/ids.ts';
import type { OwnerSource } from '../core/owner-source.ts';
import type { DirectoryOptions } from '../destinations/directory/options.ts';
import type { NomadOptions } from '../destinations/nomad/options.ts';

/** Both files after all checks: durations in milliseconds, sizes in bytes, paths absolute, frozen all the way down. */
export type Config = {
  readonly stateDir: string;
  /** Goes into the User-Agent. */
  readonly contact?: string;
  /** At least one. */
  readonly shares: readonly ShareConfig[];
  /** At least one. */
  readonly destinations: readonly DestinationConfig[];
  /** Undefined: the destination's own limit counts. */
  readonly batch: { readonly maxFiles?: number; readonly maxBytes?: number };
  readonly settleMs: number;
  /** The longest that a run waits for files to settle. */
  readonly settleWaitMs: number;
  /** The longest that an evening reads files to compare them with what was delivered. */
  readonly compareLimitMs: number;
  /** After so many nights without settling a dataset is put before a person. */
  readonly settleNights: number;
  readonly schedule: ScheduleConfig;
  /** How old deliveries are asked for again; `everyMs` 0: never. */
  readonly audit: { readonly everyMs: number; readonly batches: number; readonly maxBytes: number };
  readonly deliveries: {
    readonly concurrency: number;
    readonly retryLimit: number;
    readonly retryFirstMs: number;
    readonly retryMaxMs: number;
    /** Waits between two questions to a destination that is away. */
    readonly probeFirstMs: number;
    readonly probeMaxMs: number;
    /** The longest that a run waits for a destination that is away. */
    readonly outageWaitMs: number;
  };
  /** Without a URL Redis is embedded. The URL may hold a password: never log it. */
  readonly redis: { readonly url?: string };
  readonly credentials: { readonly dir: string };
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly mapping: MappingConfig;
  /** Why `mapping` is not what folders.yaml says now, but what was accepted before. */
  readonly refusedFolders?: IngestError;
  /** Where it was read from. */
  readonly files: { readonly nightjar: string; readonly folders: string };
};

export type ShareConfig = {
  readonly name: ShareName;
  readonly root: string;
  readonly marker: string;
  readonly readAs?: { readonly uid: number; readonly gid: number };
  readonly scanThreads: number;
  readonly stallMs: number;
  readonly watch: WatchConfig;
  /** When a walk of it counts as far from what is usual. */
  readonly alarm: {
    readonly enabled: boolean;
    readonly evenings: number;
    readonly factor: number;
    readonly minFiles: number;
    readonly minBytes: number;
  };
};

/** How the daemon listens to a share between evenings. */
export type WatchConfig = {
  /** `auto`: events of the kernel, where the file system has them all. */
  readonly mode: 'auto' | 'off' | 'polling';
  readonly depth: number;
  readonly limit: number;
  readonly pauseMs: number;
};

export type DestinationConfig = { readonly name: DestinationName } & (DirectoryOptions | NomadOptions);

type Day = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';

/** Times are "HH:MM" in `timezone`. */
export type ScheduleConfig = {
  readonly evening: string;
  readonly until?: string;
  readonly timezone: string;
  readonly days: readonly Day[];
  /** How long before an evening the tokens are asked about. */
  readonly checkTokensMs: number;
};

/** Has every field of the ownership stage's `Mapping`. */
export type MappingConfig = {
  /** folders.yaml as it was read. */
  readonly text: string;
  readonly rules: readonly RuleConfig[];
  readonly owners: readonly OwnerConfig[];
  readonly collector: { readonly tokens: Tokens; readonly warnAboveBytes?: number };
  readonly uids: Readonly<Record<string, OwnerId>>;
  readonly gids: Readonly<Record<string, OwnerId>>;
  readonly resolver?: {
    readonly url: string;
    readonly timeoutMs: number;
    readonly lifetimeMs: number;
    readonly token?: string;
  };
  readonly tables: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly ignore: readonly string[];
  readonly defaultSettleMs: number;
  readonly defaultDestination: DestinationName;
};

export type RuleConfig = {
  /** The rule's name, else "rule 1". */
  readonly id: string;
  /** "folders.yaml:5". */
  readonly at: string;
  readonly match: string;
  readonly instruments?: readonly string[];
  readonly owner?: OwnerId;
  readonly settleMs?: number;
  /** Who asks, for a person, and what for. */
  readonly complete?: { readonly by: string; readonly condition: Condition };
  readonly hold?: string;
  readonly exclude?: string;
  readonly destination?: DestinationName;
  readonly ownerFrom?: readonly OwnerSource[];
  readonly agree: boolean;
  readonly sidecar?: { readonly file: string; readonly field?: string; readonly line?: string };
  readonly translate?: Readonly<Record<string, string>>;
  readonly withoutToken: 'hold' | 'collector';
  readonly compress: boolean;
  readonly pack?: 'files';
  /** Its data goes into containers of its own, named by the rule. */
  readonly apart?: true;
  /** Each batch is published once it is confirmed. */
  readonly publish?: true;
  readonly metadata?: ContainerMetadata;
};

export type OwnerConfig = {
  readonly id: OwnerId;
  readonly aliases: readonly string[];
  readonly tokens: Tokens;
  /** Who else may see all containers of theirs. */
  readonly coauthors?: readonly string[];
  readonly name?: string;
  readonly email?: string;
  readonly paused?: { readonly until?: string; readonly reason: string };
  readonly leaves?: {
    readonly on: string;
    readonly successor?: OwnerId;
    readonly collectorAfterDays?: number;
  };
  readonly optOut?: {
    readonly until: string;
    readonly reason: string;
    readonly instruments?: readonly string[];
  };
  readonly manual?: boolean;
};

/** By kind of destination: the name of the token's file, and whose token it must be. */
export type Tokens = Readonly<Record<string, TokenRef>>;
export type TokenRef = { readonly token: string; readonly userId?: string };
