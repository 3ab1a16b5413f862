import type { SharePath } from '../core/share-path.ts';
import type { BatchState } from '../core/states.ts';
import type { Mark } from './facts.ts';

/** A move of a batch's state, as the history will tell it. */
export type Move = {
  readonly to: BatchState;
  readonly at: number;
  readonly what: string;
  readonly detail?: string;
  /** SHA-256 of what is recorded with it. */
  readonly digest?: Uint8Array;
  /** Only the attempt of this epoch may make the move; any if undefined. */
  readonly epoch?: number | undefined;
  /** Narrows the states from which the table allows the move. */
  readonly from?: readonly BatchState[];
};

/** The states of a batch of which nothing moves. */
export const WAITING: readonly BatchState[] = ['planned', 'held', 'rejected'];

/** The files for which a batch is cut again, and how they are marked. */
export type BadFiles = { readonly paths: readonly SharePath[]; readonly mark: Mark };
