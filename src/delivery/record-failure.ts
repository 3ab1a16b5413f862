import type { IngestError } from '../core/errors.ts';
import type { Batch } from '../core/model.ts';
import type { SharePath } from '../core/share-path.ts';
import { type BatchError, batchError } from '../ledger/batch-row.ts';
import { halvesOf, pieceOf, wholeOf, withoutNames } from './cut.ts';
import { type Attempt, type Decision, decide } from './decide.ts';
import type { DeliveryParts } from './deliver-batch.ts';
import { perhapsPublished } from './perhaps-published.ts';
import { unlessTaken } from './unless-taken.ts';

/** Records what is done about an attempt that failed, and says so. */
export function recordFailure(
  batch: Batch,
  thrown: IngestError,
  parts: DeliveryParts,
  { stopped }: { readonly stopped: boolean },
): void {
  const error = perhapsPublished(batch, thrown, parts.ledger);
  if (error.code === 'PROCESSING_FAILED') parts.ledger.cuts.note(batch.id, wordsOf(error));
  if (error.context['refusedWhole'] === true)
    parts.ledger.containers.countRefused(batch.destination, batch.id);
  const decision = decide(error, { ...attemptOf(batch, error, parts), stopped }, parts.retry);
  // A newer attempt has the batch: its own result counts, and no failure of this one is told.
  const taken = unlessTaken(() => carryOut(batch, error, decision, parts));
  if (taken !== undefined) parts.emit({ name: 'delivery.failed', batch, error: taken, decided: 'nothing' });
  else parts.emit({ name: 'delivery.failed', batch, error, decided: decision.do });
}

/** All that the decision goes by, from the ledger. */
function attemptOf(batch: Batch, error: IngestError, parts: DeliveryParts): Omit<Attempt, 'stopped'> {
  const { outcomes, cuts, lostContainers } = parts.ledger;
  const now = parts.clock.now();
  const isLost = error.code === 'CONTAINER_LOST';
  return {
    ...{ attempts: batch.attempts, now, random: Math.random, files: batch.files.length },
    before: outcomes.timesPutOff(batch.id, error.code),
    otherHalf: cuts.otherHalf(batch.id, wordsOf(error)),
    mayReplace: isLost && lostContainers.mayReplace(laneOf(batch, parts), batch.id, now),
  };
}

/** What the destination said, so that two failures can be compared. */
function wordsOf({ message, context }: IngestError): string {
  const { said } = context;
  return withoutNames(Array.isArray(said) ? said.join('; ') : message);
}

function carryOut(batch: Batch, error: IngestError, decision: Decision, parts: DeliveryParts): void {
  const { batches, cuts } = parts.ledger;
  const now = parts.clock.now();
  const words = batchError(error, now);
  switch (decision.do) {
    case 'retry': {
      if (decision.forgetContainer) forgetContainer(batch, error, parts);
      batches.fail(batch, { to: 'planned', error: words, notBefore: decision.notBefore });
      return;
    }
    case 'hold':
      batches.fail(batch, { to: 'held', error: words, mayBeThere: error.context['mayBeThere'] === true });
      pause(batch, error, decision.pause, parts);
      return;
    case 'reject':
      batches.fail(batch, { to: 'rejected', error: words });
      return;
    case 'recut':
      recut(batch, words, decision, parts);
      return;
    case 'halve':
      cuts.halve(batch, words, halvesOf);
      return;
    case 'rejoin':
      cuts.rejoin(decision.whole, noFileToBlame(words), wholeOf);
      return;
    case 'withdraw':
      batches.withdraw(batch, words, { paths: [], mark: 'none' });
      return;
    case 'interrupt':
      batches.interrupt(batch, now);
      return;
    case 'nothing':
      return;
  }
}

/** Why a batch is whole again, and not the halves of which the words are. */
function noFileToBlame(error: BatchError): BatchError {
  return {
    ...error,
    message: `${error.message}; so did its other half in the same words: no file is to blame`,
  };
}

/** Its next delivery, and that of every other batch there, goes into a new one. */
function forgetContainer(batch: Batch, error: IngestError, parts: DeliveryParts): void {
  const { containers, lostContainers } = parts.ledger;
  const lane = laneOf(batch, parts);
  const lost = containers.ofBatch(batch.id) ?? containers.find(lane.destination, lane.name)?.remote;
  const which = lost === undefined ? lane.name : `"${lost.name}" (${lost.location})`;
  const why = error.message.replace(/\.$/, '');
  const published = error.context['published'] === true;
  lostContainers.forget(lane, batch.id, { which, why, published, at: parts.clock.now() });
  parts.emit({ name: 'container.lost', batch, error });
}

function laneOf(
  batch: Batch,
  parts: DeliveryParts,
): { readonly destination: Batch['destination']; readonly name: string } {
  const { destination } = batch;
  return { destination, name: parts.destination(destination).containerName(batch) };
}

function pause(
  batch: Batch,
  error: IngestError,
  what: 'lane' | 'destination' | undefined,
  parts: DeliveryParts,
): void {
  if (what === undefined) return;
  const name = what === 'lane' ? parts.ledger.batches.head(batch.id).lane : batch.destination;
  const since = parts.clock.now();
  parts.ledger.pauses.put({
    kind: what,
    name,
    reason: error.message,
    since,
    until: undefined,
    code: error.code,
  });
}

/** The batch is cut again without the bad files, at once: their neighbours do not wait. */
function recut(
  batch: Batch,
  words: BatchError,
  { paths, mark }: Extract<Decision, { do: 'recut' }>,
  { ledger }: DeliveryParts,
): void {
  ledger.batches.recut(batch, words, { paths: paths as readonly SharePath[], mark }, (rest) =>
    [rest].flatMap((whole) => pieceOf(whole, whole.files) ?? []),
  );
}
