import { type Fault, NO_SHARE, shown, type TestName } from './model.ts';

const KILLED: TestName = [
  'fault/step-boundaries.test.ts',
  'evenings killed at look, plan, queue, open, send, close and record: the next goes on in the same container, and sends nothing twice that had arrived',
];
const STOPPED: TestName = [
  'fault/step-boundaries.test.ts',
  'evenings told to stop by SIGTERM at plan, open and close end in order with 143; a second one ends at once; the next goes on',
];
const STOPPED_IN: TestName = [
  'e2e/stopped-run.test.ts',
  'a run that is stopped in %s ends its last delivery, and reports what that came to, not what it was at the signal',
];
const WORKERS_KILLED: TestName = [
  'fault/worker-processes.test.ts',
  'a batch whose workers are killed in open, send, close and record is sent once and delivered by the next, as its first attempt',
];
const FROZEN: TestName = [
  'fault/step-boundaries.test.ts',
  'an evening %s at look, plan, queue, open and close until the lock of its batch is gone delivers all of it once',
];
const NO_PROCESS: TestName = [
  'fault/no-process.test.ts',
  'a machine that starts no further process (%s) is told as that, with codes that are tried again: by Redis, the look, the pipe of a batch and its reader',
];

const POWER: TestName = [
  'fault/power-cut.test.ts',
  'a machine that loses its power at each step of an evening goes on by itself: every file is with its owner once, and what was recorded is still recorded',
];
const POWER_OF_DIRECTORY: TestName = [
  'fault/power-cut.test.ts',
  'what a directory destination calls verified is whole on its disk when the power is lost in the next instant, and the rest follows',
];

export const PROCESSES: readonly Fault[] = [
  {
    group: 'processes',
    fault: 'the evening is killed with -9, or by the kernel for want of memory',
    cells: {
      look: shown(
        'no process stays behind; the next evening walks, plans and delivers each file once',
        ['integration/share/scan-failures.test.ts', 'ends when the one that started it is killed'],
        KILLED,
      ),
      plan: shown('the next evening plans what was not recorded, and delivers each file once', KILLED),
      queue: shown(
        'the next start puts back what was queued or delivering',
        [
          'integration/dispatcher.test.ts',
          'puts back what an earlier daemon left queued or delivering, and removes jobs nobody knows',
        ],
        KILLED,
      ),
      open: shown('the next evening goes on with the container, and delivers each file once', KILLED),
      send: shown(
        'the next evening sends it again; nothing is lost, doubled or left behind; in a directory what is there is whole',
        [
          'fault/evening.test.ts',
          'when it is killed with SIGKILL, with nothing lost, doubled or left behind',
        ],
        ['fault/batch/reading.test.ts', 'a reader does not outlive a parent that was killed'],
        [
          'fault/directory.test.ts',
          'dies while files are being put in their places: what is there is whole, and the rest follows',
        ],
        [
          'fault/out-of-memory.test.ts',
          'an evening that the kernel ends for want of memory while it sends is gone on with by the next one, and each file is there once',
        ],
        KILLED,
      ),
      close: shown('what has arrived is found there, and not sent twice', KILLED),
      record: shown('what has arrived is found there, and not sent twice', KILLED),
    },
  },
  {
    group: 'processes',
    fault: 'the machine loses its power',
    cells: {
      look: shown('the next evening walks, plans and delivers each file once', POWER),
      plan: shown('what was planned is still planned, and delivered once', POWER),
      queue: shown('the next start fills the queue from the ledger', POWER),
      open: shown('the next evening goes on with the container that is known or found', POWER),
      send: shown(
        'the next evening looks for the parcel, or sends it; each file is there once',
        POWER,
        POWER_OF_DIRECTORY,
      ),
      close: shown(
        'the next evening asks for the outcome; each file is there once',
        POWER,
        POWER_OF_DIRECTORY,
      ),
      record: shown(
        'what had arrived and was not recorded is found; what was recorded is still recorded, and whole at the destination',
        POWER,
        POWER_OF_DIRECTORY,
      ),
    },
  },
  {
    group: 'processes',
    fault: 'a reading child is killed, by a person or by the kernel for want of memory',
    cells: {
      look: shown(
        'the walk fails and leaves no totals',
        ['integration/share/scan-failures.test.ts', 'whose process is killed fails and leaves no totals'],
        ['integration/share/prove-share.test.ts', 'fails when its process is killed'],
      ),
      send: shown('fails as INTERRUPTED, which is tried again', [
        'fault/batch/reading.test.ts',
        'a reader killed from outside is INTERRUPTED',
      ]),
    },
    never: NO_SHARE,
  },
  {
    group: 'processes',
    fault: 'a worker process is killed with -9',
    cells: {
      open: shown('the next worker goes on, and it is the first attempt that counts', WORKERS_KILLED),
      close: shown('the next worker goes on; the parcel is sent once', WORKERS_KILLED),
      record: shown('the next worker finds what has arrived, and does not send it again', WORKERS_KILLED),
      send: shown('the next worker delivers the batch; the parcel is sent once', WORKERS_KILLED, [
        'fault/queue.test.ts',
        'the batch of a worker process that was killed is delivered by the next one',
      ]),
    },
    never: { steps: ['look', 'plan', 'queue'], why: 'a worker only delivers' },
  },
  {
    group: 'processes',
    fault: 'SIGTERM',
    cells: {
      look: shown(
        'the walk ends and leaves no process; between two looks the run says that it was cut (143)',
        [
          'integration/share/scan-failures.test.ts',
          'that is aborted ends with the reason of the abort and leaves no process',
        ],
        ['e2e/outcomes.test.ts', 'that was cut says so, and so does its exit code'],
      ),
      plan: shown('ends in order, and the next evening goes on', STOPPED),
      open: shown('the delivery in hand ends, and the next evening goes on', STOPPED),
      close: shown('the delivery in hand ends, and the next evening goes on', STOPPED_IN, STOPPED),
      queue: shown('what runs may end, the rest waits in the ledger', [
        'integration/work-batches.test.ts',
        'drain takes nothing new, lets what runs finish and leaves the rest waiting',
      ]),
      send: shown(
        'the delivery in hand ends; a second signal ends it at once; the next evening goes on',
        STOPPED_IN,
        STOPPED,
        [
          'fault/stop-twice.test.ts',
          'a second SIGTERM ends a daemon at once whose delivery hangs, and the next evening goes on',
        ],
        [
          'fault/worker-processes.test.ts',
          'a second SIGTERM ends a `nightjar worker` at once whose delivery hangs, and the next worker delivers the batch',
        ],
        ['fault/batch/reading.test.ts', 'a stopped delivery fails as INTERRUPTED and its reader is gone'],
      ),
      record: shown('the report says what the last delivery came to', STOPPED_IN),
    },
  },
  {
    group: 'processes',
    fault: 'frozen (SIGSTOP), or its event loop blocked, for longer than the lock of a batch holds',
    cells: {
      look: shown('no batch is taken yet: goes on where it was', FROZEN),
      plan: shown('no batch is taken yet: goes on where it was', FROZEN),
      queue: shown('each file is delivered once', FROZEN),
      open: shown('each file is delivered once', FROZEN),
      send: shown(
        'told as LEASE_LOST, and nothing of it is recorded; the newer attempt delivers',
        ['integration/work-batches.test.ts', 'a delivery whose lock is lost is told so'],
        [
          'fault/directory.test.ts',
          'fails as LEASE_LOST when its files were cleared, and the newer one delivers',
        ],
        [
          'fault/worker-processes.test.ts',
          'a worker whose event loop is blocked before it sends, for longer than its lock, is told so, and nothing is there twice',
        ],
      ),
      close: shown('fails as LEASE_LOST; the newer attempt delivers; each file is delivered once', FROZEN, [
        'fault/worker-processes.test.ts',
        'a worker frozen in close for longer than its lock is told so when it wakes, and its result is refused',
      ]),
      record: shown('the older result is refused', [
        'integration/ledger.test.ts',
        'refuses the result of an attempt when a newer one has begun',
      ]),
    },
  },
  {
    group: 'processes',
    fault: 'the machine starts no further process (limit on processes, no memory)',
    cells: {
      look: shown('the look fails as INTERRUPTED, which is tried again', NO_PROCESS),
      queue: shown('Redis that cannot be started is QUEUE_UNAVAILABLE, which is tried again', NO_PROCESS),
      send: shown('the attempt fails as INTERRUPTED, which is tried again', NO_PROCESS),
    },
    never: { steps: ['plan', 'open', 'close', 'record'], why: 'no process is started there' },
  },
];
