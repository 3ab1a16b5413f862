import { type Fault, NO_SHARE, shown } from './model.ts';

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
        [
          'fault/batch/broken-share.test.ts',
          'a share that is unmounted while it is looked at proves nothing: SHARE_UNREACHABLE',
        ],
      ),
      send: shown(
        'no file is called missing; what was open is read as it was planned',
        [
          'fault/batch/many-files.test.ts',
          'a share that lost its marker with its files is SHARE_UNREACHABLE and says nothing of a file',
        ],
        [
          'fault/batch/broken-share.test.ts',
          'a share that is unmounted while a file is read gives what was planned, and nothing else',
        ],
        [
          'fault/batch/broken-share.test.ts',
          'a file system that dies while a file is read is SHARE_UNREACHABLE and blames no file',
        ],
      ),
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
      send: shown(
        'SHARE_STALLED, and before that a standstill; the next pass is whole',
        [
          'fault/batch/reading.test.ts',
          'a reader that hangs is SHARE_STALLED, is killed, and the next pass is whole',
        ],
        [
          'integration/standstill.test.ts',
          'a share that gives no byte is a standstill of the delivery that waits for it, until it gives one',
        ],
      ),
    },
    never: NO_SHARE,
  },
  {
    group: 'share',
    fault: 'a file changes, shrinks, grows or vanishes',
    cells: {
      look: shown(
        'it settles again, and holds no neighbour',
        ['e2e/evening.test.ts', 'waits for a file that grows, and takes it when it has stopped'],
        [
          'integration/changes-between-looks.test.ts',
          'what shrinks, is written again in the same size or vanishes between two looks does not go as it was, and holds no neighbour',
        ],
      ),
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
    fault:
      'a file grows, shrinks, is rewritten or replaced in the same size, renamed, unlinked or loses its rights while it is read',
    cells: {
      look: shown(
        'compared with what was delivered, it is not taken for that and settles again; a control file holds its folder until it can be read whole',
        [
          'fault/look-reads.test.ts',
          'a file that changes while it is compared is no moved one, and a control file that changes while it is read holds its folder until it can be read whole',
        ],
      ),
      send: shown(
        'size, times, inode and, for large files, the name are looked at again after the last byte: FILE_CHANGED, and no hash is told',
        ['fault/batch/reading.test.ts', 'trap 4: a file that %s (%s) fails the pass as %s'],
      ),
    },
    never: NO_SHARE,
  },
  {
    group: 'share',
    fault: 'EIO at an offset of a file',
    cells: {
      look: shown(
        'a file that was to be compared is told and not sent as new, a control file or a sidecar holds what it speaks of; with the next evening all is as without it',
        [
          'fault/look-reads.test.ts',
          'an I/O error in a moved file that is compared, in a control file or in a sidecar is told, sends nothing, and with the next evening all is as without it',
        ],
      ),
      send: shown(
        'FILE_UNREADABLE, never a shorter file; its neighbours go, and it follows when it can be read',
        [
          'fault/batch/broken-share.test.ts',
          'an I/O error in the middle of a file is FILE_UNREADABLE for that file, and never a shorter one',
        ],
        [
          'fault/batch/broken-share.test.ts',
          'an I/O error in a file is told in the report, its neighbours go, and it follows when it can be read',
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
        [
          'e2e/outcomes.test.ts',
          'trap 8: one unreadable file among two thousand is told, and the others are delivered',
        ],
      ),
      send: shown(
        'FILE_UNREADABLE for that file alone; the others are delivered',
        ['fault/batch/reading.test.ts', 'a file the reading account may not read is FILE_UNREADABLE'],
        ['fault/batch/many-files.test.ts', 'a file that cannot be read is named alone'],
        [
          'fault/batch/broken-share.test.ts',
          'an I/O error in a file is told in the report, its neighbours go, and it follows when it can be read',
        ],
      ),
    },
    never: NO_SHARE,
  },
  {
    group: 'share',
    fault: 'a name with a link, a pipe or a device behind it, from the beginning or put there after the look',
    cells: {
      look: shown(
        'an entry that is never taken; what a link leads to is not even listed',
        [
          'integration/share/scan-share.test.ts',
          'follows no link and opens no pipe: both are entries that are never taken',
        ],
        [
          'fault/look-outside.test.ts',
          'a directory that changes places with a link to outside all the time is seen by %s as it is inside, or not at all',
        ],
      ),
      send: shown(
        'what was put there after the look is FILE_CHANGED; nothing outside of the share is ever read',
        [
          'fault/batch/outside.test.ts',
          'a file %s when it is to be read is FILE_CHANGED, and not a byte of it is read',
        ],
        [
          'fault/batch/outside.test.ts',
          'a directory that changes places with a link to outside all the time is read inside or not at all',
        ],
      ),
    },
    never: NO_SHARE,
  },
  {
    group: 'share',
    fault: 'most of it is gone, or all of it looks new',
    cells: {
      look: shown(
        'an alarm: nothing is planned until a person or the next evening says that it is so',
        ['integration/share-alarm.test.ts', 'plans nothing, says both numbers, and balances'],
        [
          'integration/share-alarm.test.ts',
          'is held in the same way: trap 7, files that all look new are not sent again at once',
        ],
        [
          'integration/share-alarm.test.ts',
          'goes on once a person accepts it, and what it saw is usual from then on',
        ],
        [
          'integration/share-alarm.test.ts',
          'goes on when the next evening sees the same, and not an hour later',
        ],
      ),
    },
    never: { steps: ['plan', 'queue', 'open', 'send', 'close', 'record'], why: 'it is found before' },
  },
];
