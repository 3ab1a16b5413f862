import { type Job, Worker, type WorkerOptions } from 'bullmq';
import type { Clock } from '../core/clock.ts';
import { type JobData, QUEUE_NAME } from './batch-queue.ts';
import { isRefusal } from './redis-refusal.ts';

type Patience = {
  readonly clock: Clock;
  /** Ends a rest. */
  readonly stop: AbortSignal;
  /** Told of the first refusal of an outage, and of every other error. */
  readonly onError: (thrown: unknown) => void;
};

const REST_MS = { first: 1000, most: 10_000 } as const;

/**
 * BullMQ asks again at once when Redis is there and refuses what it is asked (full, read-only, no room on its disk): a
 * thousand times a second. This worker rests after each refusal, longer each time.
 */
export class PatientWorker extends Worker<JobData> {
  readonly #patience: Patience;
  #refusals = 0;
  #isTold = false;
  #lostLocks = 0;

  constructor(
    process: (job: Job<JobData>, token: string | undefined) => Promise<void>,
    options: WorkerOptions,
    patience: Patience,
  ) {
    super(QUEUE_NAME, process, { ...options, autorun: false });
    this.#patience = patience;
    // BullMQ tells each lock that it could not renew as an error, too, right after this: who listens here says what is done.
    this.on('lockRenewalFailed', (ids) => (this.#lostLocks = ids.length));
    this.on('error', (thrown) => {
      if (this.#lostLocks > 0) this.#lostLocks -= 1;
      else this.#tell(thrown);
    });
    // Not by the base class: it would ask for a job before our fields are there.
    this.run().catch(patience.onError);
  }

  protected override async moveToActive(token: string, name?: string): Promise<Job<JobData>> {
    try {
      const job = await super.moveToActive(token, name);
      this.#refusals = 0;
      this.#isTold = false;
      return job;
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
      this.#refusals += 1;
      this.#tell(thrown);
      const ms = Math.min(REST_MS.most, REST_MS.first * 2 ** Math.min(this.#refusals - 1, 10));
      await this.#patience.clock.sleep(ms, this.#patience.stop).catch(() => undefined);
      throw thrown;
    }
  }

  #tell(thrown: unknown): void {
    if (isRefusal(thrown)) {
      if (this.#isTold) return;
      this.#isTold = true;
    }
    this.#patience.onError(thrown);
  }
}
