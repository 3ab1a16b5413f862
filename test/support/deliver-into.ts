import { type Clock, systemClock } from '../../src/core/clock.ts';
import type { ContainerMetadata } from '../../src/core/container-metadata.ts';
import type { Content } from '../../src/core/content.ts';
import { type BatchId, destinationName, ownerId } from '../../src/core/ids.ts';
import type { Batch, BatchPlan } from '../../src/core/model.ts';
import type { Secret } from '../../src/core/secret.ts';
import { auditDeliveries } from '../../src/delivery/audit-deliveries.ts';
import type { Breaker } from '../../src/delivery/breaker.ts';
import { type DeliveryParts, deliverBatch } from '../../src/delivery/deliver-batch.ts';
import type { DeliveryEvent } from '../../src/delivery/delivery-event.ts';
import { lookAgain } from '../../src/delivery/look-again.ts';
import { noteUnrecorded } from '../../src/delivery/note-unrecorded.ts';
import { publishDue } from '../../src/delivery/publish-batch.ts';
import type { Destination } from '../../src/destinations/destination.ts';
import { auditReport } from '../../src/nightly/report-audit.ts';
import { noTier } from '../../src/tiering/none.ts';
import { contentOf } from './content.ts';
import { entry, look, planOf, SHARE, tempLedger } from './ledger-fixture.ts';

/** What ends asking again early; default: nothing does. */
type AuditWithin = { readonly signal?: AbortSignal; readonly sleep?: Clock['sleep'] };

/** How many batches could be asked for, and what was said of those that were. */
type AuditRound = {
  readonly of: number;
  readonly holds: number;
  readonly gone: number;
  readonly unknown: number;
};

/** Deliveries on a real ledger into a real destination; waits between attempts pass at once. */
export type Deliverer = AsyncDisposable & {
  readonly ledger: DeliveryParts['ledger'] & Awaited<ReturnType<typeof tempLedger>>['ledger'];
  readonly events: DeliveryEvent[];
  /** Records a look at the files and plans them as one batch; `plannedAt` decides the month of its container. */
  readonly plan: (
    dir: string,
    files: Readonly<Record<string, string>>,
    more?: Partial<BatchPlan> & { readonly plannedAt?: number },
  ) => Batch;
  /** Delivers one batch once. */
  readonly deliver: (id: BatchId, signal?: AbortSignal) => Promise<void>;
  /** Delivers as the dispatcher would until nothing is planned any more; answers how many attempts that took. */
  readonly deliverAll: () => Promise<number>;
  /** Looks for the batches that are only accepted. */
  readonly lookAgain: () => Promise<void>;
  /** Publishes what is due. */
  readonly publish: () => Promise<void>;
  /** Whether rule and destination ask for publishing. */
  mayPublish: boolean;
  /** Asks again for what was delivered; at most so many batches. */
  readonly audit: (batches?: number, seed?: string, within?: AuditWithin) => Promise<AuditRound>;
  /** What a test does to the content of a batch. */
  change: (content: Content) => Content;
  /** What is to be said of every container. */
  metadata: ContainerMetadata;
  /** What the mapping of today says of a batch; default: it is as it was planned. */
  checkOwner: DeliveryParts['checkOwner'];
  /** None that ever sees an outage, unless a test has its own. */
  breaker: Breaker;
  /** The clock of the deliveries; `pass` moves it. */
  readonly clock: Clock;
  readonly pass: (ms: number) => void;
};

export async function deliverInto(
  destination: () => Destination,
  token: () => Secret | undefined,
): Promise<Deliverer> {
  const temp = await tempLedger();
  const { ledger } = temp;
  const events: DeliveryEvent[] = [];
  const bytes = new Map<string, string>();
  let ahead = 0;
  const clock = { ...systemClock, now: () => systemClock.now() + ahead };
  const run = ledger.runs.start(clock.now(), undefined);
  const never = new AbortController().signal;
  const parts = (): DeliveryParts => ({
    ledger,
    destination,
    token: async () => token(),
    content: (batch) => made.change(contentOf({ ...{ owner: batch.owner, batch }, files: filesOf(batch) })),
    accountIs: () => Promise.resolve(),
    metadata: () => made.metadata,
    checkOwner: (batch, step) => made.checkOwner(batch, step),
    tier: noTier,
    standstill: () => ({ afterMs: 10_000, begin: () => () => undefined }),
    clock,
    retry: { limit: 6, firstMs: 1000, maxMs: 60_000 },
    breaker: made.breaker,
    emit: (event) => events.push(event),
  });
  const filesOf = (batch: Batch): Record<string, string> =>
    Object.fromEntries(batch.files.map(({ path }) => [path, bytes.get(path) ?? '']));

  const deliver = async (id: BatchId, signal = never): Promise<void> => {
    ledger.batches.markQueued(id, clock.now());
    await noteUnrecorded(id, deliverBatch(id, parts(), signal), { ...parts(), ledger }, signal);
  };
  const made: Deliverer = {
    ledger,
    events,
    change: (content) => content,
    breaker: { met: async () => false, delivered: () => undefined },
    checkOwner: () => undefined,
    metadata: { coauthors: [], reviewers: [], references: [] },
    clock,
    pass: (ms) => {
      ahead += ms;
    },
    plan: (dir, files, { plannedAt = clock.now(), ...more } = {}) => {
      const entries = Object.entries(files).map(([name, text]) => entry(name, Buffer.byteLength(text)));
      ledger.looks.record(SHARE, [look(dir, entries)], clock.now(), run.no);
      for (const [name, text] of Object.entries(files)) bytes.set(`${dir}/${name}`, text);
      const whose = { owner: ownerId('alice'), destination: destinationName('nomad') };
      const plan = planOf(dir, entries, { ...whose, ...more });
      const lane = `nomad/${destination().containerName({ ...plan, plannedAt, epoch: 0, attempts: 0 })}`;
      ledger.batches.plan(plan, { lane, at: clock.now(), runNo: run.no, plannedAt });
      return ledger.batches.get(plan.id);
    },
    deliver,
    audit: async (batches = 100, seed = 'a', { signal = never, sleep = clock.sleep } = {}) => {
      ahead += 1;
      const since = clock.now();
      const of = await auditDeliveries(
        { ...parts(), ledger, clock: { ...clock, sleep } },
        { batches, seed, maxBytes: 1_000_000, before: Number.POSITIVE_INFINITY, maxMs: 60_000 },
        signal,
      );
      const { holds, gone, unknown } = auditReport(ledger.reaudits.since(since));
      return { of, holds, gone: gone.length, unknown: unknown.length };
    },
    mayPublish: true,
    publish: async () => await publishDue({ ...parts(), ledger, mayPublish: () => made.mayPublish }, never),
    lookAgain: async () => await lookAgain({ ...parts(), ledger }, never),
    deliverAll: async () => {
      for (let attempts = 0; attempts < 200; attempts += 1) {
        const now = clock.now();
        const [head] = ledger.dispatch.heads(now);
        if (head === undefined) {
          const due = ledger.dispatch.nextDueAt(now);
          if (due === undefined) return attempts;
          ahead += Math.max(0, due - clock.now());
          attempts -= 1;
        } else await deliver(head.id);
      }
      throw new Error('it never comes to an end');
    },
    [Symbol.asyncDispose]: async () => await temp[Symbol.asyncDispose](),
  };
  return made;
}
