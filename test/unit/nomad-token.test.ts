import { assert, constantFrom, property, uuid } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { nomadOptions } from '../../src/destinations/nomad/options.ts';
import { checkTokenOwner, lastingToken, tokenFacts } from '../../src/destinations/nomad/token.ts';

const ID = '7d1c5f2e-0000-4000-8000-000000000000';
const tokenOf = (id: string, signature: number): Secret =>
  new Secret(`${Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url')}.${'s'.repeat(signature)}`);
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwtOf = (claims: object, head: object = { alg: 'HS256' }): Secret =>
  new Secret(`${part(head)}.${part(claims)}.c2lnbmF0dXJl`);
const PAT = new Secret(`nomad_pat_${'p'.repeat(43)}`);

describe('a token, read offline,', () => {
  it('gives back the user id an upload token was made of', () => {
    assert(
      property(uuid(), constantFrom(27, 43), (id, length) => {
        expect(tokenFacts(tokenOf(id, length)).userId).toBe(id);
      }),
    );
  });

  it('tells its kind, its generation, whose it is and when it ends', () => {
    expect(tokenFacts(tokenOf(ID, 27))).toEqual({ kind: 'upload', generation: 'v1.3', userId: ID });
    expect(tokenFacts(tokenOf(ID, 43))).toEqual({ kind: 'upload', generation: 'v1.4', userId: ID });
    expect(tokenFacts(PAT)).toEqual({ kind: 'pat', generation: 'v1.4' });
    expect(tokenFacts(jwtOf({ user: ID, exp: 2 }))).toEqual({ kind: 'app', userId: ID, expiresAt: 2000 });
    expect(
      tokenFacts(jwtOf({ sub: ID, exp: 3, azp: 'nomad_public' }, { alg: 'RS256', kid: 'k' })),
    ).toMatchObject({ kind: 'access', userId: ID, expiresAt: 3000 });
  });

  it("is refused when it is another account's, and not shown", () => {
    const token = tokenOf(ID, 27);

    expect(() => checkTokenOwner(token, ID.toUpperCase(), 'mueller')).not.toThrow();
    expect(() => checkTokenOwner(token, '00000000-0000-4000-8000-000000000000', 'mueller')).toThrow(
      `the token of mueller belongs to user ${ID}`,
    );
    expect(() => checkTokenOwner(PAT, ID, 'mueller')).not.toThrow();
  });

  it('is refused for deliveries when it is the short-lived one of a login, or has ended', () => {
    expect(() => lastingToken(jwtOf({ sub: ID }), 0)).toThrow('ends within hours');
    expect(() => lastingToken(jwtOf({ user: ID, exp: 2 }), 2000)).toThrow(
      'has ended (1970-01-01T00:00:02.000Z)',
    );
    expect(lastingToken(jwtOf({ user: ID, exp: 2 }), 1999).kind).toBe('app');
    expect(lastingToken(PAT, 5000).kind).toBe('pat');
  });

  it.each([
    '',
    'abc',
    'abc.def',
    'nomad_pat_0123456789',
    'eyJhbGciOi.eyJ1c2VyIjoi.c2ln',
    `${'A'.repeat(22)}.short`,
  ])('is refused when it does not look like one of NOMAD: %s', (text) => {
    expect(() => tokenFacts(new Secret(text))).toThrow('does not look like one');
  });
});

const parse = (block: object): boolean =>
  nomadOptions.safeParse({ kind: 'nomad', base_url: 'https://n.example.org/api/v1', ...block }).success;

describe('the options of a NOMAD destination', () => {
  it('have a container template that keeps owners apart and has no unknown part', () => {
    expect(parse({ container: '{owner}' })).toBe(true);
    expect(parse({ container: 'x {owner} {month}' })).toBe(true);
    expect(parse({ container: 'all of us' })).toBe(false);
    expect(parse({ container: '{owner} {week}' })).toBe(false);
    expect(parse({ container: '{owner} {' })).toBe(false);
  });

  it('refuse a URL that is not of an API, or carries more than an address', () => {
    expect(parse({ base_url: 'https://n.example.org/nomad-oasis/api/v1/' })).toBe(true);
    expect(parse({ base_url: 'https://n.example.org/nomad-oasis/gui' })).toBe(false);
    expect(parse({ base_url: 'https://u:p@n.example.org/api/v1' })).toBe(false);
    expect(parse({ base_url: 'https://n.example.org/api/v1?token=x' })).toBe(false);
    expect(parse({ base_url: 'ftp://n.example.org/api/v1' })).toBe(false);
  });
});
