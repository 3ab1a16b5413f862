import { type Clock, type HoldableClock, holdableClock } from '../core/clock.ts';
import { asIngestError, type IngestError } from '../core/errors.ts';
import type { BatchId } from '../core/ids.ts';
import type { DeliveryEvent } from '../delivery/delivery-event.ts';
import { takeInstanceLock } from '../ledger/instance-lock.ts';
import type { NightlyEvent, NightlyParts } from '../nightly/parts.ts';
import { runNightly } from '../nightly/run-nightly.ts';
import type { RunReport } from '../nightly/run-report.ts';
import { type BatchQueue, createBatchQueue } from '../queue/batch-queue.ts';
import type { RedisTarget } from '../queue/connect-redis.ts';
import { createDispatcher, type Dispatcher } from '../queue/dispatcher.ts';
import { allDelivered } from './all-delivered.ts';
import { createAuditor } from './auditor.ts';
import { checkPlaces } from './check-places.ts';
import { type Deliveries, startDeliveries } from './deliveries.ts';
import { mailsOwners, parallelAt } from './destination-limits.ts';
import { createFileHasher } from './hash-files.ts';
import { keepProbing } from './keep-probing.ts';
import { keepRedis } from './keep-redis.ts';
import { liftCured } from './lift-cured.ts';
import { refusalOf } from './mapping-in-force.ts';
import { openRefusedWatch } from './open-refused-watch.ts';
import { type PutBack, putBackLost } from './put-back-lost.ts';
import { type MappingEvent, tellOfMapping } from './tell-of-mapping.ts';
import { createTrouble } from './tell-trouble.ts';
import type { LaneEvent } from './watch-refused.ts';
import { withdrawOutdated } from './withdraw-outdated.ts';
import type { Workspace } from './workspace.ts';

export type EngineEvent =
  | NightlyEvent
  | DeliveryEvent
  | { readonly name: 'engine.trouble'; readonly error: IngestError }
  | { readonly name: 'queue.may-forget'; readonly policy: string; readonly hint: string }
  | MappingEvent
  | LaneEvent;

export type EngineParts = {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly emit: (event: EngineEvent) => void;
  /** Whether deliveries may begin now; default: always. */
  readonly isOpen?: () => boolean;
  /** Aborted when the process is asked to end: a run that is stopped then lets its deliveries end before it reports. */
  readonly stop?: AbortSignal;
  /** So many milliseconds without a byte are a standstill of a delivery; default: STANDSTILL_MS. */
  readonly standstillMs?: number;
  /** Who we are, for the one who finds the state directory in use. */
  readonly holder: string;
};

/** What runs evenings and deliveries on this host. Close it to stop in order: it waits for what runs, then aborts it. */
export type Engine = AsyncDisposable & {
  readonly runEvening: (dueAt: number | undefined, signal: AbortSignal) => Promise<RunReport>;
  /** Lifts the pauses whose cause is gone. */
  readonly liftCured: (signal: AbortSignal) => Promise<void>;
  /** The owner's credential at a destination, as the deliveries use it. */
  readonly token: Deliveries['token'];
  /** The ledger was changed by another process: look again. */
  readonly wake: () => void;
};

/**
 * Takes the instance lock, starts (or reaches) Redis, the workers and the dispatcher. Throws LEDGER_LOCKED,
 * LEDGER_CORRUPT, REDIS_MISSING, STATE_DIR_UNUSABLE and what else keeps it from starting; nothing is left behind then.
 */
export async function startEngine(workspace: Workspace, parts: EngineParts): Promise<Engine> {
  const clock = holdableClock(parts.clock);
  return await startParts({ ...workspace, clock }, { ...parts, clock });
}

async function startParts(
  workspace: Workspace,
  parts: EngineParts & { readonly clock: HoldableClock },
): Promise<Engine> {
  const { config, ledger } = workspace;
  const { clock, emit } = parts;
  const trouble = createTrouble(clock, (error) => emit({ name: 'engine.trouble', error }));
  await using stack = new AsyncDisposableStack();

  takeState(workspace, parts.holder, stack);
  const target = await openRedis(workspace, parts, stack, trouble);
  const putBack = (ids: readonly BatchId[], why: string): void => putBackLost(ids, why, workspace, emit);
  const queue = await openQueue(workspace, target, { stack, putBack });

  tellOfMapping(workspace.mapping.takeOver(parts.holder), workspace, emit);
  withdrawOutdated(workspace);
  const delivery = stack.use(startDeliveries(workspace, parts, { target, trouble }));
  const dispatcher = startDispatcher(workspace, parts, { queue, delivery, putBack, trouble });
  stack.defer(dispatcher.close);
  stack.use(keepProbing(ledger, { ...delivery.breaker, onWell: dispatcher.wake }, trouble));

  const refused = stack.use(
    openRefusedWatch(workspace, {
      ...{ env: parts.env, token: delivery.token, emit },
      ...{ onResumed: dispatcher.wake, onError: trouble },
    }),
  );
  const hasher = stack.use(createFileHasher(config.shares, { clock, stateDir: config.stateDir }));
  const nightly = nightlyParts(workspace, emit, {
    wake: dispatcher.wake,
    hashFiles: hasher.hash,
    drained: drainedOn(parts.stop, dispatcher, delivery),
    mayHeal: refused.mayHeal,
    lookAgain: delivery.lookAgain,
    audit: createAuditor(workspace, parts).whenDue,
    queueTrouble: dispatcher.trouble,
    isAtWork: delivery.isAtWork,
  });
  const lift = async (signal: AbortSignal): Promise<void> => {
    await liftCured(workspace, delivery.token, signal);
    dispatcher.wake();
  };
  const disposal = stack.move();
  return {
    runEvening: async (dueAt, signal) => {
      await workspace.renew();
      await lift(signal);
      // What is delivered meanwhile goes by the same clock: the report tells what was delivered since the run began.
      using _ = clock.hold();
      return await runNightly(nightly, dueAt, AbortSignal.any([signal, ledger.damaged]));
    },
    liftCured: lift,
    token: delivery.token,
    wake: dispatcher.wake,
    [Symbol.asyncDispose]: () => disposal.disposeAsync(),
  };
}

/** Looks for work whenever a delivery has ended, and holds queue and ledger against each other whenever Redis is back. */
function startDispatcher(
  workspace: Workspace,
  { clock, isOpen }: EngineParts,
  {
    queue,
    delivery,
    putBack,
    trouble,
  }: {
    readonly queue: BatchQueue;
    readonly delivery: Deliveries;
    readonly putBack: PutBack;
    readonly trouble: (thrown: unknown) => void;
  },
): Dispatcher {
  const dispatcher = createDispatcher({
    ledger: dispatchLedger(workspace, putBack),
    queue,
    concurrency: (destination) => parallelAt(workspace.config, destination),
    clock,
    onError: trouble,
    running: delivery.running,
    ownsLock: delivery.ownsLock,
    ...(isOpen === undefined ? {} : { isOpen }),
  });
  delivery.onFinished(dispatcher.wake);
  delivery.onLost(dispatcher.compareNow);
  queue.onReady(dispatcher.compareNow);
  return dispatcher;
}

/** A run that is stopped lets what is in flight end, and nothing new begin. */
function drainedOn(
  stop: AbortSignal | undefined,
  dispatcher: Pick<Dispatcher, 'close'>,
  delivery: Pick<Deliveries, 'drain'>,
): () => Promise<void> {
  return async () => {
    if (stop?.aborted !== true) return;
    await dispatcher.close();
    await delivery.drain();
  };
}

function nightlyParts(
  workspace: Workspace,
  emit: NightlyParts['emit'],
  {
    mayHeal,
    queueTrouble,
    isAtWork,
    ...made
  }: Pick<NightlyParts, 'wake' | 'hashFiles' | 'drained' | 'lookAgain' | 'audit'> &
    Pick<Parameters<typeof allDelivered>[0], 'mayHeal' | 'queueTrouble' | 'isAtWork'>,
): NightlyParts {
  const { config, ledger, mapping, clock, assign, limitsOf, laneOf, sources, accounts } = workspace;
  return {
    ...{ ledger, clock, emit, assign, limitsOf, laneOf, sources, accounts, ...made },
    shares: config.shares,
    mailsOwners: (name) => mailsOwners(config, name),
    wantsIds: () => mapping.current().wantsIds,
    reminders: workspace.reminders,
    collectorWarnAbove: () => mapping.current().mapping.collector.warnAboveBytes,
    mappingKey: () => mapping.current().key,
    hasOwners: () => mapping.current().mapping.owners.length > 0,
    delivered: async (signal) => {
      const { outageWaitMs } = config.deliveries;
      await allDelivered({ ledger, clock, outageWaitMs, mayHeal, queueTrouble, isAtWork }, signal);
      // A token may have appeared meanwhile: what it kept from being planned can go in this evening.
      await workspace.renew();
    },
    maxWaitMs: config.settleWaitMs,
    compareMs: config.compareLimitMs,
    settleNights: config.settleNights,
    stallMs: 60_000,
    refusedMapping: () => refusalOf(mapping.standing(), config),
    queueTrouble: () => {
      const trouble = queueTrouble();
      return trouble && asIngestError(trouble.error, 'fill the queue');
    },
  };
}

/** One process at a time, and only with a ledger that is whole. */
function takeState({ config, ledger }: Workspace, holder: string, stack: AsyncDisposableStack): void {
  checkPlaces(config);
  const lock = takeInstanceLock(config.stateDir, holder);
  stack.defer(lock.release);
  ledger.checkIntegrity();
}

async function openQueue(
  workspace: Workspace,
  target: RedisTarget,
  { stack, putBack }: { readonly stack: AsyncDisposableStack; readonly putBack: PutBack },
): Promise<BatchQueue> {
  const { clock, config } = workspace;
  const queue = createBatchQueue({ target, clock, deadlineMs: 10_000, onError: () => undefined });
  stack.defer(queue.close);
  if (config.redis.url === undefined) await putBackLeft(queue, workspace, putBack);
  return queue;
}

/** Whatever our own Redis remembers is of a process that is gone, but what a worker beside us still delivers is its own. */
async function putBackLeft(
  queue: Pick<BatchQueue, 'clear'>,
  { ledger }: Workspace,
  putBack: PutBack,
): Promise<void> {
  await queue.clear();
  const left = ledger.dispatch
    .inFlight()
    .map(({ id }) => id)
    .filter((id) => !ledger.dispatch.isHeldElsewhere(id));
  putBack(left, 'the last process ended with it in flight');
}

async function openRedis(
  { config }: Workspace,
  { clock }: EngineParts,
  stack: AsyncDisposableStack,
  trouble: (thrown: unknown) => void,
): Promise<RedisTarget> {
  if (config.redis.url !== undefined) return { url: config.redis.url };
  const redis = stack.use(await keepRedis({ stateDir: config.stateDir, clock, trouble }));
  return { socketPath: redis.socketPath };
}

function dispatchLedger(
  { ledger, clock }: Workspace,
  putBack: PutBack,
): Parameters<typeof createDispatcher>[0]['ledger'] {
  const { dispatch, batches } = ledger;
  return {
    heads: dispatch.heads,
    inFlight: dispatch.inFlight,
    nextDueAt: dispatch.nextDueAt,
    isHeldElsewhere: dispatch.isHeldElsewhere,
    markQueued: (id) => batches.markQueued(id, clock.now()),
    backToPlanned: putBack,
  };
}
