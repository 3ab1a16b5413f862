import { type Fault, NO_SHARE, NOT_SPOKEN_TO, shown } from './model.ts';

export const SHARE: readonly Fault[] = [
  {
    group: 'share',
    fault: 'unmounted, or another tree in its place',
    cells: {
      look: shown(
        'nothing is concluded of the walk',
        ['e2e/evening.test.ts', 'never takes an empty mount point for a share'],
        [
          'e2e/evening.test.ts',
          'throws a look away whose share lost its proof meanwhile, and acts on nothing of it',
        ],
        [
          'integration/share/prove-share.test.ts',
          'fails when another tree with a marker of its own took the place of the share',
        ],
      ),
      send: shown('no file is called missing', [
        'fault/batch/many-files.test.ts',
        'a share that lost its marker with its files is SHARE_UNREACHABLE and says nothing of a file',
      ]),
    },
    never: NO_SHARE,
  },
  {
    group: 'share',
    fault: 'hangs',
    cells: {
      look: shown(
        'given up, the stuck process is killed and not waited for',
        [
          'integration/share/scan-failures.test.ts',
          'of a share that hangs is given up, and its process killed without waiting',
        ],
        [
          'integration/share/prove-share.test.ts',
          'does not wait longer than its deadline for a share that hangs',
        ],
        [
          'integration/unknown-subtree.test.ts',
          'is given up and called offline, and the evening of the other is whole',
        ],
      ),
      send: shown('SHARE_STALLED; the next pass is whole', [
        'fault/batch/reading.test.ts',
        'a reader that hangs is SHARE_STALLED, is killed, and the next pass is whole',
      ]),
    },
    never: NO_SHARE,
  },
  {
    group: 'share',
    fault: 'a file changes, shrinks, grows or vanishes',
    cells: {
      look: shown('it settles again', [
        'e2e/evening.test.ts',
        'waits for a file that grows, and takes it when it has stopped',
      ]),
      send: shown(
        'its batch is cut again without it; its neighbours go',
        [
          'fault/evening.test.ts',
          'without the files of a batch that changed or vanished after it was planned',
        ],
        [
          'fault/batch/many-files.test.ts',
          'files that changed in any way are named with those that vanished',
        ],
      ),
    },
    never: NO_SHARE,
  },
  {
    group: 'share',
    fault: 'a file or folder cannot be read',
    cells: {
      look: shown(
        'told with owner and cure; it holds no neighbour, and is never called gone',
        [
          'integration/unknown-subtree.test.ts',
          'trap 1: makes all below it unknown, never gone, and the report counts it apart',
        ],
        [
          'integration/unreadable.test.ts',
          'does not keep its neighbours back, and goes when it can be read (trap 8)',
        ],
      ),
      send: shown('one row in the report; the others are delivered', [
        'e2e/outcomes.test.ts',
        'trap 8: one unreadable file among two thousand is told, and the others are delivered',
      ]),
    },
    never: NO_SHARE,
  },
  {
    group: 'share',
    fault: 'a name with a link, a pipe or a device behind it',
    cells: {
      look: shown('an entry that is never taken', [
        'integration/share/scan-share.test.ts',
        'follows no link and opens no pipe: both are entries that are never taken',
      ]),
    },
    never: NO_SHARE,
  },
  {
    group: 'share',
    fault: 'most of it is gone, or all of it looks new',
    cells: {
      look: shown('an alarm: nothing is planned until a person or the next evening says that it is so', [
        'integration/share-alarm.test.ts',
        'plans nothing, says both numbers, and balances',
      ]),
    },
    never: { steps: ['plan', 'queue', 'open', 'send', 'close', 'record'], why: 'it is found before' },
  },
  {
    group: 'disk',
    fault: 'the state directory is full',
    cells: {
      record: shown('stops with DISK_FULL; with room again everything goes', [
        'fault/state-disk-full.test.ts',
        'stops a run with DISK_FULL, and with room again everything goes',
      ]),
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
      ),
    },
    never: {
      steps: ['plan', 'queue', 'open', 'send', 'close', 'record'],
      why: 'it is looked at before anything else',
    },
  },
  {
    group: 'disk',
    fault: 'the destination is full, out of inodes or read-only',
    cells: {
      open: shown('asks for a person', [
        'fault/directory.test.ts',
        'asks for a person when the root is mounted read-only, at every step',
      ]),
      send: shown(
        'gives the room back, and delivers once there is room',
        [
          'fault/directory.test.ts',
          'gives the room back when the disk fills up on the way, and delivers once there is room',
        ],
        ['fault/directory.test.ts', 'notices that there are no inodes left for the files'],
      ),
      close: shown('asks for a person', [
        'fault/directory.test.ts',
        'asks for a person when the root is mounted read-only, at every step',
      ]),
    },
    never: NOT_SPOKEN_TO,
  },
  {
    group: 'clock',
    fault: 'ours jumps',
    cells: {
      look: shown('a file that was seen by a clock ahead settles again', [
        'integration/ledger.test.ts',
        'settles a file again that was first seen while the clock was ahead',
      ]),
      queue: shown('offered all the same', [
        'integration/ledger.test.ts',
        'offers a batch whose next attempt was set by a clock that was ahead',
      ]),
      record: shown('told once, by the run it belongs to', [
        'integration/run-end.test.ts',
        'a delivery dated by a clock that was far ahead does not move the end of a run',
      ]),
    },
  },
  {
    group: 'clock',
    fault: 'that of the share is off',
    cells: {
      look: shown(
        'settling goes by our clock; the report tells how far off it is',
        [
          'integration/clocks.test.ts',
          'trap 5: a file dated in the future settles by our clock, and the report tells how far the clock is ahead',
        ],
        [
          'integration/clocks.test.ts',
          'trap 5: a share whose clock is ten minutes behind, or a copy with old times, settles no earlier',
        ],
      ),
      send: shown('a time two seconds off is no change', [
        'fault/batch/jitter.test.ts',
        'trap 6: a file whose mtime is told two seconds off while reading, and nothing else, is read',
      ]),
    },
    never: NO_SHARE,
  },
];
