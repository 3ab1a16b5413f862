import type { ShareName } from './ids.ts';
import type { SharePath } from './share-path.ts';

/** Where a rule may learn whose a dataset is. */
export const OWNER_SOURCES = ['path', 'sidecar', 'uid', 'gid', 'http'] as const;
export type OwnerSource = (typeof OWNER_SOURCES)[number];

/** A question that only reading or asking somebody answers; about a dataset, never about one file. */
export type OwnerQuestion = {
  readonly source: 'sidecar' | 'http';
  readonly share: ShareName;
  readonly dataset: SharePath;
  readonly rule: string;
  readonly instrument: string;
  readonly facts: Readonly<Record<string, string>>;
};

/**
 * `name`: as the source writes it, still to be found among the owners. `nobody`: it was asked and names nobody.
 * `unresolved`: it could not be asked, or what it said cannot be used; then nobody may guess.
 */
export type SourceAnswer =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'nobody'; readonly why: string }
  | { readonly kind: 'unresolved'; readonly why: string };
