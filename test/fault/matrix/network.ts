import { type Fault, NOT_SPOKEN_TO, shown, type TestName } from './model.ts';

const CUTS: TestName = [
  'fault/network-cuts.test.ts',
  'that is cut, reset or left hanging at any byte of %s arrives once, and the ledger says no more than is true',
];
const ASTRAY: TestName = [
  'fault/network-steps.test.ts',
  'at %s is never taken for a yes, and with the platform there again the batch is there once',
];
/** The same at each step that asks something of the destination. */
const atEach = (end: string, ...tests: readonly TestName[]): Fault['cells'] => ({
  open: shown(end, ...tests),
  send: shown(end, ...tests),
  close: shown(end, ...tests),
});
const inPlatform = (name: string): TestName => ['fault/platform-steps.test.ts', name];
const HOURS: TestName = [
  'fault/outage-of-hours.test.ts',
  'in which %s is one pause: nothing grows, and all goes on by itself, once',
];
const REFUSED = inPlatform(
  'a token that is refused at %s stops its owner, and what had arrived is not sent a second time',
);
const UNREACHED: TestName = [
  'integration/network-failures.test.ts',
  'since %s is tried again in words, and no container of it is in doubt',
];

const LOOK_AGAIN = 'integration/look-again.test.ts';
const BY_HAND = 'integration/by-hand-found.test.ts';
const AUDIT = 'integration/audit-deliveries.test.ts';
const ASKED_IN_VAIN: TestName = [AUDIT, 'stays as it is known while the platform %s'];

export const NETWORK: readonly Fault[] = [
  {
    group: 'network',
    fault: 'nobody listens, no such name (DNS), or a TLS failure',
    cells: {
      ...atEach(
        'put back to be tried again, in words; with the platform there again it is there once',
        ASTRAY,
      ),
      open: shown(
        'tried again later, in words, at the first question; no container is in doubt',
        UNREACHED,
        ASTRAY,
        [
          'fault/no-network.test.ts',
          'an evening on a host without network and without an answer to any name says so and ends with 75; the next one on the network brings all, once',
        ],
      ),
    },
    never: NOT_SPOKEN_TO,
  },
  {
    group: 'network',
    fault: 'cut or reset at any byte of a request or an answer',
    cells: {
      open: shown('tried again; at most one empty container is left over, and told', CUTS),
      send: shown('tried again; what had arrived whole is found and not sent twice', CUTS),
      close: shown('asked again; confirmed only when it is there', CUTS),
    },
    never: NOT_SPOKEN_TO,
  },
  {
    group: 'network',
    fault: 'silence or a half-open connection in the middle of a request or an answer',
    cells: {
      open: shown(
        'given up after a while, tried again; at most one empty container is left over, and told',
        CUTS,
      ),
      send: shown(
        'given up after a while, tried again; the share is blamed when it is the share; nobody else waits for it',
        CUTS,
        [
          'integration/http-client.test.ts',
          'blames the share, not the destination, when the body gives nothing',
        ],
        [
          'integration/standstill.test.ts',
          'of one delivery at a time, one that stops in the middle keeps nobody else from arriving, and goes on by itself',
        ],
      ),
      close: shown('given up after a while, asked again', CUTS),
    },
    never: NOT_SPOKEN_TO,
  },
  {
    group: 'network',
    fault: 'an answer is lost after it had its effect',
    cells: {
      open: shown(
        'told as perhaps left over; found again by a token that may read',
        [
          'integration/nomad-containers.test.ts',
          'of which the answer was lost are told as perhaps left over, where the token may not read',
        ],
        [
          'integration/nomad-containers.test.ts',
          'of which the answer was lost are found again by a token that may read',
        ],
      ),
      send: shown('looked for before anything is sent again', [
        'integration/nomad-healing.test.ts',
        'looks before it sends again, when %s',
      ]),
      close: shown('looked for before anything is sent again', CUTS),
    },
    never: NOT_SPOKEN_TO,
  },
  {
    group: 'network',
    fault: 'a redirect',
    cells: {
      ...atEach('never followed, told without the token; held until the address is right', ASTRAY),
      open: shown(
        'never followed, told without the token; held until the address is right',
        ASTRAY,
        ['integration/http-client.test.ts', 'never follows a redirect'],
        ['unit/http-errors.test.ts', 'says where a redirect leads, without the token in it'],
      ),
    },
    never: NOT_SPOKEN_TO,
  },
  {
    group: 'network',
    fault: '200 with HTML or with JSON that is cut',
    cells: atEach('never taken for a yes; tried again', ASTRAY),
    never: NOT_SPOKEN_TO,
  },
  {
    group: 'network',
    fault: 'an answer in drops (slow loris)',
    cells: {
      ...atEach('given up after a while, tried again', ASTRAY),
      open: shown('given up after a while, tried again', ASTRAY, [
        'integration/http-answers.test.ts',
        'that comes in drops for ever is given up, drops %s',
      ]),
    },
    never: NOT_SPOKEN_TO,
  },
  {
    group: 'network',
    fault: 'an answer without end',
    cells: {
      ...atEach('only so much of it is kept, and it is never taken for a yes', ASTRAY),
      open: shown('only so much of it is kept, and it is never taken for a yes', ASTRAY, [
        'integration/http-answers.test.ts',
        'without end is kept so far as it may be, and the rest is not waited for',
      ]),
    },
    never: NOT_SPOKEN_TO,
  },
  {
    group: 'network',
    fault: 'an outage of hours',
    cells: {
      ...atEach('one pause; attempts, log and ledger do not grow; goes on by itself', HOURS),
      record: shown('the run ends with what waits and says why (code 75)', [
        'e2e/outage.test.ts',
        'ends a run after `outage_wait` with what waits, and status and why say why',
      ]),
    },
    never: { ...NOT_SPOKEN_TO, steps: ['look', 'plan', 'queue'] },
  },
  {
    group: 'network',
    fault: 'an early refusal while the body is under way',
    cells: {
      send: shown('seen at once, and the body is stopped', [
        'integration/http-client.test.ts',
        'shows an early answer while the body is in flight, and stops the body',
      ]),
    },
    never: { steps: ['look', 'plan', 'queue', 'open', 'close', 'record'], why: 'no body is sent there' },
  },
  {
    group: 'platform',
    fault: 'a token is refused',
    cells: {
      open: shown(
        'only its owner waits, and goes on by itself',
        [
          'e2e/nomad-evening.test.ts',
          'holds only the lane of a refused token, and goes on by itself when a good one is there',
        ],
        [
          'e2e/refused-token.test.ts',
          'is asked about again in the same evening: an outage of user management holds nothing for a person',
        ],
        [
          'e2e/refused-token.test.ts',
          'is waited for while the platform takes only a token of another kind, whose user it remembers',
        ],
      ),
      send: shown('its owner waits; once it is released it is sent again, and is there once', REFUSED),
      close: shown(
        'never confirmed, and its owner waits; what had arrived is looked for and not sent a second time',
        REFUSED,
        inPlatform(
          'a token that is refused after the parcel brings no second copy, though the upload is published until it is taken again',
        ),
      ),
    },
    never: NOT_SPOKEN_TO,
  },
  {
    group: 'platform',
    fault: 'it refuses with any of the documented statuses',
    cells: atEach(
      'told apart: later, later after a look, its owner or all wait, a new upload, or given up',
      ['contract/nomad-statuses.test.ts', 'with %i %j'],
      ['contract/nomad-statuses.test.ts', 'with %i and a page of a proxy'],
    ),
    never: NOT_SPOKEN_TO,
  },
  {
    group: 'platform',
    fault: 'no container more may be opened',
    cells: {
      open: shown('the newest open one is gone on with, and the owner is told', [
        'e2e/nomad-evening.test.ts',
        'are gone on with when no more may be opened, and the owner is told which',
      ]),
    },
    never: { steps: ['look', 'plan', 'queue', 'send', 'close', 'record'], why: 'nothing is opened there' },
  },
  {
    group: 'platform',
    fault: 'the container was published or taken away',
    cells: {
      open: shown(
        'replaced once, and told',
        inPlatform('an upload that is %s %s is replaced once, and told'),
      ),
      close: shown(
        'deleted or taken away: replaced once; published: read where the token may, else a person is asked and nothing is sent twice',
        inPlatform(
          'an upload that is deleted after it took the parcel is replaced once, with the whole batch',
        ),
        inPlatform(
          'an upload that is taken away after it took the parcel is replaced once, with the whole batch',
        ),
        inPlatform(
          'an upload that is published after it took the parcel gets no second copy without a person',
        ),
        inPlatform('an upload that is published after it took the parcel is read by a token that may'),
      ),
      send: shown(
        'replaced once, and told; what was delivered stays delivered',
        inPlatform('an upload that is %s %s is replaced once, and told'),
        [
          'e2e/nomad-evening.test.ts',
          'that were published meanwhile are replaced once, and what was delivered stays delivered',
        ],
      ),
      record: shown(
        'deleted: all that was delivered into it is held for a person; published: it stays as it is known',
        [AUDIT, 'takes with it all that went into an upload that is deleted: nothing of it is safe any more'],
        ASKED_IN_VAIN,
      ),
    },
    never: { ...NOT_SPOKEN_TO, steps: ['look', 'plan', 'queue'] },
  },
  {
    group: 'platform',
    fault: 'processing fails',
    cells: {
      look: shown("what was only accepted is sent again in the platform's own words, and lies there once", [
        LOOK_AGAIN,
        'is sent again in the words of the platform where processing failed, and lies there once',
      ]),
      close: shown("never confirmed; the platform's own words are kept", [
        'integration/nomad-adapter.test.ts',
        "passes on the platform's own words when processing fails, and a repeat replaces",
      ]),
    },
    never: {
      steps: ['plan', 'queue', 'open', 'send', 'record'],
      why: 'what came of it is asked in close, and of what was only accepted in a later look',
    },
  },
  {
    group: 'platform',
    fault: '200, and nothing was done',
    cells: {
      look: shown('what was only accepted is sent again, and held when that goes on', [
        LOOK_AGAIN,
        'is sent again where the platform is done and does not have it, and is held when that goes on',
      ]),
      close: shown('never confirmed', [
        'integration/nomad-adapter.test.ts',
        'is not misled by the manifest of an earlier attempt when the next one is dropped',
      ]),
    },
    never: {
      steps: ['plan', 'queue', 'open', 'send', 'record'],
      why: 'it happens to what is sent, and is found out in close, or in a later look at what was only accepted',
    },
  },
  {
    group: 'platform',
    fault:
      'it answers nothing of use (away, token refused, another service) when asked for what was only accepted, what was uploaded by hand, or old deliveries',
    cells: {
      look: shown(
        'nothing is concluded: what was accepted stays so; data that may be there by hand waits for some evenings; nobody else waits',
        [LOOK_AGAIN, 'stays accepted where %s, and the next look finds it'],
        [
          BY_HAND,
          'waits while the account answers nothing of use, is sent after some evenings, and nobody else waits',
        ],
        [
          BY_HAND,
          'is found in the evening after a failed look, and not waited for once the token may only write',
        ],
        ['integration/by-hand-gone.test.ts', 'is not given up while the platform does not answer'],
      ),
      open: shown(
        'where an earlier attempt is looked for, nothing is sent blindly again: what had arrived is found when it answers well again',
        [
          'fault/network-steps.test.ts',
          'where an earlier attempt is looked for (%s), sends nothing blindly again: what had arrived is found later',
        ],
        [
          'fault/network-steps.test.ts',
          'a conflict that a proxy speaks of says nothing of what is there: nothing is sent again for it',
        ],
      ),
      record: shown('an old delivery stays as it is known', ASKED_IN_VAIN),
    },
    never: {
      steps: ['plan', 'queue', 'send', 'close'],
      why: 'these questions are asked before each plan, before anything is sent again, and before the report',
    },
  },
];
