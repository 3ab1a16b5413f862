/** Method and path → route. */
import { Refusal } from './answers.ts';
import { authRoutes } from './auth-routes.ts';
import type { Route, Visit } from './model.ts';
import type { Worker } from './processing.ts';
import { info, openapi, readRoutes } from './read-routes.ts';
import type { State } from './state.ts';
import { uploadActions } from './upload-actions.ts';
import { writeRoutes } from './write-routes.ts';

export const API = '/nomad-oasis/api/v1';

type Routes = Readonly<Record<string, Route>>;

/** Paths are taken as they came: `new URL` would resolve the dots that a test sends. */
export function createRouter(state: State, worker: Worker, unexpected: string[]) {
  const { plain, below } = tableOf(state, worker);
  const pat = state.generation === 'v1.3' ? () => undefined : patRoutes(state);
  return (visit: Visit): ReturnType<Route> => {
    const { method, path: where } = visit.seen;
    const known = plain[`${method} ${where}`] ?? pat(method, where);
    if (known !== undefined) return known(visit, '');
    const [, id = '', verb = '', rest] = /^\/uploads\/([^/]+)(?:\/([^/]+)(?:\/(.*))?)?$/s.exec(where) ?? [];
    const handler = id === '' ? undefined : below[`${method} ${verb}`];
    if (verb === 'raw' && rest === undefined && id !== '') throw new Refusal(405, 'Method Not Allowed');
    const decoded = decodeURIComponent(rest ?? '');
    // Starlette's `{path:path}` takes no newline: no route (recorded for v1.3, the same code in 1.4).
    if (decoded.includes('\n')) throw new Refusal(404, 'Not Found');
    if (handler !== undefined) return handler({ ...visit, rest: decoded }, id);
    unexpected.push(`${method} ${where}`);
    throw new Refusal(404, 'Not Found');
  };
}

function tableOf(state: State, worker: Worker): { plain: Routes; below: Routes } {
  const write = writeRoutes(state, worker);
  const read = readRoutes(state, worker);
  const whole = uploadActions(state, worker);
  const login = authRoutes(state);
  const plain: Routes = {
    'POST /auth/token': login.tokenPost,
    'GET /auth/token': state.generation === 'v1.3' ? login.tokenGet : methodNotAllowed,
    'GET /auth/app_token': login.appToken,
    'GET /auth/signature_token': login.signatureToken,
    'GET /uploads/command-examples': login.commandExamples,
    'GET /openapi.json': () => openapi(state),
    'GET /info': () => info(state),
    'GET /uploads': read.list,
    'POST /uploads': write.create,
    'POST /uploads/': (visit) => ({
      status: 307,
      headers: { location: `${state.origin}${API}/uploads?${visit.seen.query.toString()}` },
    }),
    'POST /uploads/bundle': (visit) => bundle(state, visit),
    'GET outside /nomad-oasis/alive': () => ({ status: 200, json: 'I am alive' }),
    'GET outside /-/health': () => ({ status: 200, json: { healthcheck: 'ok' } }),
  };
  const below: Routes = {
    'GET ': read.get,
    'DELETE ': whole.remove,
    'POST action': whole.action,
    'POST edit': read.edit,
    'GET entries': read.entries,
    'GET rawdir': read.rawdir,
    'GET raw': read.rawFile,
    'PUT raw': write.put,
    'DELETE raw': write.remove,
    'POST raw-create-dir': write.createDir,
  };
  return { plain, below };
}

const methodNotAllowed: Route = () => {
  throw new Refusal(405, 'Method Not Allowed');
};

/** 1.4 only, and below /auth: the public how-to names another path, which is wrong. */
function patRoutes(state: State): (method: string, where: string) => Route | undefined {
  const login = authRoutes(state);
  const one: Readonly<Record<string, (id: string) => Route>> = {
    'GET ': login.getPat,
    'DELETE ': login.removePat,
    'POST /rotate': login.rotatePat,
  };
  return (method, where) => {
    if (where === '/auth/pats' && method === 'POST') return login.createPat;
    if (where === '/auth/pats' && method === 'GET') return login.listOwnPats;
    const [, id, verb = ''] = /^\/auth\/pats\/([^/]+)(\/rotate)?$/.exec(where) ?? [];
    return id === undefined ? undefined : one[`${method} ${verb}`]?.(id);
  };
}

/** Only for admins; this server has no bundles. The words are those of v1.3 and not checked for 1.4. */
function bundle(state: State, visit: Visit): never {
  state.auth.requireUser(visit, true, 'uploads:import');
  throw new Refusal(state.generation === 'v1.3' ? 401 : 403, 'User not authorized to import bundles');
}
