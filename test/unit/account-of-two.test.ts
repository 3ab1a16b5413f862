import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refuseSharedAccount, type SharingParts } from '../../src/app/account-of-two.ts';
import { IngestError } from '../../src/core/errors.ts';
import { destinationName, type OwnerId } from '../../src/core/ids.ts';
import { Secret } from '../../src/core/secret.ts';

const ACCOUNTS = [
  '11111111-1111-4111-8111-111111111111',
  '22222222-2222-4222-8222-222222222222',
  '33333333-3333-4333-8333-333333333333',
];
const OWNERS = ['ada', 'ben', 'cho'] as const;

/** What an owner has: a token of an account that the platform takes or not, known by its enrolment or not. */
type Has = {
  readonly account: number;
  readonly kind: 'upload' | 'app' | 'pat' | 'none';
  readonly isGood: boolean;
  readonly isEnrolled: boolean;
  readonly configured: boolean;
};

const has: fc.Arbitrary<Has> = fc.record({
  account: fc.nat(ACCOUNTS.length - 1),
  kind: fc.constantFrom('upload', 'app', 'pat', 'none'),
  isGood: fc.boolean(),
  isEnrolled: fc.boolean(),
  configured: fc.boolean(),
});

const accountOf = ({ account }: Has): string => ACCOUNTS[account] ?? '';

/** An account has one good upload token and any number of good bearers. */
function tokenText({ kind, isGood, ...of }: Has, nonce: string): string {
  const account = accountOf({ kind, isGood, ...of });
  const id = Buffer.from(account.replaceAll('-', ''), 'hex').toString('base64url');
  const json = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  if (kind === 'upload') return `${id}.${(isGood ? id : nonce).repeat(3).slice(0, 43)}`;
  if (kind === 'app') return `${json({})}.${json({ user: account, exp: 4e9 })}.${nonce}`;
  return `nomad_pat_${nonce.repeat(3).slice(0, 43)}`;
}

/** The owners with their tokens, as the deliveries find them. */
function lab(all: readonly Has[]): { readonly held: (at: number) => Promise<boolean> } {
  const tokens = all.map((one) => tokenText(one, randomBytes(18).toString('hex')));
  const owners = OWNERS.map((id, at) => {
    const one = all[at] as Has;
    const userId = one.configured ? { userId: accountOf(one) } : {};
    return { id, tokens: { nomad: { token: id, ...userId } } };
  });
  const indexOf = (name: string): number => OWNERS.indexOf(name as (typeof OWNERS)[number]);
  const parts = {
    config: { mapping: { owners, collector: { tokens: {} } } },
    ledger: {
      knownContainers: { accountOf: () => undefined },
      credentials: {
        learned: () => undefined,
        find: (name: string) => {
          const one = all[indexOf(name)];
          return one?.isEnrolled === true ? { userId: accountOf(one) } : undefined;
        },
      },
    },
    store: {
      token: async (name: string) => {
        if (all[indexOf(name)]?.kind !== 'none') return new Secret(tokens[indexOf(name)] ?? '');
        throw new IngestError('TOKEN_MISSING', 'none', { hint: 'none' });
      },
    },
    isTaken: async (token: Secret) => all.some((one, at) => one.isGood && tokens[at] === token.reveal()),
  } as unknown as SharingParts;
  return {
    held: async (at) => {
      if (all[at]?.kind === 'none') return true;
      try {
        await refuseSharedAccount(
          parts,
          { owner: OWNERS[at] as unknown as OwnerId, destination: destinationName('nomad') },
          new Secret(tokens[at] ?? ''),
        );
        return false;
      } catch (thrown) {
        if (thrown instanceof IngestError) return true;
        throw thrown;
      }
    },
  };
}

/** Its account is told by the token or was by its enrolment, or folders.yaml names it. */
const isKnown = ({ kind, isEnrolled }: Has): boolean => kind === 'upload' || kind === 'app' || isEnrolled;

describe('an account', () => {
  it('gets data of one owner at most, of all whose tokens the platform takes and that are known to open it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(has, { minLength: 3, maxLength: 3 }), async (all) => {
        const { held } = lab(all);
        const going = new Map<string, number>();
        for (const [at, one] of all.entries()) {
          if (one.kind === 'none' || !one.isGood || !isKnown(one) || (await held(at))) continue;
          going.set(accountOf(one), (going.get(accountOf(one)) ?? 0) + 1);
        }
        for (const count of going.values()) expect(count).toBe(1);
      }),
      { numRuns: 2000 },
    );
  });

  it('is not kept from its owner by a token that only looks like one of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(has, { minLength: 3, maxLength: 3 }), async ([mine, ...others]) => {
        const own = { ...(mine as Has), kind: 'upload', isGood: true } as const;
        const lookalikes = others.map((one) => ({
          ...one,
          ...{ isGood: false, isEnrolled: false, configured: false },
        }));

        expect(await lab([own, ...lookalikes]).held(0)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('that folders.yaml says is of one owner is kept from every other, also before that owner has a token', async () => {
    const ben = { account: 0, kind: 'none', isGood: false, isEnrolled: false, configured: true } as const;
    const ada = { ...ben, kind: 'upload', isGood: true, isEnrolled: true, configured: false } as const;
    const cho = { ...ada, account: 1 };

    const { held } = lab([ada, ben, cho]);

    expect([await held(0), await held(2)]).toEqual([true, false]);
  });

  it('that the platform told is of one owner is kept from a token put in place later, also while it refuses the first', async () => {
    const ben = { account: 0, kind: 'pat', isGood: false, isEnrolled: true, configured: false } as const;
    const ada = { ...ben, kind: 'upload', isGood: true, isEnrolled: false } as const;

    expect(await lab([ada, ben, { ...ada, account: 1 }]).held(0)).toBe(true);
  });
});
