/** Personal access tokens of 1.4. Facts: nomad/auth/pat/{application,domain,mongo_repository}.py, routers/auth.py. */
import { randomBytes } from 'node:crypto';
import { Refusal } from './answers.ts';

const DAY_MS = 86_400_000;
export const PAT_PREFIX = 'nomad_pat_';

/** nomad/auth/scopes.py; `uploads_bundle:*` are old names that only existing tokens have. */
const SCOPES = new Set(
  `actions:read actions:run apps:read tokens:create tokens:read tokens:delete datasets:read datasets:write datasets:delete
  datasets:assign_doi entries:read entries:write federation:write graph:read groups:read groups:write groups:delete info:read
  materials:read metainfo:read north:read north:run schemas:read suggestions:read systems:read uploads:read uploads:write
  uploads:publish uploads:process uploads:assign_doi uploads:export uploads:import users:read users:invite
  external_optimade:read external_dcat:read external_h5grove:read`.split(/\s+/),
);

export type Pat = {
  readonly id: string;
  readonly user: string;
  readonly name: string;
  readonly description: string | null;
  readonly scopes: readonly string[];
  readonly createdAt: number;
  readonly expiredAt: number | null;
  readonly raw: string;
  lastUsedAt: number | null;
  revoked: boolean;
};

/** What `POST /auth/pats` asks for. */
export type PatWish = {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly description?: string | null | undefined;
  /** Undefined: 30; null: for ever, which the default settings forbid. */
  readonly days?: number | null | undefined;
};

export function createPats() {
  const all = new Map<string, Pat>();
  /** `auth.pat_max_lifetime`, `auth.pat_max_active_per_user`. */
  const settings: { longestDays: number | null; mostActive: number } = { longestDays: 365, mostActive: 100 };

  function create(user: string, { name, scopes, description = null, days = 30 }: PatWish): Pat {
    // The route looks at this one before the service does (routers/auth.py, create_pat_endpoint).
    if (scopes.length === 0) throw new Refusal(400, 'At least one scope must be selected.');
    checkWish(scopes, days, settings.longestDays);
    if (ofUser(user).filter(isActive).length >= settings.mostActive)
      throw new Refusal(400, `Maximum number of active PAT (${settings.mostActive}) reached.`);
    const pat: Pat = {
      id: randomBytes(12).toString('hex'),
      ...{ user, name, scopes, description },
      createdAt: Date.now(),
      expiredAt: days === null ? null : Date.now() + days * DAY_MS,
      raw: `${PAT_PREFIX}${randomBytes(32).toString('base64url')}`,
      lastUsedAt: null,
      revoked: false,
    };
    all.set(pat.id, pat);
    return pat;
  }

  const ofUser = (user: string): Pat[] => [...all.values()].filter((pat) => pat.user === user);

  function own(user: string, id: string): Pat {
    const pat = all.get(id);
    if (pat === undefined || pat.user !== user)
      throw new Refusal(404, 'Token not found or does not belong to the user.');
    return pat;
  }

  /** Revokes first, and creates then: when that fails the old one is dead already. */
  function rotate(user: string, id: string): Pat {
    const old = own(user, id);
    if (!isActive(old)) throw new Refusal(400, 'Cannot rotate an expired/revoked token.');
    old.revoked = true;
    const days = old.expiredAt === null ? null : Math.floor((old.expiredAt - old.createdAt) / DAY_MS);
    return create(user, { name: old.name, scopes: old.scopes, description: old.description, days });
  }

  /** A dead or unknown one counts as nobody, without a word. */
  function alive(raw: string): Pat | undefined {
    const pat = [...all.values()].find((one) => one.raw === raw);
    return pat !== undefined && isActive(pat) ? pat : undefined;
  }

  /** The user of a request that carries it; every one is noted. */
  function use(raw: string): string | undefined {
    const pat = alive(raw);
    if (pat !== undefined) pat.lastUsedAt = Date.now();
    return pat?.user;
  }

  return { create, own, rotate, alive, use, ofUser, settings, all: () => [...all.values()] };
}

const isActive = (pat: Pat): boolean =>
  !pat.revoked && (pat.expiredAt === null || pat.expiredAt >= Date.now());

/** domain.py, validate_creation: in this order. */
function checkWish(scopes: readonly string[], days: number | null, longest: number | null): void {
  if (days !== null && days <= 0) throw new Refusal(400, 'Cannot create an already expired token.');
  if (longest !== null && days === null)
    throw new Refusal(400, `Infinite tokens are disabled. Max lifetime is ${longest} days.`);
  if (longest !== null && days !== null && days > longest)
    throw new Refusal(
      400,
      `Requested lifetime (${days} days) exceeds the maximum allowed (${longest} days).`,
    );
  const unknown = [...new Set(scopes.filter((scope) => !SCOPES.has(scope)))].map((one) => `'${one}'`);
  if (unknown.length > 0) throw new Refusal(400, `Invalid scopes: {${unknown.join(', ')}}`);
  if (scopes.some((scope) => scope.startsWith('tokens:')))
    throw new Refusal(400, 'Personal access tokens are not allowed to operate on PATs.');
}

export function patJson({ id, name, scopes, description, revoked, ...times }: Pat): object {
  return {
    ...{ id, name, scopes, description, revoked },
    created_at: new Date(times.createdAt).toISOString(),
    expired_at: timeOf(times.expiredAt),
    last_used_at: timeOf(times.lastUsedAt),
  };
}

const timeOf = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

/** `GET /auth/pats`: what the query leaves, in the order it asks for (application.py, PATQuery). */
export function listPats(pats: readonly Pat[], query: URLSearchParams): Pat[] {
  const search = query.get('search')?.toLowerCase();
  const revoked = query.get('revoked');
  const state = query.get('state');
  const shown = pats.filter(
    (pat) =>
      (search === undefined || pat.name.toLowerCase().includes(search)) &&
      (revoked === null || pat.revoked === (revoked === 'true')) &&
      (state === null || isActive(pat) === (state === 'active')) &&
      within(pat.createdAt, query, 'created') &&
      within(pat.lastUsedAt, query, 'last_used') &&
      within(pat.expiredAt, query, 'expires'),
  );
  const [, by = 'created', direction = 'desc'] =
    /^(created|expires|last_used|name)_(asc|desc)$/.exec(query.get('order_by') ?? 'created_desc') ?? [];
  const keys: Readonly<Record<string, (pat: Pat) => string | number>> = {
    created: (pat) => pat.createdAt,
    expires: (pat) => pat.expiredAt ?? Number.POSITIVE_INFINITY,
    last_used: (pat) => pat.lastUsedAt ?? 0,
    name: (pat) => pat.name,
  };
  const key = keys[by] ?? ((pat) => pat.createdAt);
  shown.sort((a, b) => (key(a) < key(b) ? -1 : Number(key(a) > key(b))));
  return direction === 'desc' ? shown.toReversed() : shown;
}

function within(at: number | null, query: URLSearchParams, field: string): boolean {
  const [after, before] = [query.get(`${field}_after`), query.get(`${field}_before`)];
  if (after === null && before === null) return true;
  return (
    at !== null &&
    (after === null || at >= Date.parse(after)) &&
    (before === null || at <= Date.parse(before))
  );
}
