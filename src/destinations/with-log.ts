import type { Clock } from '../core/clock.ts';
import type { Content } from '../core/content.ts';
import { asIngestError, type ErrorCode, IngestError } from '../core/errors.ts';
import type { BatchId, OwnerId } from '../core/ids.ts';
import type { Evidence } from '../core/states.ts';
import type { Destination, RemoteContainer } from './destination.ts';

/** One call of a destination, for the log: `started`, then exactly one of `done` and `failed`. Holds no secret. */
export type DestinationEvent = {
  readonly event: 'destination.started' | 'destination.done' | 'destination.failed';
  readonly kind: string;
  readonly call: 'check' | 'open' | 'findEmpty' | 'send' | 'close' | 'find' | 'audit';
  readonly container?: string;
  readonly batchId?: BatchId;
  readonly owner?: OwnerId;
  /** Of the batch; with `send` and `close`. */
  readonly files?: number;
  readonly bytes?: number;
  /** With `done` and `failed`, milliseconds. */
  readonly durationMs?: number;
  /** With `failed`; the error itself is logged once, where it is decided. */
  readonly code?: ErrorCode;
  /** With `done` of `close`, and of `find` when it found the batch. */
  readonly evidence?: Evidence;
};

type Subject = Omit<DestinationEvent, 'event' | 'kind' | 'durationMs' | 'code' | 'evidence'>;

/** The same destination, which also tells of every call and how it ended. Answers and errors pass unchanged. */
export function withLog(
  destination: Destination,
  emit: (event: DestinationEvent) => void,
  clock: Pick<Clock, 'monotonic'>,
): Destination {
  const { kind } = destination;
  const find = destination.find?.bind(destination);
  const findEmpty = destination.findEmpty?.bind(destination);

  const told: Told = async (subject, work, outcome) =>
    await toldCall({ emit, clock, kind }, subject, { work, outcome });

  return {
    kind,
    limits: destination.limits,
    ...(destination.describing === undefined ? {} : { describing: destination.describing }),
    ...(destination.publishing === undefined ? {} : { publishing: destination.publishing }),
    containerName: (batch) => destination.containerName(batch),
    ...withAccount(destination),
    ...withAudit(destination, told),
    check: async (call) => await told({ call: 'check' }, async () => await destination.check(call)),
    open: async (name, call) =>
      await told({ call: 'open', container: name }, async () => await destination.open(name, call)),
    send: async (container, content, call) =>
      await told(
        subjectOf('send', container, content),
        async () => await destination.send(container, content, call),
      ),
    close: async (container, content, call) =>
      await told(
        subjectOf('close', container, content),
        async () => await destination.close(container, content, call),
        (receipt) => receipt.evidence,
      ),
    ...(findEmpty === undefined
      ? {}
      : {
          findEmpty: async (name, call) =>
            await told({ call: 'findEmpty', container: name }, async () => await findEmpty(name, call)),
        }),
    ...(find === undefined
      ? {}
      : {
          find: async (container, content, call) =>
            await told(
              subjectOf('find', container, content),
              async () => await find(container, content, call),
              (found) => (found instanceof IngestError ? undefined : found.evidence),
            ),
        }),
  };
}

function subjectOf(call: Subject['call'], { name: container }: RemoteContainer, { batch }: Content): Subject {
  const { id: batchId, owner, files, bytes } = batch;
  return { call, container, batchId, owner, files: files.length, bytes };
}

/** Not told of: it changes nothing, and who looks into accounts tells what was found. */
function withAccount(destination: Destination): Pick<Destination, 'account'> {
  const account = destination.account?.bind(destination);
  return account === undefined ? {} : { account };
}

function withAudit(destination: Destination, told: Told): Pick<Destination, 'audit'> {
  const audit = destination.audit?.bind(destination);
  if (audit === undefined) return {};
  return {
    audit: async (container, content, asked) =>
      await told(subjectOf('audit', container, content), async () => await audit(container, content, asked)),
  };
}

type Told = <T>(
  subject: Subject,
  work: () => Promise<T>,
  outcome?: (answer: T) => Evidence | undefined,
) => Promise<T>;

type Telling = {
  readonly emit: (event: DestinationEvent) => void;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly kind: string;
};

type Work<T> = {
  readonly work: () => Promise<T>;
  readonly outcome: ((answer: T) => Evidence | undefined) | undefined;
};

async function toldCall<T>(
  { emit, clock, kind }: Telling,
  subject: Subject,
  { work, outcome }: Work<T>,
): Promise<T> {
  const begun = clock.monotonic();
  emit({ event: 'destination.started', kind, ...subject });
  let answer: T;
  try {
    answer = await work();
  } catch (thrown) {
    const { code } = asIngestError(thrown, subject.call);
    emit({ event: 'destination.failed', kind, ...subject, durationMs: clock.monotonic() - begun, code });
    throw thrown;
  }
  const evidence = outcome?.(answer);
  const told = evidence === undefined ? {} : { evidence };
  emit({ event: 'destination.done', kind, ...subject, durationMs: clock.monotonic() - begun, ...told });
  return answer;
}
