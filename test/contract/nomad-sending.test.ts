/**
 * What becomes of a PUT. v1.3: the recording of the real platform; 1.4: FAIRmat-NFDI/nomad,
 * nomad/app/v1/routers/uploads/default.py (put_upload_raw_path and its neighbours).
 */
import { makeZip } from '../support/nomad/make-zip.ts';
import { type ApiAnswer, nomadApi } from '../support/nomad-api.ts';
import { conformance, type Row, type World } from './nomad-table.ts';

const ZIP = makeZip([{ name: 'a.txt', data: 'a' }]);

const published = async (w: World): Promise<ApiAnswer> => (
  w.nomad.publish(w.id), await w.alice.put(w.id, ZIP)
);
const busy = async (w: World, query = '', name?: string): Promise<ApiAnswer> => {
  w.nomad.worker.hold('running');
  await w.alice.put(w.id, ZIP);
  return await w.alice.put(w.id, ZIP, { query, ...(name === undefined ? {} : { name }) });
};
const copy = async (w: World, dir: string, source: string, name: string): Promise<ApiAnswer> => {
  await w.alice.put(w.id, ZIP, { dir: 'd' });
  await w.nomad.worker.idle();
  const query = new URLSearchParams({
    copy_or_move: 'copy',
    copy_or_move_source_path: source,
    file_name: name,
  });
  return await w.alice.ask('PUT', `/uploads/${w.id}/raw/${dir}?${query.toString()}`);
};
const twice = async (w: World, query: string): Promise<ApiAnswer> => {
  await w.alice.put(w.id, Buffer.from('1'), { name: 'f' });
  await w.nomad.worker.idle();
  return await w.alice.put(w.id, Buffer.from('2'), { name: 'f', query });
};
const THERE = 'The provided path already exists.';
const BLOCKED = 'The upload is currently blocked by another process.';

const SENDING: readonly Row[] = [
  [
    'an unknown upload',
    async (w) => await w.alice.put('nope', ZIP),
    [404, 'The specified upload_id was not found.'],
    [404, 'The specified upload_id was not found.'],
  ],
  [
    'somebody else’s upload',
    async (w) => await nomadApi(w.nomad, 'bob').put(w.id, ZIP),
    [401, 'You do not have write access to the specified upload.'],
    [403, 'You do not have write access to the specified upload.'],
  ],
  [
    'a published upload',
    published,
    [401, 'Upload is already published, operation not possible.'],
    [400, 'Upload is already published, operation not possible.'],
  ],
  [
    'no slash after raw',
    async (w) => await w.alice.ask('PUT', `/uploads/${w.id}/raw`),
    [405, 'Method Not Allowed'],
    [405, 'Method Not Allowed'],
  ],
  [
    'an absolute path',
    async (w) => await w.alice.ask('PUT', `/uploads/${w.id}/raw//a?file_name=f`, { body: ZIP }),
    [400, 'Bad path provided.'],
    [400, 'Bad path provided.'],
  ],
  [
    'a path that leaves and comes back',
    async (w) => await w.alice.ask('PUT', `/uploads/${w.id}/raw/../a?file_name=f`, { body: ZIP }),
    [200],
    [400, 'Bad path provided.'],
  ],
  [
    'a newline in the path',
    async (w) => await w.alice.ask('PUT', `/uploads/${w.id}/raw/a%0Ab?file_name=f`, { body: ZIP }),
    [404, 'Not Found'],
    [404, 'Not Found'],
  ],
  [
    'a slash in the name',
    async (w) => await w.alice.put(w.id, ZIP, { name: 'a/b' }),
    [400, 'Bad file name provided.'],
    [400, 'Bad file name provided.'],
  ],
  [
    'a name of 256 bytes',
    async (w) => await w.alice.put(w.id, ZIP, { name: 'n'.repeat(256) }),
    [400, 'Some IO went wrong, upload probably aborted/disrupted.'],
    [400, 'Some IO went wrong, upload probably aborted/disrupted.'],
  ],
  [
    'an empty body',
    async (w) => await w.alice.put(w.id, Buffer.alloc(0), { name: 'f' }),
    [400, 'Either an upload file or the query parameters'],
    [400, 'Either an upload file or the query parameters'],
  ],
  [
    'a file that is there, not to be replaced',
    async (w) => await twice(w, 'overwrite_if_exists=false'),
    [409, 'The provided path already exists and overwrite_if_exists is set to False.'],
    [409, 'The provided path already exists and overwrite_if_exists is set to False.'],
  ],
  ['a file that is there', async (w) => await twice(w, ''), [200], [200]],
  [
    'another hash than the file’s',
    async (w) => await twice(w, 'entry_hash=x'),
    [409, 'The provided hash did not match the current file.'],
    [409, 'The provided hash did not match the current file.'],
  ],
  [
    'a file copied onto itself',
    async (w) => await copy(w, 'd', 'd/a.txt', 'a.txt'),
    [409, THERE],
    [409, THERE],
  ],
  [
    'a file that is not there copied onto itself',
    async (w) => await copy(w, 'd', 'd/no', 'no'),
    [200],
    [409, 'No file or folder with that source path: d/no'],
  ],
  [
    'the same where not even the directory is',
    async (w) => await copy(w, 'e', 'e/no', 'no'),
    [404, 'No file or folder with that path found.'],
    [404, 'No file or folder with that path found.'],
  ],
  ['a parcel while a process runs', busy, [200, '"process_running":true'], [400, BLOCKED]],
  [
    'a parcel while a process runs, to be waited for',
    async (w) => await busy(w, 'wait_for_processing=true', 'f'),
    [400, 'The upload is currently being processed, operation not allowed.'],
    [400, 'The upload is currently being processed, operation not allowed.'],
  ],
  [
    'an archive that is waited for',
    async (w) => await w.alice.put(w.id, ZIP, { query: 'wait_for_processing=true' }),
    [400, '`wait_for_processing` can only be used with single files'],
    [400, '`wait_for_processing` can only be used with single files'],
  ],
  [
    'a file that is waited for',
    async (w) => await w.alice.put(w.id, Buffer.from('1'), { name: 'f', query: 'wait_for_processing=true' }),
    [200, /"processing":\{"upload_id".*"path":"f"/],
    [200, /"processing":\{"upload_id".*"path":"f"/],
  ],
  [
    'waiting without processing',
    async (w) =>
      await w.alice.put(w.id, ZIP, { query: 'wait_for_processing=true&trigger_processing=false', name: 'f' }),
    [200],
    [400, '`trigger_processing` must be true when `wait_for_processing` is set.`'],
  ],
  [
    'a new directory',
    async (w) => await w.alice.ask('POST', `/uploads/${w.id}/raw-create-dir/d`),
    [200, '"complete_time":'],
    [200, '"complete_time":'],
  ],
  [
    'a directory that is there',
    async (w) => (
      await w.alice.ask('POST', `/uploads/${w.id}/raw-create-dir/d`),
      await w.alice.ask('POST', `/uploads/${w.id}/raw-create-dir/d`)
    ),
    [400, 'Path `d` already exists.'],
    [400, 'Path `d` already exists.'],
  ],
  [
    'the deletion of what is not there',
    async (w) => await w.alice.ask('DELETE', `/uploads/${w.id}/raw/no`),
    [404, 'No file or folder with that path found.'],
    [404, 'No file or folder with that path found.'],
  ],
];

conformance('sending', SENDING);
