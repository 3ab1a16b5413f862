import type { Clock } from '../core/clock.ts';
import type { IngestError } from '../core/errors.ts';
import type { DestinationName, ShareName } from '../core/ids.ts';
import type { Assign, BatchPlan, PlannedFile } from '../core/model.ts';
import type { SharePath } from '../core/share-path.ts';
import type { ByHand, FoundByHand } from '../ledger/by-hand.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { Run } from '../ledger/runs.ts';
import type { Suspicion } from '../ledger/scans.ts';
import type { Accounts } from './readable-accounts.ts';
import type { OwnerSources } from './resolve-owners.ts';
import type { RunReport } from './run-report.ts';
import type { ShareTarget } from './walk-proven.ts';

/** What an evening needs; `app/` hands it in. */
export type NightlyParts = {
  readonly ledger: Ledger;
  readonly shares: readonly ShareTarget[];
  readonly assign: Assign;
  /** Whether a rule asks for the uid or gid of files. */
  readonly wantsIds?: () => boolean;
  /** Asks what is beside the path for the owner of a dataset; undefined: no rule wants to know. */
  readonly sources?: OwnerSources;
  /** What owners have uploaded by hand; undefined: nobody looks. */
  readonly accounts?: Accounts;
  /** States of owners that end soon, or are over. */
  readonly reminders?: () => readonly OwnerReminder[];
  /** More than this with the collector, and the report warns; bytes. */
  readonly collectorWarnAbove?: () => number | undefined;
  /** Says whether two evenings had the same mapping. */
  readonly mappingKey: () => string;
  readonly limitsOf: (destination: DestinationName) => {
    readonly maxBytes: number;
    readonly maxFiles: number;
    /** Several datasets of an owner go in one batch. */
    readonly joins?: boolean;
  };
  /** Why folders.yaml as it is now is not in force; undefined: it is. */
  readonly refusedMapping?: () => IngestError | undefined;
  /** What is wrong with the queue now; undefined: nothing. */
  readonly queueTrouble?: () => IngestError | undefined;
  /** Whether a destination may mail the owner of what it gets. */
  readonly mailsOwners?: (destination: string) => boolean;
  /** Whether the mapping knows anybody but the collector: without them, or without a file of theirs, an evening is no success. */
  readonly hasOwners: () => boolean;
  /** The lane a batch goes by: its destination and container. */
  readonly laneOf: (plan: BatchPlan, plannedAt: number) => string;
  /** Tells the dispatcher that there is something to enqueue. */
  readonly wake: () => void;
  /** Looks for the batches that their destination only accepted: what is not there is planned again. */
  readonly lookAgain?: (signal: AbortSignal) => Promise<void>;
  /** Asks for a sample of what was delivered long ago, when one is due. */
  readonly audit?: (signal: AbortSignal) => Promise<void>;
  /** Resolves when no batch waits or is in flight, but for those that a pause keeps back. */
  readonly delivered: (signal: AbortSignal) => Promise<void>;
  /** After a stop: resolves when what is being delivered has ended, or its time is over. Undefined: nothing is waited for. */
  readonly drained?: () => Promise<void>;
  /** SHA-256 of files as they are on the share now; one that is not as planned is left out. */
  readonly hashFiles: (
    share: ShareName,
    files: readonly PlannedFile[],
    signal: AbortSignal,
  ) => Promise<ReadonlyMap<SharePath, Uint8Array | 'unreadable'>>;
  /** The longest that a run reads files to compare them with what was delivered, ms. */
  readonly compareMs: number;
  readonly clock: Clock;
  readonly emit: (event: NightlyEvent) => void;
  /** The longest that a run waits for files to settle, ms. */
  readonly maxWaitMs: number;
  /** For how many nights a dataset may not settle before a person should look; default 5. */
  readonly settleNights?: number;
  /** A share that gives no sign of life for so long is given up, ms. */
  readonly stallMs: number;
};

/** What the manager should think of, of one owner. */
export type OwnerReminder = {
  readonly owner: string;
  readonly state: string;
  readonly day: string;
  readonly message: string;
};

export type NightlyEvent =
  | { readonly name: 'run.started'; readonly run: Run }
  | { readonly name: 'share.looking'; readonly share: ShareName; readonly again: boolean }
  | {
      readonly name: 'share.progress';
      readonly share: ShareName;
      readonly files: number;
      readonly bytes: number;
    }
  | {
      readonly name: 'share.looked';
      readonly share: ShareName;
      /** Only where files had not settled at the first look. */
      readonly again: boolean;
      readonly files: number;
      readonly bytes: number;
    }
  | { readonly name: 'share.suspicious'; readonly share: ShareName; readonly suspicion: Suspicion }
  | { readonly name: 'share.failed'; readonly share: ShareName; readonly error: IngestError }
  | { readonly name: 'run.waiting'; readonly until: number; readonly files: number }
  | {
      /** Files that look like delivered ones are read; `limitMs` is what is left for that in this evening. */
      readonly name: 'content.comparing';
      readonly share: ShareName;
      readonly files: number;
      readonly bytes: number;
      readonly limitMs: number;
    }
  | {
      readonly name: 'content.progress';
      readonly share: ShareName;
      readonly files: number;
      readonly bytes: number;
    }
  | {
      /** `same` keep their delivered batch, `different` are planned, `left` wait for the next evening. */
      readonly name: 'content.compared';
      readonly share: ShareName;
      readonly same: number;
      readonly different: number;
      readonly left: number;
    }
  | { readonly name: 'content.failed'; readonly share: ShareName; readonly error: IngestError }
  | {
      /** What the owner has uploaded could not be looked through; new data waits, or goes after some runs. */
      readonly name: 'account.unknown';
      readonly owner: string;
      readonly destination: string;
      readonly why: string;
    }
  | { readonly name: 'dataset.by-hand'; readonly found: ByHand }
  /** It is not there any more, and goes like new data. */
  | { readonly name: 'dataset.by-hand-gone'; readonly found: FoundByHand }
  | { readonly name: 'batch.planned'; readonly plan: BatchPlan }
  | { readonly name: 'run.delivering' }
  | { readonly name: 'run.finished'; readonly report: RunReport };
