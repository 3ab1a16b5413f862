/**
 * What lies in an upload after a body, what is read back, and the lists. v1.3: the recording of the real platform; 1.4:
 * FAIRmat-NFDI/nomad, nomad/common.py (which extensions are unpacked), nomad/files.py, routers/uploads/{default,models}.py,
 * nomad/auth/pat/{application,domain}.py.
 */
import { gzipSync } from 'node:zlib';
import { makeTar } from '../support/nomad/make-tar.ts';
import { makeZip } from '../support/nomad/make-zip.ts';
import type { ApiAnswer } from '../support/nomad-api.ts';
import { conformance, filesAfter, type Row, type World } from './nomad-table.ts';

const ZIP = makeZip([{ name: 'a/b.txt', data: 'b' }]);
const TAR = makeTar({ 'a/b.txt': 'b', 'c.txt': 'c' });
const NO_ARCHIVE = 'Cannot extract file. Bad file format or file extension?';

const body =
  (bytes: Buffer, name?: string, query = ''): Row[1] =>
  async (w) =>
    await filesAfter(w, w.alice.put(w.id, bytes, { query, ...(name === undefined ? {} : { name }) }));
const clash = async (w: World): Promise<ApiAnswer> => {
  await w.alice.put(w.id, makeZip([{ name: 'm', data: 'a file' }]));
  await w.nomad.worker.idle();
  const parcel = makeZip([{ name: 'a' }, { name: 'm/x' }, { name: 'z' }]);
  return await filesAfter(w, w.alice.put(w.id, parcel));
};
const asForm = async (w: World): Promise<ApiAnswer> =>
  await w.alice.ask('PUT', `/uploads/${w.id}/raw/`, {
    body: ZIP,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });

const BODIES: readonly Row[] = [
  ['a zip without a name is unpacked', body(ZIP), [200, 'SUCCESS: a/b.txt'], [200, 'SUCCESS: a/b.txt']],
  [
    'a tar without a name is unpacked',
    body(TAR),
    [200, 'SUCCESS: a/b.txt c.txt'],
    [200, 'SUCCESS: a/b.txt c.txt'],
  ],
  [
    'a tar.gz is unpacked by its name',
    body(gzipSync(TAR), 'x.tar.gz'),
    [200, 'SUCCESS: a/b.txt c.txt'],
    [200, 'SUCCESS: a/b.txt c.txt'],
  ],
  [
    'a tgz in capitals too',
    body(gzipSync(TAR), 'X.TGZ'),
    [200, 'SUCCESS: a/b.txt c.txt'],
    [200, 'SUCCESS: a/b.txt c.txt'],
  ],
  [
    'a .gz that is no tar is refused',
    body(gzipSync(Buffer.from('volume')), 'x.nii.gz'),
    [400, NO_ARCHIVE],
    [400, NO_ARCHIVE],
  ],
  ['a .zip that is none is refused', body(Buffer.from('no'), 'x.zip'), [400, NO_ARCHIVE], [400, NO_ARCHIVE]],
  [
    'a zip under another name stays whole',
    body(ZIP, 'x.czi'),
    [200, 'SUCCESS: x.czi'],
    [200, 'SUCCESS: x.czi'],
  ],
  [
    'auto_decompress=false',
    body(ZIP, 'x.zip', 'auto_decompress=false'),
    [200, 'SUCCESS: a/b.txt'],
    [200, 'SUCCESS: x.zip'],
  ],
  [
    'auto_decompress=false with what is no archive',
    body(Buffer.from('v'), 'x.nii.gz', 'auto_decompress=false'),
    [400, NO_ARCHIVE],
    [200, 'SUCCESS: x.nii.gz'],
  ],
  [
    'trigger_processing=false',
    body(ZIP, undefined, 'trigger_processing=false'),
    [200, 'SUCCESS: a/b.txt'],
    [200, 'READY: a/b.txt'],
  ],
  [
    'a zip in a zip is not unpacked',
    body(makeZip([{ name: 'in.zip', data: ZIP }])),
    [200, 'SUCCESS: in.zip'],
    [200, 'SUCCESS: in.zip'],
  ],
  [
    'names that lead out of the upload stay in it',
    body(makeZip([{ name: '../../x' }])),
    [200, 'SUCCESS: x'],
    [200, 'SUCCESS: x'],
  ],
  ['a file where a directory is', clash, [200, 'FAILURE: a m z'], [200, 'FAILURE: a m']],
  [
    'a body that curl calls a form',
    asForm,
    [400, 'Either an upload file or'],
    [400, 'Either an upload file or'],
  ],
];

const asReader = async (w: World, path: string): Promise<ApiAnswer> =>
  await w.alice.ask('GET', path, { bearer: w.nomad.userId('alice') });
const asStranger = async (w: World, path: string): Promise<ApiAnswer> =>
  await w.alice.ask('GET', path, { bearer: w.nomad.userId('bob') });
const filled = async (w: World, path: string): Promise<ApiAnswer> => {
  await w.alice.put(w.id, Buffer.from('0123456789'), { name: 'f', dir: 'd' });
  await w.nomad.worker.idle();
  return await asReader(w, `/uploads/${w.id}/${path}`);
};
const total =
  (path: string): Row[1] =>
  async (w) => {
    await w.alice.create('other');
    const answer = await asReader(w, path);
    const found = answer.json as { pagination?: { total: number } };
    return answer.status === 200
      ? { ...answer, text: `${found.pagination?.total} found`, json: undefined }
      : answer;
  };

const READING: readonly Row[] = [
  ['a file', async (w) => await filled(w, 'raw/d/f'), [200, /^0123456789$/], [200, /^0123456789$/]],
  [
    'a part of a file',
    async (w) => await filled(w, 'raw/d/f?offset=3&length=4'),
    [200, /^3456$/],
    [200, /^3456$/],
  ],
  [
    'no byte of a file',
    async (w) => await filled(w, 'raw/d/f?length=0'),
    [400, 'Invalid length provided.'],
    [400, 'Invalid length provided.'],
  ],
  [
    'a directory as a file',
    async (w) => await filled(w, 'raw/d'),
    [400, 'Path is a directory, `compress` must be set to true'],
    [400, 'Path is a directory, `compress` must be set to true'],
  ],
  [
    'a directory',
    async (w) => await filled(w, 'rawdir/d'),
    [200, '"content":[{"name":"f","size":10,"is_file":true}]'],
    [200, '"content":[{"name":"f","size":10,"is_file":true}]'],
  ],
  [
    'what is not there',
    async (w) => await filled(w, 'rawdir/no'),
    [404, 'Not found. Invalid path?'],
    [404, 'Not found. Invalid path?'],
  ],
  [
    'a page beyond the end',
    async (w) => await filled(w, 'rawdir/d?page=2'),
    [400, 'Page out of range requested.'],
    [400, 'Page out of range requested.'],
  ],
  [
    'somebody else’s upload',
    async (w) => await asStranger(w, `/uploads/${w.id}`),
    [401, 'You do not have access to the specified upload.'],
    [403, 'You do not have access to the specified upload.'],
  ],
  [
    'somebody else’s published upload',
    async (w) => (w.nomad.publish(w.id), await asStranger(w, `/uploads/${w.id}`)),
    [200, '"published":true'],
    [200, '"published":true'],
  ],
  [
    'what was recognised',
    async (w) => await filled(w, 'entries'),
    [200, '"processing_successful":0'],
    [200, '"processing_successful":0'],
  ],
  ['a list', total('/uploads'), [200, '2 found'], [200, '2 found']],
  ['a list by name', total('/uploads?upload_name=other'), [200, '1 found'], [200, '1 found']],
  [
    'a list by a name as JSON',
    total(`/uploads?upload_name=${encodeURIComponent('{"value":"oth","type":"fuzzy"}')}`),
    [200, '0 found'],
    [200, '1 found'],
  ],
  [
    'a list by a name that begins as JSON',
    total('/uploads?upload_name=%7Bx'),
    [200, '0 found'],
    [400, 'Invalid upload_name query value'],
  ],
  [
    'a list by id',
    async (w) => await total(`/uploads?upload_id=${w.id}`)(w),
    [200, '1 found'],
    [200, '1 found'],
  ],
  ['a list by status', total('/uploads?process_status=failure'), [200, '2 found'], [200, '0 found']],
  ['a list of what is not owned', total('/uploads?is_owned=false'), [200, '2 found'], [200, '0 found']],
  ['a list of what is published', total('/uploads?is_published=true'), [200, '0 found'], [200, '0 found']],
  ['a list as coauthor', total('/uploads?roles=coauthor'), [200, '0 found'], [200, '0 found']],
  [
    'a list beyond its end',
    total('/uploads?page=2'),
    [400, 'Page out of range requested.'],
    [400, 'Page out of range requested.'],
  ],
  [
    'a list by status, ordered',
    total('/uploads?order_by=process_status'),
    [422, 'order_by'],
    [200, '2 found'],
  ],
];

const wish =
  (scopes: readonly string[], days?: number | null): Row[1] =>
  async (w) =>
    await w.alice.ask('POST', '/auth/pats', {
      bearer: w.nomad.userId('alice'),
      body: Buffer.from(
        JSON.stringify({
          metadata: { name: 'n', scopes },
          ...(days === undefined ? {} : { expires_in_days: days }),
        }),
      ),
      headers: { 'content-type': 'application/json' },
    });
const withPat =
  (method: string, path: string, revoked = false): Row[1] =>
  async (w) => {
    const pat = w.nomad.pats.create(w.nomad.userId('alice'), { name: 'mine', scopes: ['uploads:write'] });
    pat.revoked = revoked;
    return await w.alice.ask(method, path.replace('ID', pat.id), { bearer: w.nomad.userId('alice') });
  };
const tooMany = async (w: World): Promise<ApiAnswer> => (
  (w.nomad.pats.settings.mostActive = 0), await wish(['uploads:write'])(w)
);

/** 1.4 only; v1.3 knows no such path. */
const TOKENS: readonly Row[] = [
  ['a token', wish(['uploads:write']), [404, 'Not Found'], [201, 'nomad_pat_']],
  ['without a scope', wish([]), 'n/a', [400, 'At least one scope must be selected.']],
  ['with a scope that is none', wish(['uploads:*']), 'n/a', [400, "Invalid scopes: {'uploads:*'}"]],
  [
    'that may operate on tokens',
    wish(['tokens:read']),
    'n/a',
    [400, 'Personal access tokens are not allowed to operate on PATs.'],
  ],
  [
    'that never ends',
    wish(['uploads:write'], null),
    'n/a',
    [400, 'Infinite tokens are disabled. Max lifetime is 365 days.'],
  ],
  [
    'that lasts too long',
    wish(['uploads:write'], 366),
    'n/a',
    [400, 'Requested lifetime (366 days) exceeds the maximum allowed (365 days).'],
  ],
  ['that has ended', wish(['uploads:write'], 0), 'n/a', [400, 'Cannot create an already expired token.']],
  ['one too many', tooMany, 'n/a', [400, 'Maximum number of active PAT (0) reached.']],
  ['the list of tokens', withPat('GET', '/auth/pats?search=MIN'), [404, 'Not Found'], [200, '"total":1']],
  ['the list of those that are over', withPat('GET', '/auth/pats?state=inactive'), 'n/a', [200, '"total":0']],
  ['one token', withPat('GET', '/auth/pats/ID'), 'n/a', [200, '"name":"mine"']],
  [
    'a token that is not there',
    withPat('GET', '/auth/pats/no'),
    'n/a',
    [404, 'Token not found or does not belong to the user.'],
  ],
  ['a new one for an old', withPat('POST', '/auth/pats/ID/rotate'), 'n/a', [200, 'raw_token']],
  [
    'a new one for one that is over',
    withPat('POST', '/auth/pats/ID/rotate', true),
    'n/a',
    [400, 'Cannot rotate an expired/revoked token.'],
  ],
  ['its end', withPat('DELETE', '/auth/pats/ID'), 'n/a', [204]],
  ['its end, twice', withPat('DELETE', '/auth/pats/ID', true), 'n/a', [204]],
];

const asOwner = async (w: World, method: string, path: string): Promise<ApiAnswer> =>
  await w.alice.ask(method, `/uploads/${w.id}${path}`, { bearer: w.nomad.userId('alice') });
const edit = async (w: World, metadata: object, bearer?: string): Promise<ApiAnswer> =>
  await w.alice.ask('POST', `/uploads/${w.id}/edit`, {
    ...(bearer === undefined ? {} : { bearer }),
    body: Buffer.from(JSON.stringify({ metadata })),
    headers: { 'content-type': 'application/json' },
  });

const ACTIONS: readonly Row[] = [
  [
    'an edit with the upload token',
    async (w) => await edit(w, {}),
    [401, 'Authorization required.'],
    [401, 'Authentication required.'],
  ],
  [
    'an edit',
    async (w) => await edit(w, { upload_name: 'x' }, w.nomad.userId('alice')),
    [200, '"process_status":"PENDING"'],
    [200, '"upload_name":"x"'],
  ],
  [
    'an edit that names nobody',
    async (w) => await edit(w, { coauthors: ['no'] }, w.nomad.userId('alice')),
    [422, 'User reference not found: `no`'],
    [422, 'User reference not found: `no`'],
  ],
  [
    'publishing what has no entry',
    async (w) => await asOwner(w, 'POST', '/action/publish'),
    [400, 'Cannot publish an upload without any resulting entries.'],
    [400, 'Cannot publish an upload without any resulting entries.'],
  ],
  [
    'publishing with the upload token',
    async (w) => await w.alice.ask('POST', `/uploads/${w.id}/action/publish`),
    [401],
    [401],
  ],
  [
    'processing again',
    async (w) => await asOwner(w, 'POST', '/action/process'),
    [200, '"process_status":"PENDING"'],
    [200, '"process_status":"PENDING"'],
  ],
  ['deleting the upload', async (w) => await asOwner(w, 'DELETE', ''), [200], [200]],
  [
    'deleting it with the upload token',
    async (w) => await w.alice.ask('DELETE', `/uploads/${w.id}`),
    [401],
    [401],
  ],
];

conformance('bodies', BODIES);
conformance('reading', READING);
conformance('personal access tokens', TOKENS);
conformance('actions', ACTIONS);
