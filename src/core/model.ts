/** The nouns that the stages hand to each other. Each is made by one step and trusted by the next. */
import type { Completion } from './completion.ts';
import type { ControlLook } from './control.ts';
import type { BatchId, DestinationName, OwnerId, ShareName } from './ids.ts';
import type { CollectorCode, HoldCode, Suggestion } from './owner-reason.ts';
import type { SharePath } from './share-path.ts';
import type { Evidence } from './states.ts';

/** What one `lstat` said of one directory entry. Times in nanoseconds since 1970, sizes in bytes. */
export type Entry = {
  readonly name: string;
  readonly kind: EntryKind;
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly ino: bigint;
  /** Whose the file is to its file system; only where a rule asks for it. */
  readonly uid?: number;
  readonly gid?: number;
  /** For `unreadable` and `unreadable-dir`: why, as core/refusal.ts has it; begins with the errno name, "EACCES". */
  readonly error?: string;
};
/** `unreadable-dir` stands for everything below a directory that could not be listed. */
export type EntryKind =
  | 'file'
  | 'symlink'
  | 'special'
  | 'other-file-system'
  | 'unreadable'
  | 'unreadable-dir';

/** One directory as the scanner saw it: its entries (sub-directories left out) sorted by name bytes. */
export type DirLook = {
  readonly dir: SharePath;
  /** `encodeListing` of the entries (core/listing.ts). */
  readonly listing: Buffer;
  /** Entries and their bytes as the scanner counted them, apart from the listing. */
  readonly files: number;
  readonly bytes: number;
  /** Its own control file, if there is one, and those of directories above that were looked at on the way. */
  readonly controls?: readonly ControlLook[];
};

/** A file of a plan: everything but the hash. */
export type PlannedFile = {
  readonly path: SharePath;
  /** The path it is delivered under, where some receiving side could not take its own; set once, when it is planned. */
  readonly as?: SharePath;
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly ino: bigint;
};

/** What ownership decided for one directory's files (or one file). */
export type Assignment =
  | {
      readonly kind: 'owned';
      readonly owner: OwnerId;
      readonly dataset: SharePath;
      readonly instrument: string;
      readonly rule: string;
      readonly facts: Readonly<Record<string, string>>;
      readonly settleMs: number;
      /** What the dataset must have besides before any of it goes. */
      readonly complete?: Completion;
      readonly destination: DestinationName;
      readonly compress: boolean;
      /** `files`: each file is a batch of its own. */
      readonly pack?: 'files';
      /** The rule whose containers it goes into, apart from the owner's other data. */
      readonly apart?: string;
      /** It is published once it is confirmed, each batch in a container of its own. */
      readonly publish?: true;
      /** Why the collector got it, who claimed it for its owner, or why somebody other than whom the rule means gets it. */
      readonly reason?: string;
      /** It would go to the collector, and a person has claimed it for its owner. */
      readonly claimed?: boolean;
      /** Completion conditions count as met, by a control file's `ready`, or because a person forces it. */
      readonly waived?: { readonly by: 'ready' | 'force'; readonly reason: string };
      /** Whom the rule means, where somebody else gets it: the owner has left, or has no token. */
      readonly insteadOf?: OwnerId;
      /** Only for the collector. */
      readonly code?: CollectorCode;
      readonly suggestion?: Suggestion;
    }
  | {
      readonly kind: 'held';
      readonly code: HoldCode;
      readonly reason: string;
      readonly instrument: string;
      readonly rules: readonly string[];
      /** What helps, as a sentence; without it the folder mapping decides. */
      readonly help?: string;
      /** Whose it would be, and where it would go, where that is known. */
      readonly owner?: OwnerId;
      readonly destination?: DestinationName;
      /** The instant at which time alone frees it, ms since 1970. */
      readonly earliest?: number;
    }
  | {
      readonly kind: 'excluded';
      readonly reason: string;
      readonly instrument: string;
      readonly help?: string;
    }
  | {
      /** A person says that it is, or will be, uploaded by hand: it is not sent, and nobody looks whether it is there. */
      readonly kind: 'byHand';
      readonly reason: string;
      readonly instrument: string;
      readonly help: string;
      /** Whose it is, and where it would go, where that is known. */
      readonly owner?: OwnerId;
      readonly dataset?: SharePath;
      readonly destination?: DestinationName;
    };

/**
 * Says of a file on a share whose it is. `entry`: as a look has seen it; undefined for a path that no look has seen.
 * Without it nobody knows whose a file is where its uid or gid decides.
 */
export type Assign = (share: ShareName, path: SharePath, entry: Entry | undefined) => Assignment;

export type OwnedFile = PlannedFile & {
  readonly share: ShareName;
  readonly assignment: Extract<Assignment, { kind: 'owned' }>;
  /** True when another version of this path was delivered before: it goes as an addendum, never over the first. */
  readonly addendum: boolean;
};

/** A batch before it is in the ledger. */
export type BatchPlan = {
  readonly id: BatchId;
  readonly share: ShareName;
  readonly owner: OwnerId;
  readonly destination: DestinationName;
  readonly dataset: SharePath;
  /** Several datasets in one batch: these; `dataset` is then the folder that they have in common. */
  readonly joins?: readonly SharePath[];
  /** Its files go one by one; only while it is planned. */
  readonly pack?: 'files';
  readonly instrument: string;
  readonly rule: string;
  readonly facts: Readonly<Record<string, string>>;
  /** Why the collector gets it, or somebody other than whom the rule means. */
  readonly reason?: string;
  /** Only for the collector. */
  readonly code?: CollectorCode;
  readonly addendum: boolean;
  /** The first batch of the dataset, where this one comes after it; no part of the id. */
  readonly follows?: BatchId;
  /** The batch it was cut from, where that decides the directory it goes into; no part of the id. */
  readonly cutFrom?: BatchId;
  readonly compress: boolean;
  /** The rule whose containers it goes into, apart from the owner's other data; no part of the id. */
  readonly apart?: string;
  /** It is published once it is confirmed, in a container of its own; no part of the id. */
  readonly publish?: true;
  /** Sorted by path bytes. */
  readonly files: readonly PlannedFile[];
  readonly bytes: number;
};

/** A batch as the ledger gives it to a delivery. */
export type Batch = BatchPlan & {
  /** When it was planned, ms since 1970. */
  readonly plannedAt: number;
  /** Grows by one with every attempt; a result of an older attempt is refused. */
  readonly epoch: number;
  readonly attempts: number;
};

/** What a destination confirmed, and how we know. */
export type Receipt = {
  readonly evidence: Evidence;
  /** How we know, as a sentence. */
  readonly how: string;
  /** Where the files are, for a person: a folder or a URL without secrets. */
  readonly location: string;
  readonly files: number;
  readonly bytes: number;
  /** When it was only accepted, where more became known later; ms since 1970. */
  readonly acceptedAt?: number;
};
