import { type Fault, NOT_SPOKEN_TO, shown, type TestName } from './model.ts';

const FULL: TestName = [
  'fault/state-disk-steps.test.ts',
  'a state directory that runs out of $what says DISK_FULL at every step that needs it, calls nothing done that is not, and then each parcel is sent once',
];

const UNHEARD: TestName = [
  'e2e/full-log.test.ts',
  'an evening whose output and log cannot be written delivers all the same, and its exit code says what is lost',
];

const DAMAGED: TestName = [
  'fault/ledger-damaged.test.ts',
  'a ledger that is damaged at plan, queue, open, send, close or record ends the evening with LEDGER_CORRUPT and is not written to; with its backup in place everything goes, once',
];
const NO_MORE: TestName = [
  'integration/guard-ledger.test.ts',
  'says LEDGER_CORRUPT, also in the middle of rows, and from then on is neither read nor written',
];
const ENDS_DAMAGED =
  'damaged while it is open, the process ends with LEDGER_CORRUPT and exit code 78 and writes nothing more; with the backup in its place everything goes, and is there once';
const DISK_FAILS: TestName = [
  'fault/ledger-disk.test.ts',
  'a disk that fails to keep what the ledger records at look, plan, queue, open, send, close and record (EIO) never counts as a yes: the run ends with 75, or the batch goes again by itself, and is sent once',
];

/** At the opening and at the receipt. */
const NO_ROOM: readonly TestName[] = [
  ['fault/directory.test.ts', 'asks for a person when the root is mounted read-only, at every step'],
  [
    'fault/directory.test.ts',
    'says DISK_FULL when no inode is left for a container or a receipt, and goes on with inodes',
  ],
];

const WORKER_DAMAGED: TestName = [
  'fault/worker-processes.test.ts',
  'a `nightjar worker` that meets a damaged ledger before it sends ends with LEDGER_CORRUPT, and sends and writes nothing more',
];

export const DISK: readonly Fault[] = [
  {
    group: 'disk',
    fault: 'the state directory is full: ledger, queue and pipes',
    cells: {
      look: shown('DISK_FULL is told; with room again the evening or the next one is whole', FULL),
      plan: shown('DISK_FULL is told; with room again the evening or the next one is whole', FULL, [
        'fault/state-disk-full.test.ts',
        'stops a run with DISK_FULL, and with room again everything goes',
      ]),
      queue: shown('DISK_FULL is told; with room again it is sent, once', FULL),
      open: shown('DISK_FULL is told; an empty container is left over, and another is made', FULL),
      send: shown('DISK_FULL is told; the parcel is not sent twice', FULL),
      close: shown('DISK_FULL is told; the parcel is not sent twice', FULL),
      record: shown('DISK_FULL is told; what has arrived is not sent twice', FULL),
    },
  },
  {
    group: 'disk',
    fault: 'the disk of the log is full, from the start',
    cells: {
      look: shown('nothing stops', UNHEARD),
      plan: shown('nothing stops', UNHEARD),
      queue: shown('nothing stops', UNHEARD),
      open: shown('nothing stops', UNHEARD),
      send: shown('delivered once', UNHEARD),
      close: shown('nothing stops', UNHEARD),
      record: shown('it is in the ledger; exit code 74', UNHEARD),
    },
  },
  {
    group: 'disk',
    fault: 'the state directory has no inodes left',
    cells: {
      look: shown(
        'told as DISK_FULL; with inodes again the evening or the next one is whole, and sent once',
        FULL,
      ),
      plan: shown(
        'told as DISK_FULL; with inodes again the evening or the next one is whole, and sent once',
        FULL,
      ),
      queue: shown(
        'Redis takes jobs although its log cannot be written anew; a start is DISK_FULL and keeps what it has; the evening tells DISK_FULL, and then sends once',
        FULL,
        [
          'fault/redis-no-inodes.test.ts',
          'without inodes it takes jobs although its log cannot be written anew; it does not start, says DISK_FULL and keeps what it has',
        ],
      ),
      open: shown('the pipe of the parcel needs one: told as DISK_FULL; with inodes again sent once', FULL),
      send: shown('none is needed once the parcel is on its way', FULL),
    },
    never: {
      steps: ['close', 'record'],
      why: 'only the ledger is written there, and its files are there',
    },
  },
  {
    group: 'disk',
    fault: 'the disk fails to keep what the ledger records (EIO when it is flushed)',
    cells: {
      look: shown('the run ends with LEDGER_UNAVAILABLE and 75; the next one looks', DISK_FAILS),
      plan: shown('the run ends with LEDGER_UNAVAILABLE and 75; the next one plans', DISK_FAILS),
      queue: shown('queued again', DISK_FAILS),
      open: shown('tried again; the empty container that may be left over is told', DISK_FAILS),
      send: shown('tried again; nothing had been sent', DISK_FAILS),
      close: shown('tried again; what is there is found, and not sent twice', DISK_FAILS),
      record: shown('tried again; what is there is found, and not sent twice', DISK_FAILS),
    },
  },
  {
    group: 'disk',
    fault: 'the ledger cannot be read for a while, between evenings',
    cells: {
      queue: shown('the daemon says so once, says when it is over, and goes on', [
        'fault/daemon-goes-on.test.ts',
        'a daemon between evenings whose ledger cannot be read for a while (ENOMEM) says so once, says when it is over, and goes on',
      ]),
    },
    never: {
      steps: ['look', 'plan', 'open', 'send', 'close', 'record'],
      why: 'no evening runs, and only what waits for the queue is looked at',
    },
  },
  {
    group: 'disk',
    fault: 'the ledger is damaged, from a newer version, or killed in the middle of a copy',
    cells: {
      look: shown(
        'refused at the start with words, and left as it was',
        ['integration/ledger.test.ts', 'that a newer version wrote is refused and left as it was'],
        ['integration/ledger-file.test.ts', 'that is damaged is neither copied nor changed'],
        [
          'fault/ledger-kill.test.ts',
          'a backup leaves no file of that name, and the next backup removes what was left',
        ],
        [
          'fault/ledger-damaged.test.ts',
          'a daemon whose ledger is damaged ends with LEDGER_CORRUPT, and the next start is refused',
        ],
      ),
      plan: shown(ENDS_DAMAGED, DAMAGED, NO_MORE),
      queue: shown(ENDS_DAMAGED, DAMAGED),
      open: shown(`${ENDS_DAMAGED}; the container that no backup knows of is left over, empty`, DAMAGED),
      send: shown(ENDS_DAMAGED, DAMAGED, WORKER_DAMAGED),
      close: shown(`${ENDS_DAMAGED}: what had arrived is sent again into its place`, DAMAGED),
      record: shown(`${ENDS_DAMAGED}: what had arrived is sent again into its place`, DAMAGED),
    },
  },
  {
    group: 'disk',
    fault: 'the destination is full, out of inodes or read-only',
    cells: {
      open: shown('asks for a person; with inodes again it goes on', ...NO_ROOM),
      send: shown(
        'gives the room back, and delivers once there is room',
        [
          'fault/directory.test.ts',
          'gives the room back when the disk fills up on the way, and delivers once there is room',
        ],
        ['fault/directory.test.ts', 'notices that there are no inodes left for the files'],
      ),
      close: shown('asks for a person; with inodes again it goes on', ...NO_ROOM),
    },
    never: NOT_SPOKEN_TO,
  },
];
