/** Personal access tokens of 1.4. Facts: nomad/auth/pat/{application,domain,mongo_repository}.py, routers/auth.py. */
import { randomBytes } from 'node:crypto';
import { Refusal } from './answers.ts';

const DAY_MS = 86_400_000;
const LONGEST_DAYS = 365;
const SCOPES =
  /^(?:uploads:(?:read|write|publish|process|assign_doi|export|import)|info:read|users:read|tokens:\w+)$/;

export type Pat = {
  readonly id: string;
  readonly user: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly createdAt: number;
  readonly expiredAt: number;
  readonly raw: string;
  revoked: boolean;
};

/** What `POST /auth/pats` asks for. */
export type PatWish = {
  readonly name: string;
  readonly scopes: readonly string[];
  /** Undefined: 30; null: for ever, which the default settings forbid. */
  readonly days: number | null | undefined;
};

export function createPats() {
  const all = new Map<string, Pat>();
  const settings = { longestDays: LONGEST_DAYS };

  function create(user: string, { name, scopes, days = 30 }: PatWish): Pat {
    if (scopes.some((scope) => scope.startsWith('tokens:')))
      throw new Refusal(400, 'Personal access tokens are not allowed to operate on PATs.');
    const unknown = scopes.filter((scope) => !SCOPES.test(scope));
    if (scopes.length === 0 || unknown.length > 0)
      throw new Refusal(400, `Invalid scopes: ${unknown.join(', ')}`);
    if (days === null || days > settings.longestDays)
      throw new Refusal(400, `Infinite tokens are disabled. Max lifetime is ${settings.longestDays} days.`);
    if (days <= 0) throw new Refusal(400, 'Cannot create an already expired token.');
    const pat: Pat = {
      id: randomBytes(12).toString('hex'),
      ...{ user, name, scopes },
      createdAt: Date.now(),
      expiredAt: Date.now() + days * DAY_MS,
      raw: `nomad_pat_${randomBytes(32).toString('base64url')}`,
      revoked: false,
    };
    all.set(pat.id, pat);
    return pat;
  }

  function own(user: string, id: string): Pat {
    const pat = all.get(id);
    if (pat === undefined || pat.user !== user)
      throw new Refusal(404, 'Token not found or does not belong to the user.');
    return pat;
  }

  /** Revokes first, and creates then: when that fails the old one is dead already. */
  function rotate(user: string, id: string): Pat {
    const old = own(user, id);
    if (old.revoked || old.expiredAt <= Date.now())
      throw new Refusal(400, 'Cannot rotate an expired/revoked token.');
    old.revoked = true;
    const days = Math.floor((old.expiredAt - old.createdAt) / DAY_MS);
    return create(user, { name: old.name, scopes: old.scopes, days });
  }

  /** A dead or unknown one counts as nobody, without a word. */
  function alive(raw: string): Pat | undefined {
    const pat = [...all.values()].find((one) => one.raw === raw);
    return pat === undefined || pat.revoked || pat.expiredAt <= Date.now() ? undefined : pat;
  }

  return { create, own, rotate, alive, settings, all: () => [...all.values()] };
}

export function patJson({ id, name, scopes, revoked, createdAt, expiredAt }: Pat): object {
  return {
    ...{ id, name, scopes, revoked, description: null, last_used_at: null },
    created_at: new Date(createdAt).toISOString(),
    expired_at: new Date(expiredAt).toISOString(),
  };
}
