import type { BatchId, OwnerId } from './ids.ts';
import type { SharePath } from './share-path.ts';

/** Data that had gone to the collector and that a person gave to an owner: one dataset, or the part of it at `path`. */
export type Claim = {
  readonly no: number;
  readonly path: SharePath;
  readonly dataset: SharePath;
  readonly owner: OwnerId;
  readonly reason: string | undefined;
  readonly by: string;
  /** ms since 1970. */
  readonly at: number;
  /** The collector's batches that it was in; their copies stay. */
  readonly batches: readonly BatchId[];
};

/** How batches and assignments name it. */
export const claimRule = ({ no }: Pick<Claim, 'no'>): string => `claim ${no}`;
