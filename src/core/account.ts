/** A container of an account at a destination, whoever made it. */
export type AccountContainer = {
  readonly id: string;
  readonly name: string;
  readonly location: string;
  /** Whose account it is in, where the destination tells. */
  readonly account?: string;
  /** While it is the same, so are the files; undefined: they may be changing right now. */
  readonly stamp: string | undefined;
  /** ms since 1970; 0: not told. */
  readonly madeAt: number;
  /** What is in it was put there no later than this, ms since 1970. */
  readonly changedAt: number;
};

export type AccountFile = { readonly path: string; readonly size: number };
/**
 * A file as several listings of its container have shown it. `until`: when it was certainly there, or an earlier listing
 * had not shown it yet, ms since 1970; absent: it may be as old as the container.
 */
export type ListedFile = AccountFile & { readonly until?: number };

/** How many questions, and bytes, may still be asked of a destination; shared by all that ask together. */
export type Asks = { left: number; bytesLeft: number };

/** What lies in an account, for a credential that may read. Both throw IngestErrors, also when no more may be asked. */
export type Account = {
  /** Every container that is its own, newest first; undefined: the credential may not read. */
  readonly containers: () => Promise<readonly AccountContainer[] | undefined>;
  /** Undefined: there are more files than may be asked for. Throws with `unreadable` where this container alone cannot be read. */
  readonly files: (id: string) => Promise<readonly AccountFile[] | undefined>;
  /** In hexadecimal digits; the whole file is downloaded. Undefined: it cannot be read. */
  readonly sha256: (id: string, file: AccountFile) => Promise<string | undefined>;
};
