/** Logging in and looking up tokens. Facts: nomad/app/v1/routers/auth.py of both generations. */

import { z } from 'zod';
import { invalid, Refusal } from './answers.ts';
import { PASSWORD, USERS } from './auth.ts';
import type { Route, Visit } from './model.ts';
import { paged } from './paging.ts';
import { listPats, patJson } from './pats.ts';
import type { State } from './state.ts';

const LONGEST_APP_TOKEN_S = 2_592_000;

const wish = z.object({
  metadata: z.object({
    name: z.string(),
    scopes: z.array(z.string()),
    description: z.string().nullish(),
  }),
  expires_in_days: z.int().nullish(),
});

export function authRoutes(state: State) {
  const isOld = state.generation === 'v1.3';

  const tokenPost: Route = async (visit) => {
    const form = new URLSearchParams(await textOf(visit));
    if (!isOld && form.get('grant_type') !== 'password')
      throw invalid(['body', 'grant_type'], 'Field required', 'missing');
    return login(form);
  };

  const tokenGet: Route = (visit) => {
    const missing = ['username', 'password'].filter((name) => !visit.seen.query.has(name));
    if (missing.length > 0) {
      const detail = missing.map((name) => ({
        loc: ['query', name],
        msg: 'field required',
        type: 'value_error.missing',
      }));
      throw new Refusal(422, detail);
    }
    return login(visit.seen.query);
  };

  function login(form: URLSearchParams) {
    const user = Object.entries(USERS).find(([name]) => name === form.get('username'))?.[1];
    if (user === undefined || form.get('password') !== PASSWORD)
      throw new Refusal(401, 'Incorrect username or password', {
        'www-authenticate': isOld ? 'Bearer' : 'Basic',
      });
    const oidc = {
      token_type: 'Bearer',
      expires_in: 86_400,
      refresh_token: 'r',
      scope: 'openid',
      id_token: 'i',
    };
    const json = { access_token: user, ...(isOld ? { token_type: 'bearer' } : oidc) };
    return { status: 200, json, headers: isOld ? {} : { 'cache-control': 'no-store', pragma: 'no-cache' } };
  }

  const appToken: Route = (visit) => {
    const user = state.auth.requireUser(visit, false, 'tokens:create');
    const seconds = Number(visit.seen.query.get('expires_in'));
    if (seconds <= 0) {
      const what = 'ensure this value is greater than 0';
      throw invalid(['query', 'expires_in'], what, 'value_error.number.not_gt', { limit_value: 0 });
    }
    if (seconds > LONGEST_APP_TOKEN_S) {
      const text = `ensure this value is less than or equal to ${LONGEST_APP_TOKEN_S}`;
      const where = ['query', 'expires_in'];
      throw invalid(where, text, 'value_error.number.not_le', { limit_value: LONGEST_APP_TOKEN_S });
    }
    return { status: 200, json: { app_token: state.auth.sign(user, seconds) } };
  };

  const signatureToken: Route = (visit) => {
    const user = state.auth.requireUser(visit, false, 'tokens:create');
    return { status: 200, json: { signature_token: state.auth.sign(user, 10) } };
  };

  /** v1.4 wants `tokens:create`, which only a login has; the token stands in the curl lines, not in the URL. */
  const commandExamples: Route = (visit) => {
    const user = state.auth.requireUser(visit, false, 'tokens:create');
    const token = state.auth.uploadToken(user);
    const api = `${state.origin}/nomad-oasis/api/v1/uploads`;
    const url = isOld ? `${api}?token=${token}` : api;
    const header = isOld ? '' : ` -H 'Upload-Token: ${token}'`;
    const named = isOld ? `${url}&upload_name=<name>` : `${url}?upload_name=<name>`;
    const json = {
      upload_url: url,
      upload_command: `curl -X POST${header} '${url}' -T <local_file>`,
      upload_command_with_name: `curl -X POST${header} '${named}' -T <local_file>`,
      upload_progress_command: `curl -X POST${header} '${url}' -T <local_file> | xargs echo`,
      upload_command_form: `curl -X POST${header} '${url}' -F file=@<local_file>`,
      upload_tar_command: `tar -cf - <local_folder> | curl -#${header} '${url}' -X POST -T - | xargs echo`,
    };
    return { status: 200, json };
  };

  const createPat: Route = async (visit) => {
    const user = state.auth.requireUser(visit, false, 'tokens:create');
    const parsed = wish.safeParse(JSON.parse(await textOf(visit)));
    if (!parsed.success)
      throw invalid(
        ['body', ...(parsed.error.issues[0]?.path ?? []).map(String)],
        'Field required',
        'missing',
      );
    const { metadata, expires_in_days: days } = parsed.data;
    const pat = state.auth.pats.create(user, { ...metadata, days });
    return { status: 201, json: { pat: patJson(pat), raw_token: pat.raw } };
  };

  const rotatePat =
    (id: string): Route =>
    (visit) => {
      const user = state.auth.requireUser(visit, false, 'tokens:create', 'tokens:delete');
      const pat = state.auth.pats.rotate(user, id);
      return { status: 200, json: { pat: patJson(pat), raw_token: pat.raw } };
    };

  const removePat =
    (id: string): Route =>
    (visit) => {
      const user = state.auth.requireUser(visit, false, 'tokens:delete');
      state.auth.pats.own(user, id).revoked = true;
      return { status: 204 };
    };

  const listOwnPats: Route = (visit) => {
    const user = state.auth.requireUser(visit, false, 'tokens:read');
    const { query } = visit.seen;
    const asked = Object.fromEntries([...query].filter(([name]) => !/^(?:page|order)/.test(name)));
    const shown = listPats(state.auth.pats.ofUser(user), query);
    const orderBy = query.get('order_by') ?? 'created_desc';
    const { page, pagination } = paged(state, visit, shown, { order_by: orderBy });
    return { status: 200, json: { query: asked, pagination, data: page.map(patJson) } };
  };

  const getPat =
    (id: string): Route =>
    (visit) => {
      const user = state.auth.requireUser(visit, false, 'tokens:read');
      return { status: 200, json: patJson(state.auth.pats.own(user, id)) };
    };

  return {
    ...{ tokenPost, tokenGet, appToken, signatureToken, commandExamples },
    ...{ createPat, rotatePat, removePat, listOwnPats, getPat },
  };
}

async function textOf(visit: Visit): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const chunk of visit.incoming) pieces.push(Buffer.from(chunk));
  return Buffer.concat(pieces).toString();
}
