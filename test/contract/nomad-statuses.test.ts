/**
 * Every refusal that NOMAD and the proxies before it are known for (contract of both generations), at each step that can
 * meet it, and what becomes of the batch. What the platform says in which situation: nomad-answers and nomad-sending
 * beside this.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliverIntoNomad, type NomadDeliverer } from '../support/deliver-into-nomad.ts';
import { type Generation, proxyPage } from '../support/nomad-server.ts';
import { GENERATIONS } from './nomad-table.ts';

/**
 * `later`: by itself. `looks`: the same, and it looks for the batch before it sends it again. `owner`, `everyone`: a person is
 * asked, and the owner's lane or the whole destination waits. `person`: only this batch waits. `new upload`: by itself, in
 * another one. `never`: the batch is given up. `–`: it is not answered there.
 */
type Class = 'later' | 'looks' | 'owner' | 'everyone' | 'person' | 'new upload' | 'never' | '–';
type Row = readonly [status: number, words: string | object, open: Class, send: Class, close: Class];

const HTML = Symbol('a page of the proxy');
const PUBLISHED = 'Upload is already published, operation not possible.';
const NOT_MINE = 'You do not have write access to the specified upload.';
const TRACEBACK = { reason: 'Unexpected exception', exception: 'boom', exception_class: 'E' };
const INVALID = [{ loc: ['query', 'upload_name'], msg: 'value is not valid', type: 'value_error' }];

const BOTH: readonly Row[] = [
  [400, 'Limit of unpublished uploads exceeded for user.', 'owner', '–', '–'],
  [400, 'Some IO went wrong, upload probably aborted/disrupted.', '–', 'looks', '–'],
  [400, 'Cannot extract file. Bad file format or file extension?', '–', 'never', '–'],
  [400, 'No file name provided, and the file does not look like a zip or tar file.', '–', 'never', '–'],
  [400, 'Bad path provided.', '–', 'never', 'looks'],
  [400, 'Path `x` already exists.', '–', '–', 'looks'],
  [400, 'something that nobody has heard of', 'later', 'never', 'looks'],
  [401, 'Could not validate credentials. The given token is invalid.', 'owner', 'owner', 'owner'],
  [403, 'You are not authorized to access this Oasis', 'owner', 'owner', 'owner'],
  [404, 'The specified upload_id was not found.', '–', 'new upload', 'new upload'],
  [404, 'Not Found', 'everyone', 'everyone', 'everyone'],
  [405, 'Method Not Allowed', 'everyone', 'everyone', 'everyone'],
  [422, INVALID, 'later', 'never', 'looks'],
  [500, TRACEBACK, 'later', 'looks', 'looks'],
];

const OF_PROXY: readonly (readonly [status: number, open: Class, send: Class, close: Class])[] = [
  [307, 'everyone', 'everyone', 'everyone'],
  [400, 'later', 'looks', 'looks'],
  [401, 'owner', 'owner', 'owner'],
  [403, 'owner', 'owner', 'owner'],
  [408, 'later', 'looks', 'looks'],
  [413, 'later', 'never', 'looks'],
  [414, 'later', 'looks', 'looks'],
  [429, 'later', 'looks', 'looks'],
  [499, 'later', 'looks', 'looks'],
  [500, 'later', 'looks', 'looks'],
  [502, 'later', 'looks', 'looks'],
  [503, 'later', 'looks', 'looks'],
  [504, 'later', 'looks', 'looks'],
  [507, 'owner', 'owner', 'owner'],
];

const OF_GENERATION: Readonly<Record<Generation, readonly Row[]>> = {
  'v1.3': [
    [401, 'Authorization required.', 'owner', 'owner', 'owner'],
    [401, 'A invalid upload token was supplied.', 'owner', 'owner', 'owner'],
    [401, NOT_MINE, '–', 'new upload', 'new upload'],
    [401, PUBLISHED, '–', 'new upload', 'person'],
    [
      500,
      {
        ...TRACEBACK,
        exception: 'Could not create temporary directory - too many directories with same prefix?',
      },
      '–',
      'new upload',
      '–',
    ],
  ],
  'v1.4': [
    [400, PUBLISHED, '–', 'new upload', 'person'],
    [400, 'The upload is currently blocked by another process.', '–', 'looks', 'looks'],
    [401, 'Authentication required.', 'owner', 'owner', 'owner'],
    [401, 'An invalid upload token was supplied.', 'owner', 'owner', 'owner'],
    [403, "Missing scopes: ['uploads:write']", 'owner', 'owner', 'owner'],
    [403, NOT_MINE, '–', 'new upload', 'new upload'],
    [500, 'Failed to verify authenticated user', 'owner', 'owner', 'owner'],
  ],
};

const STEPS = ['open', 'send', 'close'] as const;

describe.each(GENERATIONS)('a refusal by NOMAD %s', (generation) => {
  let lab: NomadDeliverer;
  let cases = 0;

  beforeAll(async () => {
    lab = await deliverIntoNomad(generation);
    lab.server.unpublishedLimit = 1000;
  });
  afterAll(async () => await lab[Symbol.asyncDispose]());

  /** Answers every request of one step in that way. */
  function refuse(step: (typeof STEPS)[number], status: number, words: string | object | typeof HTML): void {
    const page = proxyPage(status, 'Refused');
    const own = { kind: 'answer', status, headers: { 'content-type': 'application/json' } } as const;
    const fault = words === HTML ? page : { ...own, body: JSON.stringify({ detail: words }) };
    let isSent = false;
    lab.server.fault = ({ method, path, headers }) => {
      if (path === '/openapi.json') return undefined;
      const isParcel = method === 'PUT' && headers['content-type'] === 'application/zip';
      const at = isParcel ? 'send' : path === '/uploads' ? 'open' : isSent ? 'close' : undefined;
      isSent ||= isParcel;
      return at === step ? { ...fault, afterBody: true } : undefined;
    };
  }

  /** Of a batch in an upload of its own. */
  async function classOf(): Promise<Class> {
    cases += 1;
    const apart = `case ${cases}`;
    const { id } = lab.plan(`SEM1/${apart}`, { 'a.tif': 'a', 'b.tif': 'b' }, { apart });
    lab.events.length = 0;
    await lab.deliver(id);
    const { state, error } = lab.ledger.batches.head(id);
    expect(error?.message).toMatch(/answered \d\d\d|may be in|no answer/);
    const [pause] = lab.ledger.pauses.inForce(Date.now());
    if (pause !== undefined) lab.ledger.pauses.lift(pause.kind, pause.name, Date.now());
    if (state === 'held')
      return pause?.kind === 'lane' ? 'owner' : pause === undefined ? 'person' : 'everyone';
    if (state === 'rejected') return 'never';
    expect(state).toBe('planned');
    if (lab.events.some(({ name }) => name === 'container.lost')) return 'new upload';
    return lab.ledger.outcomes.unknownOf(id) === undefined ? 'later' : 'looks';
  }

  it.each([...BOTH, ...OF_GENERATION[generation]])('with %i %j', async (status, words, ...classes) => {
    expect(await asked(status, words, classes)).toEqual(classes);
  });

  it.each(OF_PROXY)('with %i and a page of a proxy', async (status, ...classes) => {
    expect(await asked(status, HTML, classes)).toEqual(classes);
  });

  async function asked(
    status: number,
    words: string | object | typeof HTML,
    classes: readonly Class[],
  ): Promise<Class[]> {
    const found: Class[] = [];
    for (const [nth, step] of STEPS.entries()) {
      refuse(step, status, words);
      found.push(classes[nth] === '–' ? '–' : await classOf());
    }
    return found;
  }
});
