import type { Condition } from '../core/completion.ts';
import type { DestinationName, OwnerId } from '../core/ids.ts';
import type { OwnerSource } from '../core/owner-source.ts';

/**
 * One line of the folder mapping. Exactly one of `owner`, `hold`, `exclude` or the rule's sources says what becomes of
 * a file; in a rule with `hold` or `exclude` an `{owner}` part stands for anything.
 */
export type Rule = {
  /** "rule 1": how people and the ledger name it. */
  readonly id: string;
  /** Where it is written: "folders.yaml:5". */
  readonly at: string;
  /** The template, see `parseTemplate`. */
  readonly match: string;
  /** The rule is only for these instruments; names compare exactly. */
  readonly instruments?: readonly string[];
  readonly owner?: OwnerId;
  /** Who is asked for the owner, in this order; default: the path, when it has an `{owner}` part. */
  readonly ownerFrom?: readonly OwnerSource[];
  /** The file in the dataset's directory that names the owner. */
  readonly sidecar?: Sidecar;
  /** All of `ownerFrom` are asked, and two different answers hold the file. */
  readonly agree?: boolean;
  /** By part: the table that turns its text into another. */
  readonly translate?: Readonly<Record<string, string>>;
  /** What becomes of data whose owner has no credential that can be used; default: it is held. */
  readonly withoutToken?: 'hold' | 'collector';
  readonly settleMs?: number;
  /** What a dataset must have besides before any of it goes, and who says so ("recipe epu-mrc of rule 3"). */
  readonly complete?: { readonly by: string; readonly condition: Condition };
  /** Files wait for a person, for this reason. */
  readonly hold?: string;
  /** Files are never taken, for this reason. */
  readonly exclude?: string;
  readonly destination?: DestinationName;
  readonly compress?: boolean;
  /** `files`: each file is a batch of its own; default: a dataset's files go together. */
  readonly pack?: 'files';
  /** Its data goes into containers of its own: what is said of it there holds for a whole container. */
  readonly apart?: true;
  /** Each batch is published once it is confirmed. */
  readonly publish?: true;
};

/** `file`: its name, with `*` and `?`. Of JSON or YAML the value at `field` names the owner, of any text a `line`. */
export type Sidecar = { readonly file: string; readonly field?: string; readonly line?: string };

/** A day of the schedule's time zone, "2026-12-31". */
export type Day = string;

/** A person or group that data is delivered for, and the other names their folders have. */
export type Owner = {
  readonly id: OwnerId;
  readonly aliases: readonly string[];
  /** Their data is held, `until` that day included. */
  readonly paused?: { readonly until?: Day; readonly reason: string };
  /** `on` is their last day. Later data goes to the successor, or after some days to the collector, or is held. */
  readonly leaves?: {
    readonly on: Day;
    readonly successor?: OwnerId;
    readonly collectorAfterDays?: number;
  };
  /** Their wish that nothing is delivered, `until` that day included; of all instruments unless some are named. */
  readonly optOut?: {
    readonly until: Day;
    readonly reason: string;
    readonly instruments?: readonly string[];
  };
  /** They upload by hand: nothing is sent for them. */
  readonly manual?: boolean;
};

/** All that decides whose a file is. */
export type Mapping = {
  readonly rules: readonly Rule[];
  readonly owners: readonly Owner[];
  /** By name: what turns a part's text into another. */
  readonly tables?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Owners by the number that files have on the file system. */
  readonly uids?: Readonly<Record<string, OwnerId>>;
  readonly gids?: Readonly<Record<string, OwnerId>>;
  /** Names (`*.tmp`), paths from the share's root (`XRD/*.log`) or directories (`@eaDir/`) never taken. */
  readonly ignore: readonly string[];
  readonly defaultSettleMs: number;
  readonly defaultDestination: DestinationName;
};
