import type { Clock } from '../core/clock.ts';
import { asIngestError, type ErrorCode } from '../core/errors.ts';
import type { BatchId, OwnerId } from '../core/ids.ts';
import type { Evidence } from '../core/states.ts';
import type { Destination } from './destination.ts';

/** One call of a destination, for the log: `started`, then exactly one of `done` and `failed`. Holds no secret. */
export type DestinationEvent = {
  readonly event: 'destination.started' | 'destination.done' | 'destination.failed';
  readonly kind: string;
  readonly call: 'check' | 'open' | 'send' | 'close';
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
  /** With `done` of `close`. */
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

  async function told<T>(
    subject: Subject,
    work: () => Promise<T>,
    outcome?: (answer: T) => Evidence,
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
    const evidence = outcome === undefined ? {} : { evidence: outcome(answer) };
    emit({ event: 'destination.done', kind, ...subject, durationMs: clock.monotonic() - begun, ...evidence });
    return answer;
  }

  return {
    kind,
    limits: destination.limits,
    containerName: (batch) => destination.containerName(batch),
    check: async (call) => await told({ call: 'check' }, async () => await destination.check(call)),
    open: async (name, call) =>
      await told({ call: 'open', container: name }, async () => await destination.open(name, call)),
    send: async (container, content, call) => {
      const { id, owner, files, bytes } = content.batch;
      const subject = {
        call: 'send',
        container: container.name,
        batchId: id,
        owner,
        files: files.length,
        bytes,
      } as const;
      await told(subject, async () => await destination.send(container, content, call));
    },
    close: async (container, content, call) => {
      const { id, owner, files, bytes } = content.batch;
      const subject = {
        call: 'close',
        container: container.name,
        batchId: id,
        owner,
        files: files.length,
        bytes,
      } as const;
      const work = async () => await destination.close(container, content, call);
      return await told(subject, work, (receipt) => receipt.evidence);
    },
  };
}
