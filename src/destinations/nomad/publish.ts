import type { Clock } from '../../core/clock.ts';
import { deliveredPath } from '../../core/delivered-path.ts';
import { printable } from '../../core/share-path.ts';
import { summaryOf } from '../../http/error-of-status.ts';
import type { Call, Public, Publicness, Publishing, RemoteContainer } from '../destination.ts';
import { detailOf, encodePath, uploadStateOf } from './api.ts';
import { type Polling, stateAtRest } from './confirm.ts';
import type { Connection } from './connection.ts';
import { foreignFiles } from './foreign-files.ts';
import { METADATA_FILE } from './metadata.ts';
import { saidOf } from './processing-failed.ts';
import { lackingToPublish } from './publish-rights.ts';
import { mayRead } from './read-back.ts';
import { notNomad, refusalOfQuestion } from './refusal.ts';

type Parts = { readonly connection: Connection; readonly clock: Clock; readonly polling: Polling };

/**
 * `POST /uploads/{id}/action/publish`: takes no upload token, and refuses an upload that is published, is being
 * processed, failed, or has no entries (routers/uploads.py, v1.3.10). Never `publish_directly`: docs/decisions/0020.
 */
export function publishingOf(parts: Parts): Publishing {
  return {
    lacking: async (call) => await lackingToPublish(parts.connection, call),
    look: async (container, what, call) => await look(parts, container, what, call),
    publish: async (container, what, call) => {
      const refused = await ask(parts, container, what.embargoMonths, call);
      if (refused !== undefined) return refused;
      const state = await stateAtRest(parts.connection, container, call, parts);
      const now = await look(parts, container, what, call);
      if (now.kind !== 'open') return now;
      const words = saidOf(state).join('; ');
      return { kind: 'refused', said: `NOMAD took the request and has not published the upload: ${words}` };
    },
  };
}

const MAY_NOT =
  'the token may not publish or may not read: an upload token never may; enrol an app token, or a personal access token with uploads:write, uploads:read and uploads:publish';

async function look(
  { connection }: Parts,
  container: RemoteContainer,
  what: Public,
  call: Call,
): Promise<Publicness> {
  if (!mayRead(call)) return { kind: 'may-not', said: MAY_NOT };
  const path = `/uploads/${encodePath(container.id)}`;
  const answer = await connection.ask({ method: 'GET', path }, call);
  const attempted = `looking whether NOMAD upload ${container.id} is published`;
  if (answer.status === 403) return { kind: 'may-not', said: `${MAY_NOT} (${detailOf(answer.text)})` };
  if (answer.status !== 200) throw refusalOfQuestion(answer, attempted);
  const state = uploadStateOf(answer.text);
  if (state?.uploadId !== container.id) throw notNomad(answer, attempted);
  if (state.isPublished) return { kind: 'published' };
  if (state.isRunning) return { kind: 'busy' };
  const foreign = await foreignFiles(connection, container, expectedOf(what), call);
  return foreign === undefined ? { kind: 'may-not', said: MAY_NOT } : { kind: 'open', foreign };
}

/** Files of the batch and what we put beside them, by path in the upload; the size where it is known. */
function expectedOf({
  content: { batch, targetDir },
  isDescribed,
}: Public): ReadonlyMap<string, number | undefined> {
  const files = batch.files.map((file) => [`${targetDir}/${deliveredPath(file)}`, file.size] as const);
  const described = isDescribed ? [[METADATA_FILE, undefined] as const] : [];
  const manifest = `${targetDir}/.nightjar/${batch.id}`;
  return new Map<string, number | undefined>([
    ...files,
    ...described,
    [`${manifest}.json`, undefined],
    [`${manifest}.sha256`, undefined],
  ]);
}

/** Undefined: it was taken, or has happened before. */
async function ask(
  { connection }: Parts,
  { id }: RemoteContainer,
  embargoMonths: number | undefined,
  call: Call,
): Promise<Publicness | undefined> {
  const path = `/uploads/${encodePath(id)}/action/publish`;
  // 1.4 would wait for the end, longer than a proxy may; v1.3 does not know the parameter and passes over it.
  const embargo = embargoMonths === undefined ? {} : { embargo_length: String(embargoMonths) };
  const query = { wait_for_processing: 'false', ...embargo };
  const answer = await connection.ask({ method: 'POST', path, query }, call);
  const said = detailOf(answer.text);
  if (answer.status === 200) {
    if (uploadStateOf(answer.text)?.uploadId === id) return undefined;
    throw notNomad(answer, `publishing NOMAD upload ${id}`);
  }
  if (/already (?:been )?published/.test(said)) return undefined;
  if (said.startsWith('Missing scopes')) return { kind: 'may-not', said: `${MAY_NOT} (${printable(said)})` };
  if (/^Cannot publish|^Invalid embargo_length/.test(said)) return { kind: 'refused', said: summaryOf(said) };
  throw refusalOfQuestion(answer, `publishing NOMAD upload ${id}`);
}
