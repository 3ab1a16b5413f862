import type { Condition } from '../core/completion.ts';
import type { DestinationName, OwnerId } from '../core/ids.ts';

/**
 * One line of the folder mapping. Exactly one of `owner`, `hold`, `exclude` or an `{owner}` part in `match` says what
 * becomes of a file; in a rule with `hold` or `exclude` an `{owner}` part stands for anything.
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
  readonly settleMs?: number;
  /** What a dataset must have besides before any of it goes, and who says so ("recipe epu-mrc of rule 3"). */
  readonly complete?: { readonly by: string; readonly condition: Condition };
  /** Files wait for a person, for this reason. */
  readonly hold?: string;
  /** Files are never taken, for this reason. */
  readonly exclude?: string;
  readonly destination?: DestinationName;
  readonly compress?: boolean;
};

/** A person or group that data is delivered for, and the other names their folders have. */
export type Owner = { readonly id: OwnerId; readonly aliases: readonly string[] };

/** All that decides whose a file is. */
export type Mapping = {
  readonly rules: readonly Rule[];
  readonly owners: readonly Owner[];
  /** Names (`*.tmp`), paths from the share's root (`XRD/*.log`) or directories (`@eaDir/`) never taken. */
  readonly ignore: readonly string[];
  readonly defaultSettleMs: number;
  readonly defaultDestination: DestinationName;
};
