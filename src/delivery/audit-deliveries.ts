import { targetDir } from '../batch/target-dir.ts';
import type { Clock } from '../core/clock.ts';
import type { Content } from '../core/content.ts';
import { auditWeight, drawOrder } from '../core/draw.ts';
import { asIngestError, IngestError } from '../core/errors.ts';
import type { BatchId, DestinationName } from '../core/ids.ts';
import type { Batch } from '../core/model.ts';
import { formatDuration } from '../core/units.ts';
import { unlessAborted } from '../core/unless-aborted.ts';
import type { Audited } from '../destinations/destination.ts';
import { batchError } from '../ledger/batch-row.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { DeliveryParts } from './deliver-batch.ts';
import { withHashes } from './find-sent.ts';
import { type LookAgainParts, mayAsk } from './look-again.ts';
import { outageSign } from './outage-sign.ts';

export type AuditParts = Pick<DeliveryParts, 'destination' | 'clock' | 'emit' | 'token'> & {
  readonly ledger: LookAgainParts['ledger'] & Pick<Ledger, 'reaudits'>;
};

export type AuditOptions = {
  /** The most batches that are asked for. */
  readonly batches: number;
  /** The most that is read back of one batch. */
  readonly maxBytes: number;
  /** Only what nobody has asked for since then. */
  readonly before: number;
  /** So long it goes on at most; undefined: until it is done. */
  readonly maxMs?: number;
  /** The same seed draws the same batches. */
  readonly seed: string;
  /** It is one of the rounds that come by themselves, not what a person asked for in between. */
  readonly isRound?: boolean;
};

/**
 * Asks the destinations whether old deliveries are still there as they were delivered: a sample, drawn by lot, in which
 * old and big ones come first. What is not there any more is held for a person; nothing is ever sent or deleted. What
 * cannot be told now (a destination that is away or busy, a refused token) stays as it was. A stop ends it early and well:
 * what was being asked for is as if nobody had asked. Answers how many could have been drawn.
 */
export async function auditDeliveries(
  parts: AuditParts,
  options: AuditOptions,
  signal: AbortSignal,
): Promise<number> {
  const { ledger, clock } = parts;
  const now = clock.now();
  const candidates = ledger.reaudits.candidates(options.before, now);
  let asked = 0;
  const away = new Set<DestinationName>();
  using limit = timeLimit(clock, options.maxMs);
  for (const { id } of drawOrder(candidates, options.seed, (one) => auditWeight(one, now))) {
    if (asked >= options.batches || limit.signal.aborted) break;
    const batch = ledger.batches.get(id);
    if (away.has(batch.destination) || !mayAsk(batch, parts)) continue;
    if (!(await auditOne(batch, parts, { options, signal, late: limit.signal, away }))) break;
    asked += 1;
  }
  return candidates.length;
}

type Asking = {
  readonly options: AuditOptions;
  /** To stop. */
  readonly signal: AbortSignal;
  /** The time is over: who has not told by then cannot tell. */
  readonly late: AbortSignal;
  readonly away: Set<DestinationName>;
};

/** False: it was stopped. */
async function auditOne(
  batch: Batch,
  parts: AuditParts,
  { options, signal, late, away }: Asking,
): Promise<boolean> {
  const { reaudits } = parts.ledger;
  const { id } = batch;
  const { isRound } = options;
  try {
    signal.throwIfAborted();
    const ended = AbortSignal.any([signal, late]);
    const audited = await unlessAborted(ended, ask(batch, parts, { options, signal: ended }));
    const at = parts.clock.now();
    if (audited.wrong.length > 0) holdGone(batch, audited, { parts, isRound });
    else reaudits.holds({ id, at, said: audited.how, isRound });
  } catch (thrown) {
    if (signal.aborted) return false;
    const error = asIngestError(late.aborted ? late.reason : thrown, `ask again for batch ${id}`);
    if (error.code.startsWith('LEDGER_')) throw error;
    if (outageSign(error) !== 'none') away.add(batch.destination);
    reaudits.unknown({ id, at: parts.clock.now(), said: error.message });
  }
  return true;
}

async function ask(
  batch: Batch,
  parts: AuditParts,
  { options: { maxBytes, seed }, signal }: Pick<Asking, 'options' | 'signal'>,
): Promise<Audited> {
  const { ledger } = parts;
  const destination = parts.destination(batch.destination);
  const container = ledger.containers.ofBatch(batch.id);
  if (container === undefined || destination.audit === undefined)
    throw new IngestError(
      'DESTINATION_UNUSABLE',
      `${batch.destination} cannot be asked for batch ${batch.id}`,
      {
        hint: 'Nothing to do: what its receipt says still counts.',
      },
    );
  const content = withHashes(recorded(batch), ledger.batches.hashes(batch.id));
  const call = { token: await parts.token(batch, signal), signal, once: true } as const;
  return await destination.audit(container, content, { call, maxBytes, seed });
}

/** The batch as it was delivered: only what is recorded of it; the share is not read. */
function recorded(batch: Batch): Content {
  const never = (): never => {
    throw new Error(`the content of batch ${batch.id} is not there to be sent`);
  };
  const parts = { parcel: never, files: never, hashes: never, manifest: never };
  return { batch, targetDir: targetDir(batch), ...parts };
}

function timeLimit(clock: Clock, ms: number | undefined): { readonly signal: AbortSignal } & Disposable {
  const [late, done] = [new AbortController(), new AbortController()];
  if (ms !== undefined)
    void clock.sleep(ms, done.signal).then(
      () => late.abort(tooLate(ms)),
      () => undefined,
    );
  return { signal: late.signal, [Symbol.dispose]: () => done.abort() };
}

function tooLate(ms: number): IngestError {
  return new IngestError('INTERRUPTED', `the destination did not tell within ${formatDuration(ms)}`, {
    hint: 'Nothing to do: what its receipt says still counts, and it is asked again another time.',
  });
}

const NAMED = 3;

/** Held for a person, if it is still as it was when it was asked for. */
function holdGone(
  batch: Batch,
  { wrong, containerGone }: Audited,
  { parts, isRound }: { readonly parts: AuditParts; readonly isRound: boolean | undefined },
): void {
  const { ledger, clock } = parts;
  const at = clock.now();
  const error = evidenceGone(batch, wrong);
  const isDone = ledger.transaction(() => {
    if (!isEvidence(batch.id, ledger)) return false;
    ledger.reaudits.fails({ id: batch.id, at, said: error.message, isRound });
    ledger.batches.fail(batch, { to: 'held', error: batchError(error, at) });
    if (containerGone === true) forgetContainer(batch, error, parts);
    return true;
  });
  if (isDone) parts.emit({ name: 'audit.gone', batch, error });
}

function isEvidence(id: BatchId, { batches }: AuditParts['ledger']): boolean {
  const { state } = batches.head(id);
  return state === 'confirmed' || state === 'verified';
}

function evidenceGone({ id, destination }: Batch, wrong: readonly string[]): IngestError {
  const some = wrong.slice(0, NAMED).join('; ');
  const more = wrong.length > NAMED ? `; and ${wrong.length - NAMED} more` : '';
  return new IngestError(
    'EVIDENCE_GONE',
    `${destination} does not have batch ${id} any more as it was delivered: ${some}${more}`,
    {
      hint: 'Ask at the destination what became of it, and delete nothing of it on the share: it may be the last copy. Only where the files are still on the share can it be sent again.',
      context: { batchId: id, paths: wrong.slice(0, 20) },
    },
  );
}

/** Nothing else that went into it is proven any more, and nothing more goes there. */
function forgetContainer(batch: Batch, error: IngestError, { ledger, destination, clock }: AuditParts): void {
  const container = ledger.containers.ofBatch(batch.id);
  if (container === undefined) return;
  const lane = { destination: batch.destination, name: destination(batch.destination).containerName(batch) };
  const which = `"${container.name}" (${container.location})`;
  ledger.lostContainers.forget(lane, batch.id, {
    ...{ which, why: error.message, at: clock.now(), delivered: true },
  });
}
