import { type Fault, NOT_SPOKEN_TO, shown, type TestName } from './model.ts';

const CUTS: TestName = [
  'fault/network-cuts.test.ts',
  'that is cut, reset or left hanging at any byte of %s arrives once, and the ledger says no more than is true',
];
const UNREACHED: TestName = [
  'integration/network-failures.test.ts',
  'since %s is tried again in words, and no container of it is in doubt',
];

export const NETWORK: readonly Fault[] = [
  {
    group: 'network',
    fault: 'nobody listens, no such name, or no TLS',
    cells: { open: shown('tried again later, in words; no container is in doubt', UNREACHED) },
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
      send: shown('given up after a while, tried again; the share is blamed when it is the share', CUTS, [
        'integration/http-client.test.ts',
        'blames the share, not the destination, when the body gives nothing',
      ]),
      close: shown('given up after a while, asked again', CUTS),
    },
    never: NOT_SPOKEN_TO,
  },
  {
    group: 'network',
    fault: 'a redirect',
    cells: {
      open: shown(
        'never followed, and told without the token',
        ['integration/http-client.test.ts', 'never follows a redirect'],
        ['unit/http-errors.test.ts', 'says where a redirect leads, without the token in it'],
      ),
      send: shown('never followed', ['integration/http-client.test.ts', 'never follows a redirect']),
      close: shown('never followed', ['integration/http-client.test.ts', 'never follows a redirect']),
    },
    never: NOT_SPOKEN_TO,
  },
  {
    group: 'network',
    fault: 'an answer without end',
    cells: Object.fromEntries(
      (['open', 'send', 'close'] as const).map((step) => [
        step,
        shown('only so much of it is kept', [
          'integration/http-client.test.ts',
          'keeps only so much of an answer, and reads how long to wait',
        ]),
      ]),
    ),
    never: NOT_SPOKEN_TO,
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
      ),
    },
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
      send: shown('replaced once; what was delivered stays delivered', [
        'e2e/nomad-evening.test.ts',
        'that were published meanwhile are replaced once, and what was delivered stays delivered',
      ]),
    },
    never: NOT_SPOKEN_TO,
  },
  {
    group: 'platform',
    fault: 'processing fails',
    cells: {
      close: shown("never confirmed; the platform's own words are kept", [
        'integration/nomad-adapter.test.ts',
        "passes on the platform's own words when processing fails, and a repeat replaces",
      ]),
    },
    never: {
      steps: ['look', 'plan', 'queue', 'open', 'send', 'record'],
      why: 'it is asked for in close alone',
    },
  },
  {
    group: 'platform',
    fault: '200, and nothing was done',
    cells: {
      close: shown('never confirmed', [
        'integration/nomad-adapter.test.ts',
        'is not misled by the manifest of an earlier attempt when the next one is dropped',
      ]),
    },
    never: {
      steps: ['look', 'plan', 'queue', 'open', 'send', 'record'],
      why: 'it is asked for in close alone',
    },
  },
];
