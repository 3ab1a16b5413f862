/** Ids are branded strings made by a constructor that checks. */
export type BatchId = string & { readonly __brand: 'BatchId' };
export type RunId = string & { readonly __brand: 'RunId' };
export type OwnerId = string & { readonly __brand: 'OwnerId' };
export type ShareName = string & { readonly __brand: 'ShareName' };
export type DestinationName = string & { readonly __brand: 'DestinationName' };

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** `b-` and 32 hex digits: BullMQ refuses ids with ':' and ids that look like an integer (docs.bullmq.io, job ids). */
export function batchId(text: string): BatchId {
  if (!/^b-[0-9a-f]{32}$/.test(text)) throw new RangeError(`not a batch id: ${text}`);
  return text as BatchId;
}

export function runId(text: string): RunId {
  if (!/^r-[0-9]{8}-[0-9]{6}(-[0-9]+)?$/.test(text)) throw new RangeError(`not a run id: ${text}`);
  return text as RunId;
}

/** Names that become parts of paths and Redis keys: letters, digits, '.', '_', '-'; 1 to 63 characters. */
export const isName = (text: string): boolean => NAME.test(text);

export const ownerId = (text: string): OwnerId => named(text, 'owner') as OwnerId;
export const shareName = (text: string): ShareName => named(text, 'share') as ShareName;
export const destinationName = (text: string): DestinationName =>
  named(text, 'destination') as DestinationName;

function named(text: string, what: string): string {
  if (!isName(text)) throw new RangeError(`not a name for a ${what}: ${JSON.stringify(text)}`);
  return text;
}

/** The owner id of data nobody owns. */
export const COLLECTOR = 'collector' as OwnerId;
