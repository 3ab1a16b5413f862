/** Users and credentials. Facts: nomad/app/v1/routers/auth.py (v1.3.10), nomad/auth/tokens.py (1.4). */
import { createHmac } from 'node:crypto';
import { Refusal } from './answers.ts';
import type { Generation, Received, UserName, Visit } from './model.ts';
import { createPats, PAT_PREFIX } from './pats.ts';

export const USERS: Readonly<Record<UserName, string>> = {
  alice: '00000001-0000-0000-0000-000000000000',
  bob: '00000002-0000-0000-0000-000000000000',
  collector: '00000003-0000-0000-0000-000000000000',
  admin: '00000004-0000-0000-0000-000000000000',
  ...Object.fromEntries(
    Array.from({ length: 60 }, (_, at) => {
      const number = String(at + 1);
      return [`user${number}`, `000001${number.padStart(2, '0')}-0000-0000-0000-000000000000`];
    }),
  ),
};
export const PASSWORD = 'pw';

export function userIdOf(name: UserName): string {
  const id = USERS[name];
  if (id === undefined) throw new Error(`the test server has no user ${name}`);
  return id;
}
const isUserId = (id: string): boolean => Object.values(USERS).includes(id);
export const idOfUser = (text: string): string | undefined =>
  Object.entries(USERS).find((pair) => pair.includes(text))?.[1];

/** The user id in the first half of an upload token. */
function uuidOf(first: string): string | undefined {
  const hex = Buffer.from(first, 'base64url').toString('hex');
  return /^(\w{8})(\w{4})(\w{4})(\w{4})(\w{12})$/.exec(hex)?.slice(1).join('-');
}

function claimsOf(payload: string): { user: string; exp: number } | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    if (typeof claims !== 'object' || claims === null || !('user' in claims) || !('exp' in claims))
      return undefined;
    return { user: String(claims.user), exp: Number(claims.exp) };
  } catch {
    return undefined;
  }
}

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export type Auth = ReturnType<typeof createAuth>;

/** A user management that does not answer; 'remembered': bearers of users that were seen before are taken all the same. */
export type Outage = boolean | 'remembered';

/** Makes and checks tokens. */
export function createAuth(generation: Generation, secret: () => string, outage: () => Outage) {
  const isOld = generation === 'v1.3';
  const challenge = { 'www-authenticate': 'Bearer' };
  const pats = createPats();
  const remembered = new Set<string>();

  /** base64url(16 bytes of the user id) '.' base64url(HMAC over them): SHA-1 before 1.4, SHA-256 since. */
  function uploadToken(userId: string): string {
    const bytes = Buffer.from(userId.replaceAll('-', ''), 'hex');
    const mac = createHmac(isOld ? 'sha1' : 'sha256', secret())
      .update(bytes)
      .digest('base64url');
    return `${bytes.toString('base64url')}.${mac}`;
  }

  function userOfUploadToken(token: string | null | undefined): string | undefined {
    if (token === null || token === undefined || token === '') return undefined;
    const bad = isOld
      ? new Refusal(401, 'A invalid upload token was supplied.')
      : new Refusal(401, 'An invalid upload token was supplied.', challenge);
    const [first = '', ...rest] = token.split('.');
    if (rest.length !== 1) throw bad;
    const id = uuidOf(first);
    const isSigned = id !== undefined && uploadToken(id) === token;
    // A wrong signature: v1.3 goes on as anonymous (recorded), 1.4 says so (tokens.py, get_user_from_upload_token).
    if (!isSigned && isOld) return undefined;
    // Any exception of the user look-up is reported as a bad token (recorded: user management is down).
    if (!isSigned || !isUserId(id) || outage() !== false) throw bad;
    return id;
  }

  function sign(user: string, seconds: number): string {
    const exp = Math.floor(Date.now() / 1000) + seconds;
    const text = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded({ user, exp })}`;
    return `${text}.${createHmac('sha256', secret()).update(text).digest('base64url')}`;
  }

  function userOfBearer(header: string | undefined): string | undefined {
    if (header === undefined) return undefined;
    const token = header.replace(/^Bearer\s+/i, '');
    const user = !isOld && token.startsWith(PAT_PREFIX) ? pats.use(token) : userOfKeycloak(token);
    // A dead or unknown PAT is nobody, without a distinct message.
    if (user === undefined) return undefined;
    // datamodel.User.get keeps its answers for a day (both generations); that of an upload token is not asked of it.
    const isUnknown = outage() === true || (outage() === 'remembered' && !remembered.has(user));
    if (isUnknown && isOld) throw new Refusal(401, 'You are logged in with an unknown user');
    if (isUnknown) throw new Refusal(500, 'Failed to verify authenticated user');
    remembered.add(user);
    return user;
  }

  function userOfKeycloak(token: string): string {
    const user = isUserId(token) ? token : userOfJwt(token);
    if (user !== undefined) return user;
    throw new Refusal(401, 'Could not validate credentials. The given token is invalid.', challenge);
  }

  /** An app or signature token: its payload has exactly `user` and `exp` (tokens.py, get_user_from_simple_token). */
  function userOfJwt(token: string): string | undefined {
    const [head, payload, mac] = token.split('.');
    const claims = payload === undefined ? undefined : claimsOf(payload);
    if (claims === undefined) return undefined;
    const signed = createHmac('sha256', secret()).update(`${head}.${payload}`).digest('base64url');
    if (mac !== signed && isOld) return undefined;
    if (mac !== signed) throw new Refusal(401, 'Invalid token.', challenge);
    if (claims.exp * 1000 <= Date.now()) throw new Refusal(401, 'Expired token.', isOld ? {} : challenge);
    return claims.user;
  }

  /** The user of a request, or undefined for an anonymous one. A bad bearer beats a good upload token. */
  function userOf(visit: Visit, takesUploadToken: boolean): string | undefined {
    const bearer = userOfBearer(visit.incoming.headers.authorization);
    if (bearer !== undefined || !takesUploadToken) return bearer;
    const header = visit.incoming.headers['upload-token'];
    return userOfUploadToken(isOld ? visit.seen.query.get('token') : String(header ?? ''));
  }

  /**
   * v1.4 (routers/auth.py, _resolve_user_with_scopes): a personal access token opens what its scopes say, an app token
   * everything but `tokens:*`, an upload token `uploads:*`, a login everything.
   */
  function requireScopes(visit: Visit, scopes: readonly string[]): void {
    if (isOld) return;
    const token = (visit.incoming.headers.authorization ?? '').replace(/^Bearer\s+/i, '');
    const own = pats.alive(token)?.scopes;
    const isApp = token.split('.').length === 3;
    const missing = scopes.filter(
      (scope) => !(own?.includes(scope) ?? !(isApp && scope.startsWith('tokens:'))),
    );
    if (missing.length === 0) return;
    const named = [...missing].sort().map((one) => `'${one}'`);
    throw new Refusal(403, `Missing scopes: [${named.join(', ')}]`);
  }

  function requireUser(visit: Visit, takesUploadToken: boolean, ...scopes: readonly string[]): string {
    const user = userOf(visit, takesUploadToken);
    if (user !== undefined) {
      const implied = takesUploadToken ? 'uploads:write' : 'uploads:read';
      requireScopes(visit, scopes.length > 0 ? scopes : [implied]);
      return user;
    }
    if (isOld) throw new Refusal(401, 'Authorization required.');
    throw new Refusal(401, 'Authentication required.', challenge);
  }

  /** Of a call that anonymous callers may make too. */
  function readerOf(visit: Visit): string | undefined {
    const user = userOf(visit, false);
    if (user !== undefined) requireScopes(visit, ['uploads:read']);
    return user;
  }

  /** Whose credential a request carries, without judging it. */
  function userOfRequest({ query, headers }: Received): string | undefined {
    const token = isOld ? query.get('token') : headers['upload-token'];
    if (typeof token === 'string') return uuidOf(token.split('.')[0] ?? '');
    const bearer = (headers.authorization ?? '').replace(/^Bearer\s+/i, '');
    return pats.alive(bearer)?.user ?? claimsOf(bearer.split('.')[1] ?? '')?.user;
  }

  return { uploadToken, sign, readerOf, requireUser, userOfRequest, pats };
}
