import type { SharePath } from './share-path.ts';

/**
 * What a person decided of a path and everything below it. `exclude`: it is never taken; `force`: it goes with the next
 * evening although it has not settled or is not complete. Kept until it is taken back; a force ends with its evening.
 */
export type Decision = {
  readonly kind: 'force' | 'exclude';
  readonly path: SharePath;
  readonly reason: string;
  /** Who decided: the account on this host. */
  readonly by: string;
  /** ms since 1970. */
  readonly since: number;
};
