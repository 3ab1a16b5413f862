/**
 * What a client may count on, line by line and generation by generation. v1.3: the recording of the real platform, and what
 * was seen when it was made. 1.4: FAIRmat-NFDI/nomad, nomad/app/v1/routers/{auth,uploads/default,uploads/utils}.py and
 * nomad/auth/tokens.py. Sending: nomad-sending.test.ts; files, lists and tokens:
 * nomad-files.test.ts. What our adapter makes of it: nomad-behaviour.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { makeZip } from '../support/nomad/make-zip.ts';
import { type ApiAnswer, nomadApi } from '../support/nomad-api.ts';
import { startNomadServer } from '../support/nomad-server.ts';
import { conformance, GENERATIONS, type Row, type World } from './nomad-table.ts';

const ZIP = makeZip([{ name: 'a.txt', data: 'a' }]);
const PROBE = '/uploads/anything/raw/?include_archive=true';

const withToken = async (world: World, token: string): Promise<ApiAnswer> =>
  world.nomad.generation === 'v1.3'
    ? await anonymous(world, 'POST', `/uploads?token=${token}`)
    : await anonymous(world, 'POST', '/uploads', { 'upload-token': token });

const otherForm = async (world: World): Promise<ApiAnswer> => {
  const token = world.nomad.tokenOf('alice');
  return world.nomad.generation === 'v1.3'
    ? await anonymous(world, 'POST', '/uploads', { 'upload-token': token })
    : await anonymous(world, 'POST', `/uploads?token=${token}`);
};

const anonymous = async (
  { nomad }: World,
  method: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<ApiAnswer> => await nomadApi(nomad, 'alice').ask(method, path, { anonymous: true, headers });

const forged = ({ nomad }: World): string =>
  nomad.tokenOf('alice').replace(/.$/, (last) => (last === 'A' ? 'E' : 'A'));

const asApp = async ({ nomad, alice }: World, path: string): Promise<ApiAnswer> =>
  await alice.ask('GET', path, { bearer: nomad.appToken('alice', 60) });

const withPat = async ({ nomad, alice }: World, scopes: string[], method: string, path: string) =>
  await alice.ask(method, path, {
    bearer: nomad.pats.create(nomad.userId('alice'), { name: 'n', scopes }).raw,
  });

const deadPat = async ({ nomad, alice }: World, method: string, path: string): Promise<ApiAnswer> => {
  const pat = nomad.pats.create(nomad.userId('alice'), { name: 'n', scopes: ['uploads:write'] });
  pat.revoked = true;
  return await alice.ask(method, path, { bearer: pat.raw });
};

const down = async (world: World, ask: () => Promise<ApiAnswer>): Promise<ApiAnswer> => {
  world.nomad.outage = true;
  return await ask();
};

const login =
  (form: string) =>
  async (world: World): Promise<ApiAnswer> =>
    await world.alice.ask('POST', '/auth/token', {
      anonymous: true,
      body: Buffer.from(form),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });

const INVALID = 'Could not validate credentials. The given token is invalid.';

const CREDENTIALS: readonly Row[] = [
  [
    'no credential',
    async (w) => await anonymous(w, 'POST', '/uploads'),
    [401, 'Authorization required.'],
    [401, 'Authentication required.'],
  ],
  [
    'the token in the other generation’s form',
    otherForm,
    [401, 'Authorization required.'],
    [401, 'Authentication required.'],
  ],
  [
    'a malformed upload token',
    async (w) => await withToken(w, 'abc'),
    [401, 'A invalid upload token was supplied.'],
    [401, 'An invalid upload token was supplied.'],
  ],
  [
    'a forged upload token',
    async (w) => await withToken(w, forged(w)),
    [401, 'Authorization required.'],
    [401, 'An invalid upload token was supplied.'],
  ],
  [
    'the probe with a good upload token',
    async (w) => await w.alice.ask('PUT', PROBE),
    [400, '`include_archive` requires `wait_for_processing`.'],
    [400, '`include_archive` requires `wait_for_processing`.'],
  ],
  [
    'a bad bearer beside a good upload token',
    async (w) => await w.alice.ask('PUT', PROBE, { headers: { authorization: 'Bearer no' } }),
    [401, INVALID],
    [401, INVALID],
  ],
  [
    'a dead PAT',
    async (w) => await deadPat(w, 'POST', '/uploads'),
    [401, INVALID],
    [401, 'Authentication required.'],
  ],
  [
    'a dead PAT where anonymous may ask',
    async (w) => await deadPat(w, 'GET', `/uploads/${w.id}`),
    [401, INVALID],
    [401, 'You need to log in to access the specified upload.'],
  ],
  [
    'the upload token, to read',
    async (w) => await w.alice.ask('GET', '/uploads'),
    [401, 'Authorization required.'],
    [401, 'Authentication required.'],
  ],
  ['an app token, to read', async (w) => await asApp(w, '/uploads'), [200], [200]],
  [
    'an app token that has ended',
    async (w) => await w.alice.ask('GET', '/uploads', { bearer: w.nomad.appToken('alice', -1) }),
    [401, 'Expired token.'],
    [401, 'Expired token.'],
  ],
  [
    'an app token, for the upload token',
    async (w) => await asApp(w, '/uploads/command-examples'),
    [200, 'upload_url'],
    [403, "Missing scopes: ['tokens:create']"],
  ],
  [
    'an app token, for another one',
    async (w) => await asApp(w, '/auth/app_token?expires_in=60'),
    [200, 'app_token'],
    [403, "Missing scopes: ['tokens:create']"],
  ],
  [
    'a login, for the upload token',
    async (w) => await w.alice.ask('GET', '/uploads/command-examples', { bearer: w.nomad.userId('alice') }),
    [200, /uploads\?token=/],
    [200, /-H 'Upload-Token: /],
  ],
  [
    'a PAT without the scope',
    async (w) => await withPat(w, ['uploads:read'], 'POST', '/uploads'),
    'n/a',
    [403, "Missing scopes: ['uploads:write']"],
  ],
  [
    'a PAT with the scope',
    async (w) => await withPat(w, ['uploads:write'], 'POST', '/uploads'),
    'n/a',
    [200, 'upload_id'],
  ],
  [
    'a PAT, for the upload token',
    async (w) => await withPat(w, ['uploads:write'], 'GET', '/uploads/command-examples'),
    'n/a',
    [403, 'Missing scopes'],
  ],
  [
    'user management is down, upload token',
    async (w) => await down(w, async () => await w.alice.ask('PUT', PROBE)),
    [401, 'A invalid upload token was supplied.'],
    [401, 'An invalid upload token was supplied.'],
  ],
  [
    'user management is down, login',
    async (w) =>
      await down(w, async () => await w.alice.ask('GET', '/uploads', { bearer: w.nomad.userId('alice') })),
    [401, 'You are logged in with an unknown user'],
    [500, 'Failed to verify authenticated user'],
  ],
  [
    'user management is down, PAT',
    async (w) => await down(w, async () => await withPat(w, ['uploads:read'], 'GET', '/uploads')),
    'n/a',
    [500, 'Failed to verify authenticated user'],
  ],
  [
    'a login by form',
    login('username=alice&password=pw'),
    [200, '"token_type":"bearer"'],
    [422, 'grant_type'],
  ],
  [
    'a login by strict form',
    login('grant_type=password&username=alice&password=pw'),
    [200, 'access_token'],
    [200, '"token_type":"Bearer"'],
  ],
  [
    'a wrong password',
    login('grant_type=password&username=alice&password=no'),
    [401, 'Incorrect username or password'],
    [401, 'Incorrect username or password'],
  ],
  [
    'a login by query',
    async (w) => await anonymous(w, 'GET', '/auth/token?username=alice&password=pw'),
    [200, 'access_token'],
    [405, 'Method Not Allowed'],
  ],
];

const OPENING: readonly Row[] = [
  [
    'a new upload',
    async (w) => await w.alice.ask('POST', '/uploads?upload_name=x'),
    [200, '"process_status":"READY"'],
    [200, '"process_status":"READY"'],
  ],
  [
    'Accept that is not exactly application/json',
    async (w) => await w.alice.ask('POST', '/uploads', { headers: { accept: 'application/json, */*' } }),
    [200, 'Thanks for uploading'],
    [200, 'Thanks for uploading'],
  ],
  [
    'an embargo of 37 months',
    async (w) => await w.alice.ask('POST', '/uploads?embargo_length=37'),
    [400, '`embargo_length` must be between 0 and 36 months.'],
    [400, '`embargo_length` must be between 0 and 36 months.'],
  ],
  [
    'one upload too many',
    async (w) => ((w.nomad.unpublishedLimit = 1), await w.alice.ask('POST', '/uploads')),
    [400, 'Limit of unpublished uploads exceeded for user.'],
    [400, 'Limit of unpublished uploads exceeded for user.'],
  ],
  ['a slash at the end', async (w) => await w.alice.ask('POST', '/uploads/'), [307], [307]],
  [
    'an example upload that is not there',
    async (w) => await w.alice.ask('POST', '/uploads?example_upload_id=e'),
    [200],
    [400, 'Could not find example upload with id "e"'],
  ],
  [
    'a path of the server',
    async (w) => await w.alice.ask('POST', '/uploads?local_path=/etc/passwd'),
    [401],
    [403, 'You are not authorized to access this path.'],
  ],
  [
    'a name-less body that is no archive',
    async (w) => await w.alice.ask('POST', '/uploads', { body: Buffer.from('x') }),
    [400, 'No file name provided, and the file does not look like a zip or tar file.'],
    [400, 'No file name provided, and the file does not look like a zip or tar file.'],
  ],
];

conformance('credentials', CREDENTIALS);
conformance('opening', OPENING);

describe.each(GENERATIONS)('what is asked before a byte is read, NOMAD %s', (generation) => {
  it('refuses a dead token and a full account without taking the body', async () => {
    await using nomad = await startNomadServer({ generation });
    const api = nomadApi(nomad, 'alice');
    nomad.unpublishedLimit = 0;

    const answer = await api.ask('POST', '/uploads', { body: ZIP });

    expect(answer.status).toBe(400);
    expect(nomad.requests.at(-1)?.bodyBytes).toBe(0);
  });
});
