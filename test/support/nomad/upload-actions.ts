/** What a bearer may do to a whole upload. Facts: uploads.py (v1.3), uploads/{default,actions}.py (1.4). */
import { Refusal } from './answers.ts';
import { USERS } from './auth.ts';
import type { Route, Upload } from './model.ts';
import { match, type Worker } from './processing.ts';
import { dataOf, isRunning, type State, timestamp, writableUpload } from './state.ts';

export function uploadActions(state: State, worker: Worker) {
  const isOld = state.generation === 'v1.3';

  /** 1.4 waits for the end unless it is told not to. */
  async function answer(upload: Upload, waits: boolean) {
    if (waits) await worker.ended(upload);
    return { status: 200, json: { upload_id: upload.id, data: dataOf(state, upload, false) } };
  }

  const remove: Route = async (visit, id) => {
    const user = state.auth.requireUser(visit, false, 'uploads:write');
    const upload = state.uploads.get(id);
    const isPublished = upload !== undefined && upload.publishTime !== null;
    if (!isPublished) writableUpload(state, id, user);
    if (upload === undefined) throw new Refusal(404, 'The specified upload_id was not found.');
    const refused = isOld ? 401 : 403;
    if (user !== USERS.admin && user !== upload.mainAuthor)
      throw new Refusal(refused, 'Only main author has permissions for this operation.');
    if (user !== USERS.admin && isPublished)
      throw new Refusal(refused, 'Upload is already published, only admins can perform this operation.');
    if (isRunning(upload)) throw new Refusal(400, 'The upload is still being processed.');
    const run = async (): Promise<void> => void state.uploads.delete(id);
    worker.schedule(upload, { name: 'delete_upload', run, blocking: true });
    return await answer(upload, !isOld);
  };

  const publish: Route = async (visit, id) => {
    const user = state.auth.requireUser(visit, false, 'uploads:publish');
    const upload = state.uploads.get(id);
    if (upload !== undefined && upload.publishTime !== null)
      throw new Refusal(400, 'Upload already published.');
    const own = writableUpload(state, id, user);
    checkIdle(own);
    if (own.status === 'FAILURE') throw new Refusal(400, 'Cannot publish an upload that failed processing.');
    if (own.entries === 0) throw new Refusal(400, 'Cannot publish an upload without any resulting entries.');
    const embargo = visit.seen.query.get('embargo_length');
    if (embargo !== null && !(Number(embargo) >= 0 && Number(embargo) <= 36))
      throw new Refusal(400, 'Invalid embargo_length. Must be between 0 and 36 months.');
    const run = async (): Promise<void> => {
      if (embargo !== null) own.embargoLength = Number(embargo);
      own.publishTime = timestamp(state);
    };
    worker.schedule(own, { name: 'publish_upload', run, blocking: true });
    return await answer(own, !isOld && visit.seen.query.get('wait_for_processing') !== 'false');
  };

  const process: Route = async (visit, id) => {
    const user = state.auth.requireUser(visit, false, 'uploads:process');
    const upload = writableUpload(state, id, user);
    checkIdle(upload);
    const run = async (): Promise<void> => await match(upload, false, timestamp(state));
    worker.schedule(upload, { name: isOld ? 'process_upload' : '_process_upload', run });
    return await answer(upload, false);
  };

  const route: Route = async (visit, id) => {
    if (visit.rest === 'publish') return await publish(visit, id);
    if (visit.rest === 'process') return await process(visit, id);
    throw new Refusal(404, 'Not Found');
  };

  return { remove, action: route };
}

function checkIdle(upload: Upload): void {
  if (isRunning(upload))
    throw new Refusal(400, 'The upload is currently being processed, operation not allowed.');
}
