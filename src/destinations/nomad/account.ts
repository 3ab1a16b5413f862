/** What a login can do for a token. A password is sent once and an access token is used at once; neither is kept. */
import { z } from 'zod';
import { IngestError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import type { HttpAnswer, HttpClient } from '../../http/http-client.ts';
import { jsonOf } from './api.ts';
import { askGeneration } from './connection.ts';
import type { NomadOptions } from './options.ts';
import { notNomad, refusalOf } from './refusal.ts';
import type { Generation } from './token.ts';

/** A personal access token as it was made: the only time that its value and its end are told. */
export type NewPat = { readonly token: Secret; readonly id: string; readonly expiresAt: number };

/** `days` from now; at most what the platform allows (365 by its defaults). */
export type PatWish = { readonly name: string; readonly scopes: readonly string[]; readonly days: number };

export type Account = {
  /** The access token of a login. TOKEN_REJECTED: user name or password are wrong. */
  readonly login: (user: string, password: Secret, signal: AbortSignal) => Promise<Secret>;
  /** The user's upload token: the one of a kind, there is no other and it never ends. */
  readonly uploadToken: (access: Secret, signal: AbortSignal) => Promise<Secret>;
  /** v1.4 only. */
  readonly createPat: (access: Secret, wish: PatWish, signal: AbortSignal) => Promise<NewPat>;
  /** v1.4 only. The platform revokes the old one first: a failure may leave neither. */
  readonly rotatePat: (access: Secret, id: string, signal: AbortSignal) => Promise<NewPat>;
};

export function createAccount(options: NomadOptions, http: HttpClient): Account {
  const url = (path: string): string => `${options.baseUrl}${path}`;
  const accept = { accept: 'application/json' };
  const generation = async (signal: AbortSignal): Promise<Generation> =>
    options.generation === 'auto'
      ? ((await askGeneration(options, http, signal))?.generation ?? 'v1.4')
      : options.generation;

  return {
    login: async (user, password, signal) => {
      const form = new URLSearchParams({ username: user, password: password.reveal() });
      // v1.4 wants the grant type; v1.3 has no such field.
      if ((await generation(signal)) === 'v1.4') form.set('grant_type', 'password');
      const headers = { ...accept, 'content-type': 'application/x-www-form-urlencoded' };
      const body = Buffer.from(form.toString());
      const answer = await http.request({
        ...{ method: 'POST', url: url('/auth/token'), headers, body, signal },
        secretsInBody: [password],
      });
      if (answer.status === 401) throw badLogin(user);
      return new Secret(parsed(login, answer, 'logging in at NOMAD').access_token);
    },

    uploadToken: async (access, signal) => {
      const attempted = 'asking NOMAD for the upload token';
      const path = url('/uploads/command-examples');
      const answer = await http.request({
        method: 'GET',
        url: path,
        headers: accept,
        bearer: access,
        signal,
      });
      const { upload_url: link, upload_command: command } = parsed(examples, answer, attempted);
      // Only the token is taken: host and scheme in these examples come from the server's settings and are often wrong.
      const inHeader = /Upload-Token: ([A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]+)/.exec(command)?.[1];
      const inUrl = /[?&]token=([A-Za-z0-9_.-]+)/.exec(link)?.[1];
      const found = inHeader ?? inUrl;
      if (found === undefined) throw notNomad({ ...answer, text: '' }, attempted);
      return new Secret(found);
    },

    createPat: async (access, { name, scopes, days }, signal) => {
      const body = jsonBody({ metadata: { name, scopes }, expires_in_days: days });
      const headers = { ...accept, 'content-type': 'application/json' };
      const path = url('/auth/pats');
      const answer = await http.request({ method: 'POST', url: path, headers, body, bearer: access, signal });
      return newPat(answer, 'making a personal access token at NOMAD');
    },

    rotatePat: async (access, id, signal) => {
      const path = url(`/auth/pats/${encodeURIComponent(id)}/rotate`);
      const body = new Uint8Array(0);
      const answer = await http.request({
        ...{ method: 'POST', url: path, headers: accept, body, bearer: access, signal },
      });
      return newPat(answer, 'rotating the personal access token at NOMAD');
    },
  };
}

const login = z.object({ access_token: z.string().min(1) });
const examples = z.object({ upload_url: z.string(), upload_command: z.string() });
const pat = z.object({
  pat: z.object({ id: z.string(), expired_at: z.string() }),
  raw_token: z.string().startsWith('nomad_pat_'),
});

const jsonBody = (value: object): Uint8Array => Buffer.from(JSON.stringify(value));

function newPat(answer: HttpAnswer, attempted: string): NewPat {
  if (answer.status === 404)
    throw new IngestError('TOKEN_REJECTED', `${attempted}: the platform has none of that kind`, {
      hint: 'Personal access tokens came with NOMAD 1.4. Enrol an upload token instead: leave out --pat.',
    });
  const made = parsed(pat, answer, attempted);
  // Without a zone it is UTC (nomad/mongo/pat.py).
  const end = made.pat.expired_at;
  const expiresAt = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(end) ? end : `${end}Z`);
  return { token: new Secret(made.raw_token), id: made.pat.id, expiresAt };
}

/** A good answer of that form; its text is never repeated in an error, as it may hold a token. */
function parsed<T>(form: z.ZodType<T>, answer: HttpAnswer, attempted: string): T {
  if (answer.status >= 400) throw refusalOf(answer, attempted);
  const result = form.safeParse(jsonOf(answer.text));
  if (result.success) return result.data;
  throw notNomad({ ...answer, text: '' }, attempted);
}

function badLogin(user: string): IngestError {
  return new IngestError('TOKEN_REJECTED', `logging in at NOMAD as ${user}: wrong user name or password`, {
    hint: 'Try the same at the web page of the platform. An account that logs in through an institution has no password there: use --paste.',
  });
}
