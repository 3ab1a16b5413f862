import { type Fault, shown, type TestName } from './model.ts';

const NO_REDIS = { steps: ['look', 'plan'], why: 'Redis has no part in it' } as const;

/** The evening of test/fault/queue-evening.test.ts that meets the fault at each step of a delivery. */
const evening = (what: string): TestName => [
  'fault/queue-evening.test.ts',
  `${what} sends and records each batch once`,
];
const waits = (what: string): TestName => [
  'fault/queue-evening.test.ts',
  `that ${what} lets the delivery under way end; the run says why the rest waits, and the next one goes on`,
];
const SWAPPED: TestName = [
  'fault/queue-evening.test.ts',
  'whose place another, empty one takes at each step costs nothing: each batch is sent and recorded once',
];
const FROZEN_TO_THE_END: TestName = [
  'fault/queue-evening.test.ts',
  'a run whose Redis freezes in close and stays so ends, and has recorded what it sent once',
];
/** It begins while the container is opened and lasts beyond the end of that delivery. */
const fromOpenOn = (test: TestName): Fault['cells'] => ({
  open: shown('the delivery under way goes on', test),
  send: shown('so since the open: the delivery under way goes on; nothing is sent twice', test),
  close: shown('so since the open: the delivery under way goes on', test),
  record: shown('so since the open: recorded once', test),
});
/** What runs ends and is recorded once. */
const goesOn = (test: TestName): Fault['cells'] => ({
  open: shown('the delivery goes on', test),
  send: shown('the delivery goes on; nothing is sent twice', test),
  close: shown('the delivery goes on', test),
  record: shown('recorded once', test),
});

export const QUEUE: readonly Fault[] = [
  {
    group: 'queue',
    fault: 'Redis is killed',
    cells: {
      queue: shown(
        'started again on its data; the evening goes on',
        ['fault/embedded-redis.test.ts', 'tells when the server dies, and starts again on its data'],
        [
          'fault/queue.test.ts',
          'a Redis that is killed and started again in mid-work loses and doubles nothing',
        ],
      ),
      ...goesOn(evening('is killed at each step')),
      send: shown(
        'the evening goes on; nothing is sent twice',
        ['fault/evening.test.ts', 'when Redis is killed in the middle of it'],
        evening('is killed at each step'),
      ),
    },
    never: NO_REDIS,
  },
  {
    group: 'queue',
    fault: 'Redis is wiped',
    cells: {
      queue: shown('filled again from the ledger', [
        'fault/queue.test.ts',
        'a queue that is wiped while nobody works is filled again by the next comparison',
      ]),
      ...goesOn(evening('is wiped at each step')),
      send: shown(
        'the delivery goes on and is sent once; the queue is filled again from the ledger',
        ['fault/queue.test.ts', 'a Redis that is wiped in mid-work is filled again from the ledger'],
        [
          'integration/work-batches.test.ts',
          'a delivery under way goes on when Redis is wiped under it, and its lock is known as ours before',
        ],
        [
          'fault/worker-processes.test.ts',
          'a batch that a worker process delivers when Redis is wiped is not handed to another one',
        ],
        evening('is wiped at each step'),
      ),
    },
    never: NO_REDIS,
  },
  {
    group: 'queue',
    fault: 'another, empty Redis is in its place',
    cells: {
      queue: shown('filled again from the ledger', SWAPPED),
      ...goesOn(SWAPPED),
    },
    never: NO_REDIS,
  },
  {
    group: 'queue',
    fault: 'Redis holds the connection and does not answer',
    cells: {
      queue: shown(
        'every call ends in time',
        [
          'integration/batch-queue.test.ts',
          'calls end in time when Redis holds the connection and does not answer',
        ],
        ['fault/embedded-redis.test.ts', 'stops a server that does not answer any more'],
        [
          'fault/keep-redis.test.ts',
          'an embedded Redis that is frozen is ended, and another takes its place',
        ],
      ),
      ...goesOn(evening('is frozen from open to close')),
      record: shown(
        'recorded once; the end is not held up',
        ['integration/dispatcher.test.ts', 'closes while Redis is away, and takes no wake for an answer'],
        FROZEN_TO_THE_END,
      ),
    },
    never: NO_REDIS,
  },
  {
    group: 'queue',
    fault: 'the log of Redis is cut short or broken',
    cells: {
      queue: shown(
        'cut short: starts with what is whole; broken: starts empty, keeps the old one aside and says so; filled again from the ledger',
        ['fault/embedded-redis.test.ts', 'starts with what is whole when the log of commands is cut short'],
        [
          'fault/embedded-redis.test.ts',
          'starts empty when the log of commands is broken, keeps the old one aside and says so',
        ],
        [
          'fault/queue.test.ts',
          'a queue that is wiped while nobody works is filled again by the next comparison',
        ],
      ),
    },
    never: {
      steps: ['look', 'plan', 'open', 'send', 'close', 'record'],
      why: 'the log is read at the start alone',
    },
  },
  {
    group: 'queue',
    fault: 'Redis answers late',
    cells: {
      queue: shown('the evening waits for it', evening('is slow at each step')),
      ...goesOn(evening('is slow at each step')),
    },
    never: NO_REDIS,
  },
  {
    group: 'queue',
    fault: 'the connection to Redis is cut while a batch is taken',
    cells: {
      queue: shown(
        'goes on after seconds, not when its lock runs out',
        [
          'integration/dispatcher.test.ts',
          'a batch that was taken while the connection was cut goes on soon, not when its lock runs out',
        ],
        [
          'integration/batch-queue.test.ts',
          'a call that is under way fails at once when the connection is cut',
        ],
      ),
    },
    never: {
      steps: ['look', 'plan', 'open', 'send', 'close', 'record'],
      why: 'a batch is taken before it is opened',
    },
  },
  {
    group: 'queue',
    fault: 'Redis is full',
    cells: {
      queue: shown('the run ends with the reason and what waits; the next one goes on', waits('is full'), [
        'integration/batch-queue.test.ts',
        'a Redis that is full is told by its own words and a cure, and is no working queue',
      ]),
      ...fromOpenOn(waits('is full')),
    },
    never: NO_REDIS,
  },
  {
    group: 'queue',
    fault: 'Redis takes no writes (a replica, or without its replicas)',
    cells: {
      queue: shown(
        'the run ends with the reason and what waits; the next one goes on',
        waits('is read-only'),
        ['integration/batch-queue.test.ts', 'a replica is told by its own words and a cure'],
        [
          'integration/refused-worker.test.ts',
          'a worker that Redis refuses everything asks again after growing waits and tells of it once in each outage',
        ],
      ),
      ...fromOpenOn(waits('is read-only')),
    },
    never: NO_REDIS,
  },
  {
    group: 'queue',
    fault: 'Redis cannot write to its disk, and takes nothing (MISCONF)',
    cells: {
      queue: shown(
        'the run ends with the reason and what waits; the next one goes on',
        waits('cannot write to its disk'),
      ),
      ...fromOpenOn(waits('cannot write to its disk')),
    },
    never: NO_REDIS,
  },
];
