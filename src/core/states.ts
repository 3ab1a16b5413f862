/**
 * The evidence ladder of a file, shown everywhere the same, and the moves that are legal on it. A batch has the
 * states from `planned` on; its files have the state of their batch.
 */
export const FILE_STATES = [
  'seen',
  'settled',
  'mapped',
  'planned',
  'queued',
  'delivering',
  'accepted',
  'confirmed',
  'verified',
  'held',
  'rejected',
  'excluded',
  'by-hand',
  'unreadable',
  'withdrawn',
] as const;
export type FileState = (typeof FILE_STATES)[number];

export const BATCH_STATES = [
  'planned',
  'queued',
  'delivering',
  'accepted',
  'confirmed',
  'verified',
  'held',
  'rejected',
  'withdrawn',
] as const satisfies readonly FileState[];
export type BatchState = (typeof BATCH_STATES)[number];

/** What a destination's answer is worth; the words are never mixed (design: never green by default). */
export type Evidence = 'accepted' | 'confirmed' | 'verified';
export const DELIVERED_STATES = [
  'accepted',
  'confirmed',
  'verified',
] as const satisfies readonly BatchState[];

/**
 * From → to. `seen` is also where a file that changed begins again; `withdrawn` is a batch that can never be
 * delivered as it was planned (a file of it changed or vanished): its other files are planned again without it.
 */
const MOVES: Readonly<Record<FileState, readonly FileState[]>> = {
  seen: ['settled', 'excluded', 'by-hand', 'unreadable', 'held'],
  settled: ['seen', 'mapped', 'held', 'rejected', 'unreadable'],
  mapped: ['seen', 'planned', 'by-hand', 'held', 'rejected'],
  planned: ['queued', 'held', 'withdrawn'],
  queued: ['planned', 'delivering', 'held', 'withdrawn'],
  delivering: ['queued', 'planned', 'accepted', 'confirmed', 'verified', 'held', 'rejected', 'withdrawn'],
  accepted: ['confirmed', 'verified', 'planned', 'held'],
  confirmed: ['verified', 'planned', 'held'],
  verified: ['planned', 'held'],
  held: ['seen', 'planned', 'withdrawn', 'rejected'],
  rejected: ['seen', 'planned', 'withdrawn'],
  excluded: ['seen'],
  'by-hand': ['seen'],
  unreadable: ['seen'],
  withdrawn: ['planned'],
};

export function canMove(from: FileState, to: FileState): boolean {
  return MOVES[from].includes(to);
}

export function isDelivered(state: FileState): state is Evidence {
  return (DELIVERED_STATES as readonly FileState[]).includes(state);
}

/** The states a batch may be in so that a move to `to` is legal; used as the guard of every ledger update. */
export function statesBefore(to: BatchState): readonly BatchState[] {
  return BATCH_STATES.filter((from) => canMove(from, to));
}
