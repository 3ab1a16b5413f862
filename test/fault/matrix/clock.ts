import { type Fault, NO_SHARE, shown, type TestName } from './model.ts';

/** One evening whose clock jumps at the plan, at the opening, while it sends and while it closes. */
const JUMPS: readonly TestName[] = [
  [
    'integration/clock-jumps-evening.test.ts',
    'a clock that first jumps %s by hours, and at each step again, loses and doubles nothing in an evening, nor makes it wait',
  ],
];

export const CLOCK: readonly Fault[] = [
  {
    group: 'clock',
    fault: 'ours jumps by hours, ahead or back',
    cells: {
      look: shown(
        'a file that was seen by a clock ahead settles again; an evening dated ahead keeps no other from its time',
        ['integration/ledger.test.ts', 'settles a file again that was first seen while the clock was ahead'],
        [
          'integration/clock-jumps.test.ts',
          'neither owes an evening that it had dated ahead, nor forgets one that it slept through',
        ],
      ),
      plan: shown('the evening goes on by the clock it began with', ...JUMPS),
      queue: shown(
        'offered after the wait that was meant',
        ['integration/ledger.test.ts', 'offers a batch whose next attempt was set by a clock that was ahead'],
        ['integration/clock-jumps.test.ts', 'lets a batch go after the wait that was meant, not hours late'],
      ),
      open: shown('the evening goes on by the clock it began with; one container', ...JUMPS),
      send: shown(
        'sent again after the wait that was meant; a destination that is away is asked, and waited for, no longer than that',
        ...JUMPS,
        [
          'fault/set-clock.test.ts',
          'an evening during which the clock of its processes is set by %s brings each file once, and so does the next at the right time',
        ],
        [
          'integration/clock-jumps.test.ts',
          'asks a destination that is away at once, not hours late, also when the ledger fails just then',
        ],
        ['integration/clock-jumps.test.ts', 'waits no longer for a destination that is away than it may'],
      ),
      close: shown('confirmed once', ...JUMPS),
      record: shown(
        'told once, by the run it belongs to',
        [
          'integration/clock-jumps.test.ts',
          'tells in the next report what that run delivered, and not again what was told before',
        ],
        [
          'integration/run-end.test.ts',
          'a delivery dated by a clock that was far ahead does not move the end of a run',
        ],
      ),
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
