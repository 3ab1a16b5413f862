import { type Fault, shown } from './model.ts';

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
      send: shown('the evening goes on', [
        'fault/evening.test.ts',
        'when Redis is killed in the middle of it',
      ]),
    },
    never: { steps: ['look', 'plan'], why: 'Redis has no part in it' },
  },
  {
    group: 'queue',
    fault: 'Redis is wiped, or another one is in its place',
    cells: {
      queue: shown('filled again from the ledger', [
        'fault/queue.test.ts',
        'a queue that is wiped while nobody works is filled again by the next comparison',
      ]),
      send: shown('filled again from the ledger', [
        'fault/queue.test.ts',
        'a Redis that is wiped in mid-work is filled again from the ledger',
      ]),
    },
    never: { steps: ['look', 'plan'], why: 'Redis has no part in it' },
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
      ),
      record: shown('the end is not held up', [
        'integration/dispatcher.test.ts',
        'closes in time while Redis is away, and takes no wake for an answer',
      ]),
    },
    never: { steps: ['look', 'plan'], why: 'Redis has no part in it' },
  },
  {
    group: 'queue',
    fault: 'the log of Redis is cut short or broken',
    cells: {
      queue: shown('starts empty, keeps the old one aside and says so; filled again from the ledger', [
        'fault/embedded-redis.test.ts',
        'starts empty when the log of commands is broken, keeps the old one aside and says so',
      ]),
    },
    never: {
      steps: ['look', 'plan', 'open', 'send', 'close', 'record'],
      why: 'the log is read at the start alone',
    },
  },
];
