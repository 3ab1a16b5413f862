import { z } from 'zod';
import { IngestError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';

/** The two generations in the field: v1.3 takes an upload token as `?token=`, v1.4 and 2.x as a header `Upload-Token`. */
export type Generation = 'v1.3' | 'v1.4';

/**
 * The kinds of token that NOMAD gives out. `upload`: persistent, write-only, one per user. `pat`: a personal access
 * token with named scopes (v1.4). `app`: a bearer of up to 30 days, called deprecated by v1.4. `access`: what a login
 * answers with; good for hours, so never kept.
 */
export type TokenKind = 'upload' | 'pat' | 'app' | 'access';

/** What a token says by itself, offline. */
export type TokenFacts = {
  readonly kind: TokenKind;
  /** The generation that made it; undefined: both make such tokens. */
  readonly generation?: Generation;
  /** The platform's user id (a UUID) of its owner; undefined: only the platform knows (`pat`). */
  readonly userId?: string;
  /** ms since 1970; undefined: it never ends (`upload`), or only the platform knows (`pat`). */
  readonly expiresAt?: number;
};

/** base64url(16 bytes of the user id) '.' base64url(HMAC): SHA-1 has 27 characters, SHA-256 43 (nomad auth sources). */
const UPLOAD = /^([A-Za-z0-9_-]{22})\.(?:[A-Za-z0-9_-]{27}|[A-Za-z0-9_-]{43})$/;
const LONG = 66;
/** nomad/auth/pat/domain.py, 1.4. */
const PAT = /^nomad_pat_[A-Za-z0-9_-]{43}$/;
const JWT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+$/;

/** What can be read of a token without asking anybody; TOKEN_REJECTED when it is none of NOMAD. */
export function tokenFacts(token: Secret): TokenFacts {
  const text = token.reveal();
  const facts = PAT.test(text) ? PAT_FACTS : (uploadFacts(text) ?? bearerFacts(text));
  if (facts !== undefined) return facts;
  throw new IngestError('TOKEN_REJECTED', 'reading a token: it does not look like one of NOMAD', {
    hint: 'Enrol it anew: `nightjar token enrol OWNER`, or copy the upload token from "command line upload" on the uploads page of the platform.',
    context: { length: text.length },
  });
}

const PAT_FACTS: TokenFacts = { kind: 'pat', generation: 'v1.4' };

function uploadFacts(text: string): TokenFacts | undefined {
  const id = UPLOAD.exec(text)?.[1];
  if (id === undefined) return undefined;
  const hex = Buffer.from(id, 'base64url').toString('hex');
  const userId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return { kind: 'upload', generation: text.length === LONG ? 'v1.4' : 'v1.3', userId };
}

const appClaims = z.strictObject({ user: z.string(), exp: z.number() });
const accessClaims = z.object({ sub: z.string(), exp: z.number().optional() });

/** Both bearers are JWTs: an app token's payload has exactly `user` and `exp`, a login's has a subject. */
function bearerFacts(text: string): TokenFacts | undefined {
  const payload = jsonOf(JWT.exec(text)?.[2]);
  const app = appClaims.safeParse(payload);
  if (app.success) return { kind: 'app', userId: app.data.user, expiresAt: app.data.exp * 1000 };
  const access = accessClaims.safeParse(payload);
  if (!access.success) return undefined;
  const { sub, exp } = access.data;
  return { kind: 'access', userId: sub, ...(exp === undefined ? {} : { expiresAt: exp * 1000 }) };
}

function jsonOf(base64url: string | undefined): unknown {
  if (base64url === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(base64url, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

/**
 * The facts of a token that may be kept and delivered with; TOKEN_REJECTED for a login's access token, which is good
 * for hours only, and for one that has ended by `now` (ms since 1970).
 */
export function lastingToken(token: Secret, now: number): TokenFacts {
  const facts = tokenFacts(token);
  if (facts.kind === 'access')
    throw new IngestError(
      'TOKEN_REJECTED',
      'the token is the access token of a login, which ends within hours',
      {
        hint: 'Enrol a lasting one: `nightjar token enrol OWNER` makes an upload token out of a login.',
      },
    );
  if (facts.expiresAt === undefined || facts.expiresAt > now) return facts;
  const ended = new Date(facts.expiresAt).toISOString();
  throw new IngestError('TOKEN_REJECTED', `the ${KIND_WORDS[facts.kind]} has ended (${ended})`, {
    hint: 'Enrol a new one: `nightjar token enrol OWNER`.',
  });
}

/**
 * Whether a refusal is the token's own fault when another token is taken in the same moment. The user of an upload token
 * is asked for at each use; that of a bearer the platform remembers for a day (`datamodel.User.get`, both generations), and takes it
 * while its user management is down. Of two personal access tokens it does not matter: v1.4 answers that with 500.
 */
export function isProofAgainst(refused: TokenKind | undefined, taken: TokenKind | undefined): boolean {
  return taken === 'upload' || (taken === 'pat' && refused === 'pat');
}

/** The kinds for a person. */
export const KIND_WORDS: Readonly<Record<TokenKind, string>> = {
  upload: 'upload token',
  pat: 'personal access token',
  app: 'app token',
  access: 'access token',
};

/** Refuses (TOKEN_REJECTED) a token that says that it belongs to another account than the one configured. */
export function checkTokenOwner(token: Secret, userId: string, owner: string): void {
  const actual = tokenFacts(token).userId?.toLowerCase();
  if (actual === undefined || actual === userId.trim().toLowerCase()) return;
  throw new IngestError(
    'TOKEN_REJECTED',
    `the token of ${owner} belongs to user ${actual}, not to ${userId}`,
    {
      hint: `Enrol the token of user ${userId} for ${owner}, or correct user_id in the folder mapping. Nothing was sent.`,
      context: { owner, userId, actual },
    },
  );
}

/** TOKEN_REJECTED for the platform's administrator: such a token could make the server read its own files. */
export function refuseAdmin(adminUserIds: readonly string[], userId: string | undefined): void {
  if (userId === undefined || !adminUserIds.includes(userId.toLowerCase())) return;
  throw new IngestError(
    'TOKEN_REJECTED',
    `the token belongs to the administrator of the platform (${userId})`,
    {
      hint: 'A token of that account can do anything on the platform, so it never belongs in a daemon: enrol an ordinary account.',
      context: { userId },
    },
  );
}
