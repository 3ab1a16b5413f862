/**
 * What the ledger knows of each entry of a directory, packed in 24 bytes in the order of the listing: since when
 * (our clock) it has looked the same, the batch that holds this very version of it, the batch that last held an
 * earlier version, a mark, and what trying to open it told.
 */
export type Facts = {
  /** ms since 1970 by our own clock: the first look at which it was as it is now. */
  readonly since: number;
  /** Number of the batch that holds this version, 0 = none. */
  readonly batch: number;
  /** Number of the batch that last held an earlier version of this path, 0 = none. */
  readonly prior: number;
  readonly mark: Mark;
  /** What the last try to open it said, where that was not simply that it can be opened; forgotten once a run. */
  readonly tried?: Tried;
  /** It was to be compared and could not be read; told as that, and forgotten once a run. Its mark stays. */
  readonly unread?: true;
};
/** Another program had it open, or the share did not answer. */
type Tried = (typeof TRIED)[number];
/**
 * `unreadable`: the last attempt to read it failed, tried again once a run; `refused`: the destination cannot take it;
 * `retimed`: as long as the version that was delivered, with another time, and `alike`: looks like a file that was
 * delivered from elsewhere and is not there any more; both are compared by content before they are planned.
 * `moved`: its batch delivered it from elsewhere; `left`: its batch holds it elsewhere now. `byHand`: its owner has
 * uploaded this version, `afterHand`: an earlier one, so that this one is sent.
 */
export type Mark = (typeof MARKS)[number];

/** Position = number in the packed form: only ever append. */
const MARKS = [
  'none',
  'unreadable',
  'refused',
  'retimed',
  'alike',
  'moved',
  'left',
  'byHand',
  'afterHand',
] as const;
const TRIED = ['busy', 'silent'] as const;
const WIDTH = 24;
export const FACTS_BYTES = WIDTH;

/** True for the marks of files whose content is compared with what was delivered, before anything is planned. */
export const isToCompare = (mark: Mark): boolean => mark === 'retimed' || mark === 'alike';

/** True for the marks of files that do not go as they are: nothing waits for them. */
export const isKeptOut = (mark: Mark): boolean =>
  mark === 'unreadable' || mark === 'refused' || mark === 'byHand';

/** True for the marks of files of which this or an earlier version was uploaded by hand. */
export const isByHand = (mark: Mark): boolean => mark === 'byHand' || mark === 'afterHand';

export function encodeFacts(all: readonly Facts[]): Buffer {
  const out = Buffer.alloc(all.length * WIDTH);
  let at = 0;
  for (const facts of all) {
    out.writeDoubleLE(facts.since, at);
    out.writeUInt32LE(facts.batch, at + 8);
    out.writeUInt32LE(facts.prior, at + 12);
    out.writeUInt8(MARKS.indexOf(facts.mark), at + 16);
    out.writeUInt8(facts.tried === undefined ? 0 : TRIED.indexOf(facts.tried) + 1, at + 17);
    out.writeUInt8(facts.unread === true ? 1 : 0, at + 18);
    at += WIDTH;
  }
  return out;
}

export function decodeFacts(bytes: Uint8Array): Facts[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const all: Facts[] = [];
  for (let at = 0; at < bytes.length; at += WIDTH) {
    const tried = TRIED[view.getUint8(at + 17) - 1];
    all.push({
      since: view.getFloat64(at, true),
      batch: view.getUint32(at + 8, true),
      prior: view.getUint32(at + 12, true),
      mark: MARKS[view.getUint8(at + 16)] ?? 'none',
      ...(tried === undefined ? {} : { tried }),
      ...(view.getUint8(at + 18) === 1 ? { unread: true } : {}),
    });
  }
  return all;
}

/** True when one of the times is later than `at`: the clock was ahead when it was written. */
export function isAhead(bytes: Uint8Array, at: number): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let from = 0; from < bytes.length; from += WIDTH) if (view.getFloat64(from, true) > at) return true;
  return false;
}
