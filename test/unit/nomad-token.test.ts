import { assert, constantFrom, property, uuid } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { nomadOptions } from '../../src/destinations/nomad/options.ts';
import { checkTokenOwner, tokenGeneration, tokenOwnerId } from '../../src/destinations/nomad/token.ts';

const tokenOf = (id: string, signature: number): Secret =>
  new Secret(`${Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url')}.${'s'.repeat(signature)}`);

describe('an upload token, read offline,', () => {
  it('gives back the user id it was made of', () => {
    assert(
      property(uuid(), constantFrom(27, 43), (id, length) => {
        expect(tokenOwnerId(tokenOf(id, length))).toBe(id);
      }),
    );
  });

  it('tells the generation by its length', () => {
    const id = '7d1c5f2e-0000-4000-8000-000000000000';

    expect(tokenGeneration(tokenOf(id, 27))).toBe('v1.3');
    expect(tokenGeneration(tokenOf(id, 43))).toBe('v1.4');
  });

  it("is refused when it is another account's, and not shown", () => {
    const token = tokenOf('7d1c5f2e-0000-4000-8000-000000000000', 27);

    expect(() => checkTokenOwner(token, '7D1C5F2E-0000-4000-8000-000000000000', 'mueller')).not.toThrow();
    expect(() => checkTokenOwner(token, '00000000-0000-4000-8000-000000000000', 'mueller')).toThrow(
      'the token of mueller belongs to user 7d1c5f2e-0000-4000-8000-000000000000',
    );
  });

  it.each([
    '',
    'abc',
    'abc.def',
    'nomad_pat_0123456789',
    'eyJhbGciOi.eyJ1c2VyIjoi.c2ln',
    `${'A'.repeat(22)}.short`,
  ])('is refused when it does not look like one: %s', (text) => {
    expect(() => tokenOwnerId(new Secret(text))).toThrow('does not look like one');
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
