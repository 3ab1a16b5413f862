import { type Fault, NOT_SPOKEN_TO, shown } from './model.ts';

export const DISK: readonly Fault[] = [
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
];
