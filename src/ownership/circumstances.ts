import type { DestinationName, OwnerId } from '../core/ids.ts';
import type { OwnerQuestion, SourceAnswer } from '../core/owner-source.ts';
import type { Day } from './mapping.ts';

/** What is known tonight beside the mapping. It stays the same for a whole run, so that a path has one answer. */
export type Circumstances = {
  /** Grows when anything here changes, at the beginning of a run. */
  readonly version: () => number;
  /** Undefined: no day is told, and no owner has a state. */
  readonly today: () => Day | undefined;
  /** The first instant after a day, ms since 1970. */
  readonly endOf: (day: Day) => number;
  /** What is wrong with the owner's credential at a destination; undefined: it can be used, or none is needed. */
  readonly credential: (owner: OwnerId, destination: DestinationName) => Unusable | undefined;
  /** What a source has said; undefined: it was not asked yet. */
  readonly answer: (question: OwnerQuestion) => SourceAnswer | undefined;
};

export type Unusable = { readonly message: string; readonly help: string };

/** No owner has a state, every credential is well, and no source was asked. */
export const NOTHING_KNOWN: Circumstances = {
  version: () => 0,
  today: () => undefined,
  endOf: (day) => Date.parse(day) + 86_400_000,
  credential: () => undefined,
  answer: () => undefined,
};
