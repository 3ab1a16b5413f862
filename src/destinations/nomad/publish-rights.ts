import { printable } from '../../core/share-path.ts';
import type { Call } from '../destination.ts';
import { detailOf } from './api.ts';
import type { Connection } from './connection.ts';
import { mayRead } from './read-back.ts';
import { refusalOfQuestion } from './refusal.ts';

/** No upload can be called so: their ids have 22 characters. */
const NO_UPLOAD = '/uploads/anything';

const QUESTIONS = [
  { method: 'GET', path: NO_UPLOAD },
  { method: 'POST', path: `${NO_UPLOAD}/action/publish` },
] as const;

/**
 * What a credential lacks to read an upload and to publish it, asked about one that is not there, so that nothing can happen.
 * 1.4 judges the scopes of a token before it looks for the upload (auth.py, a dependency of the route): 403 names those that
 * are missing, 404 means that none is. v1.3 knows no scopes: what opens an account opens all of it.
 */
export async function lackingToPublish(connection: Connection, call: Call): Promise<string | undefined> {
  if (!mayRead(call)) return 'an upload token never may';
  for (const question of QUESTIONS) {
    const answer = await connection.ask(question, call);
    const said = detailOf(answer.text);
    if (answer.status === 403 && said.startsWith('Missing scopes')) return printable(said);
    if (answer.status !== 404) throw refusalOfQuestion(answer, 'asking what the token may');
  }
  return undefined;
}
