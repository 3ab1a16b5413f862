import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createPacker, type Packer } from '../batch/packer.ts';
import { IngestError } from '../core/errors.ts';
import type { BatchId, ShareName } from '../core/ids.ts';
import type { Batch } from '../core/model.ts';
import type { Secret } from '../core/secret.ts';
import { createTokenStore, type TokenStore } from '../credentials/read-token.ts';
import { type BreakerParts, createBreaker } from '../delivery/breaker.ts';
import { type DeliveryParts, deliverBatch } from '../delivery/deliver-batch.ts';
import { lookAgain } from '../delivery/look-again.ts';
import { noteUnrecorded } from '../delivery/note-unrecorded.ts';
import { type PublishParts, publishBatch, publishDue } from '../delivery/publish-batch.ts';
import type { Call } from '../destinations/destination.ts';
import { mostInFlight } from '../queue/choose-next.ts';
import type { RedisTarget } from '../queue/connect-redis.ts';
import { EVICTION_CURE } from '../queue/hide-policy.ts';
import { type BatchHandler, workBatches } from '../queue/work-batches.ts';
import { noTier } from '../tiering/none.ts';
import { refuseSharedAccount, takenBy } from './account-of-two.ts';
import { recordStandstills } from './count-standstills.ts';
import { parallelAt } from './destination-limits.ts';
import type { EngineParts } from './engine.ts';
import { mayPublish } from './may-publish.ts';
import { metadataOf } from './metadata-of.ts';
import { ownerToken, tokenRef } from './owner-token.ts';
import { checkStillMeant } from './perhaps-there.ts';
import { createPublishInTurn, type PublishInTurn } from './publish-in-turn.ts';
import { VERSION } from './version.ts';
import type { Workspace } from './workspace.ts';

/** The workers of this process. Disposing lets what runs end, within a bound, and stops the rest. */
export type Deliveries = AsyncDisposable & {
  /** The owner's credential at the destination, as the deliveries use it. */
  readonly token: (
    batch: Pick<Batch, 'owner' | 'destination'>,
    signal: AbortSignal,
  ) => Promise<Secret | undefined>;
  readonly running: () => ReadonlySet<BatchId>;
  /** Whether this process delivers or publishes a batch. */
  readonly isAtWork: () => boolean;
  /** Whether a lock in the queue was set by these workers. */
  readonly ownsLock: (lock: string) => boolean;
  /** Looks once for the batches that their destination only accepted. */
  readonly lookAgain: (signal: AbortSignal) => Promise<void>;
  /** What outages of destinations are known and told by. */
  readonly breaker: BreakerParts;
  /** A delivery has ended, or gives its place to others, or takes it again. */
  readonly onFinished: (listener: () => void) => void;
  /** A job ended and nothing was recorded of its batch. */
  readonly onLost: (listener: () => void) => void;
  /** Takes nothing new and lets what runs end, within a bound; for good. */
  readonly drain: () => Promise<void>;
};

type DeliveringParts = Pick<EngineParts, 'clock' | 'env' | 'emit' | 'stop' | 'standstillMs'> & {
  /** Makes what another process has put in force count here; called before each delivery. */
  readonly follow?: () => void;
};

type Where = {
  readonly target: RedisTarget;
  readonly trouble: (thrown: unknown) => void;
  /** How long a batch stays ours without a sign of life, in ms. */
  readonly lockMs?: number;
};

/** Milliseconds that running deliveries get to end by themselves when we are told to stop. */
const DRAIN_MS = 20_000;

/** Starts the workers on the queue at `target`. */
export function startDeliveries(
  workspace: Workspace,
  parts: DeliveringParts,
  { target, trouble, lockMs }: Where,
): Deliveries {
  const { config, ledger } = workspace;
  const listeners = new Set<() => void>();
  const lostListeners = new Set<() => void>();
  const tellListeners = (): void => {
    for (const listener of listeners) listener();
  };
  const standstill = recordStandstills(workspace.ledger, { ...parts, trouble, tellListeners });
  const packers = openPackers(workspace, { ...parts, standstill });
  const delivery = deliveryParts(workspace, parts, { packers, standstill });
  const publishing = publishingOf(workspace, delivery, trouble);
  const workers = workBatches(
    {
      target,
      ...(lockMs === undefined ? {} : { lockMs }),
      concurrency: config.destinations.reduce(
        (sum, { name }) => sum + mostInFlight(parallelAt(config, name)),
        0,
      ),
      clock: parts.clock,
      onError: trouble,
      onFinished: tellListeners,
      onEviction: (policy) => parts.emit({ name: 'queue.may-forget', policy, hint: EVICTION_CURE }),
      onLost: () => {
        for (const listener of lostListeners) listener();
      },
    },
    handlerOf({ ...delivery, ledger }, publishing),
  );
  parts.stop?.addEventListener('abort', () => disown(workspace, trouble), { once: true });
  let drained: Promise<unknown> | undefined;
  const drain = async (): Promise<void> => {
    drained ??= Promise.all([workers.drain(DRAIN_MS), publishing.drain(DRAIN_MS)]);
    await drained;
  };
  return {
    drain,
    token: delivery.token,
    breaker: delivery.breakerParts,
    running: workers.running,
    isAtWork: () => workers.running().size > 0 || publishing.isAtWork(),
    ownsLock: workers.ownsLock,
    lookAgain: async (signal) => {
      await lookAgain({ ...delivery, ledger }, signal);
      await publishDue({ ...delivery, ledger }, signal);
      tellListeners();
    },
    onFinished: (listener) => listeners.add(listener),
    onLost: (listener) => lostListeners.add(listener),
    [Symbol.asyncDispose]: async () => {
      await drain();
      await workers.close();
      for (const packer of packers.values()) await packer[Symbol.asyncDispose]();
    },
  };
}

function publishingOf(
  { config, ledger }: Workspace,
  delivery: DeliveriesParts,
  onError: Where['trouble'],
): PublishInTurn {
  return createPublishInTurn({
    publish: async (id, signal) => await publishBatch(id, { ...delivery, ledger }, signal),
    most: (name) => parallelAt(config, name),
    clock: delivery.clock,
    onError,
  });
}

function handlerOf(
  parts: DeliveriesParts & Pick<Workspace, 'ledger'>,
  { add }: Pick<PublishInTurn, 'add'>,
): BatchHandler {
  return async (id, signal) => {
    await noteUnrecorded(id, deliverBatch(id, parts, signal), parts, signal);
    if (parts.ledger.publications.isDue(id)) add(parts.ledger.batches.head(id));
  };
}

/** We were told to end, and may be ended at any time from now on: no delivery is to blame for that. */
function disown({ ledger }: Workspace, trouble: Where['trouble']): void {
  try {
    ledger.batches.disown();
  } catch (thrown) {
    trouble(thrown);
  }
}

type DeliveriesParts = DeliveryParts &
  PublishParts &
  Pick<Deliveries, 'token'> & { readonly breakerParts: BreakerParts };

function deliveryParts(
  workspace: Workspace,
  { clock, env, emit, follow }: DeliveringParts,
  {
    packers,
    standstill,
  }: Pick<DeliveryParts, 'standstill'> & {
    readonly packers: ReadonlyMap<ShareName, Packer>;
  },
): DeliveriesParts {
  const { config, ledger } = workspace;
  const { retryLimit, retryFirstMs, retryMaxMs } = config.deliveries;
  const store = createTokenStore({ dir: config.credentials.dir, env });
  const roots = new Map(config.shares.map(({ name, root }) => [name, root]));
  const refuseShared = refusalFor(workspace, store);
  const token = tokenFor(workspace, store, refuseShared);
  const breakerParts = breakerOf(workspace, token, { clock, emit });
  return {
    ledger,
    destination: workspace.destination,
    token,
    breakerParts,
    breaker: createBreaker(breakerParts),
    accountIs: async (batch, account, call) => {
      // Remembered as long as the token is the same: what would be refused is refused before anything is made from then on.
      const name = tokenRef({ mapping: workspace.mapping.current().mapping }, batch.owner, 'nomad')?.token;
      if (name !== undefined && call.token !== undefined)
        ledger.credentials.learn(name, call.token, account, clock.now());
      await refuseShared(batch, call);
    },
    checkOwner: (batch, step) => {
      follow?.();
      checkStillMeant(batch, step, workspace);
    },
    content: (batch) => {
      const [packer, root] = [packers.get(batch.share), roots.get(batch.share)];
      if (packer === undefined || root === undefined) throw shareNotConfigured(batch);
      return packer.content(batch, root);
    },
    mayPublish: (batch) => mayPublish({ ...config, mapping: workspace.mapping.current().mapping }, batch),
    metadata: (batch) => metadataOf(workspace.mapping.current().mapping, batch),
    tier: noTier,
    standstill,
    clock,
    retry: { limit: retryLimit, firstMs: retryFirstMs, maxMs: retryMaxMs },
    emit,
  };
}

type RefuseShared = (
  of: Parameters<Deliveries['token']>[0],
  call: Pick<Call, 'token' | 'signal'>,
) => Promise<void>;

/** Throws before anything is sent with a token that would bring data into an account of somebody else. */
function refusalFor({ config, mapping, ledger, destination }: Workspace, store: TokenStore): RefuseShared {
  return async (of, { token, signal }) => {
    const isTaken = takenBy(destination(of.destination), signal);
    const now = { ...config, mapping: mapping.current().mapping };
    await refuseSharedAccount({ config: now, ledger, store, isTaken }, of, token);
  };
}

function tokenFor(
  { config, mapping }: Workspace,
  store: TokenStore,
  refuseShared: RefuseShared,
): Deliveries['token'] {
  return async (of, signal) => {
    const token = await ownerToken({ ...config, mapping: mapping.current().mapping }, store, of);
    await refuseShared(of, { token, signal });
    return token;
  };
}

function breakerOf(
  { config, ledger, destination }: Workspace,
  token: Deliveries['token'],
  parts: Pick<DeliveringParts, 'clock' | 'emit'>,
): BreakerParts {
  return {
    ...parts,
    outages: ledger.outages,
    check: async (of, signal) =>
      await destination(of.destination).check({ token: await token(of, signal), signal }),
    probe: { firstMs: config.deliveries.probeFirstMs, maxMs: config.deliveries.probeMaxMs },
    random: Math.random,
  };
}

function openPackers(
  { config }: Workspace,
  { clock, emit, standstill }: Pick<EngineParts, 'clock' | 'emit'> & Pick<DeliveryParts, 'standstill'>,
): Map<ShareName, Packer> {
  const spoolDir = join(config.stateDir, 'spool');
  mkdirSync(spoolDir, { recursive: true, mode: 0o700 });
  const onBytes = (batchId: BatchId, bytes: number): void =>
    emit({ name: 'delivery.progress', batchId, bytes });
  return new Map(
    config.shares.map(({ name, marker, stallMs, readAs }) => [
      name,
      createPacker({ clock, marker, stallMs, readAs, spoolDir, onBytes, standstill, version: VERSION }),
    ]),
  );
}

function shareNotConfigured({ id, share }: Batch): IngestError {
  return new IngestError(
    'SHARE_UNREACHABLE',
    `batch ${id} is of share ${share}, which is not configured any more`,
    {
      hint: 'Configure the share again under that name, then `nightjar requeue` the batch.',
    },
  );
}
