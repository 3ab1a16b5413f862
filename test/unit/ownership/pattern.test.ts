import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { matchesSegment, readings, readSegment } from '../../../src/ownership/match-segment.ts';
import { parseTemplate } from '../../../src/ownership/parse-template.ts';

const tokens = (segment: string) => parseTemplate(segment).segments[0] ?? [];
const matches = (segment: string, name: string) => matchesSegment(tokens(segment), name);
const read = (segment: string, name: string) => readSegment(tokens(segment), name);

describe('a part with a pattern', () => {
  test.each([
    [String.raw`{s:/S\d+/}`, 'S12', true],
    [String.raw`{s:/S\d+/}`, 'S', false],
    [String.raw`{s:/S\d+/}`, 'xS12', false],
    [String.raw`{s:/S\d{2,3}/}_*`, 'S1234_x', false],
    [String.raw`{s:/S\d{2,3}/}_*`, 'S123_x', true],
    [String.raw`{s:/[A-Z][^_]*/}_{n:number}`, 'Zn-O_17', true],
    [String.raw`{s:/(?:ZnO|GaN)-?\d?/}`, 'GaN-3', true],
    [String.raw`{s:/(?:ZnO|GaN)-?\d?/}`, 'GaN-33', false],
    [String.raw`{s:/.{2}/}`, '😀\udc80', true],
    [String.raw`{s:/\D\W\S/}`, 'a-b', true],
    [String.raw`{s:/[\d-]+/}`, '20-3', true],
    ['{kind:raw|processed}', 'raw', true],
    ['{kind:raw|processed}', 'rawprocessed', false],
    ['{kind:raw|processed}-*', 'processed-1', true],
    ['{kind:raw|processed}', 'RAW', false],
  ])('%s on %s matches: %s', (segment, name, expected) => {
    expect(matches(segment, name)).toBe(expected);
  });

  it('is a part of the path wherever the slashes of the pattern stand', () => {
    const { segments, texts, deep } = parseTemplate(String.raw`{instrument}/{sample:/S\d+/}/{owner}/**`);

    expect(texts).toEqual(['{instrument}', String.raw`{sample:/S\d+/}`, '{owner}']);
    expect([segments.length, deep]).toEqual([3, true]);
  });

  it('takes as many characters as leave the rest fitting', () => {
    expect(read(String.raw`{s:/S\d+/}*`, 'S123x')).toEqual([['s', 'S123']]);
    expect(read(String.raw`{s:/S\d+/}{n:/\d/}`, 'S123')).toEqual([
      ['s', 'S12'],
      ['n', '3'],
    ]);
    expect(read('{k:raw|raw2}{rest}', 'raw2x')).toEqual([
      ['k', 'raw2'],
      ['rest', 'x'],
    ]);
  });

  it('leaves every reading of the owner before it to be looked up', () => {
    expect(readings(tokens(String.raw`{owner}_{s:/.*\d/}`), 'a_b_1', 'owner', 100)).toEqual(['a', 'a_b']);
  });

  test.each([
    ['{s://}', 'is empty'],
    ['{s:/a*/}', 'can be empty'],
    [String.raw`{s:/(a)\1/}`, String.raw`'\1' is not supported`],
    ['{s:/(?=a)b/}', "'(?' is only supported as '(?:'"],
    ['{s:/^a$/}', "'^' is not needed"],
    ['{s:/a+?/}', 'one repeat behind another'],
    ['{s:/a{65}/}', 'more than 64 times'],
    ['{s:/((a{64}){64}){64}/}', 'too large'],
    ['{s:/(((a{0,64}){0,64}){0,64}){0,64}b/}', 'too large'],
    [String.raw`{s:/a\/}`, "'\\' at its end"],
    ['{s:/(a/}', "'(' without its ')'"],
    ['{s:/[a/}', "'[' without its ']'"],
    ['{s:/[z-a]/}', 'a range that makes no sense'],
    ['{s:/a)/}', "')' without its '('"],
    ['{s:/{2}/}', 'nothing before it'],
    ['{k:raw|}', "between '|' is empty"],
    ['{k:raw*|x}', 'compared exactly'],
    ['{owner:/a|b/}', 'write {owner}'],
    ['{a:raw|x', 'without its other half'],
  ])('%s is refused: %s', (segment, words) => {
    expect(() => parseTemplate(segment)).toThrow(words);
  });
});

/** Patterns as people write them, from the pieces that are supported. */
const pattern: fc.Arbitrary<string> = fc.letrec<{ one: string; many: string }>((tie) => ({
  one: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', String.raw`\d`, String.raw`\w`, '-', '[0-3a]'),
    tie('many').map((inner) => `(${inner})`),
    fc.tuple(tie('many'), tie('many')).map(([left, right]) => `(?:${left}|${right})`),
  ),
  many: fc
    .array(fc.tuple(tie('one'), fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,2}')), {
      minLength: 1,
      maxLength: 2,
    })
    .map((pieces) => pieces.flat().join('')),
})).many;

const name = fc
  .array(fc.constantFrom('a', 'b', '1', '7', '-', '_', '😀', 'ü'), { maxLength: 5 })
  .map((all) => all.join(''));

describe('patterns', () => {
  test('match what the regular expressions of the language match', () => {
    fc.assert(
      fc.property(pattern, name, (source, text) => {
        fc.pre(!new RegExp(`^(?:${source})$`, 'u').test('') && text !== '');

        expect(matches(`{part:/${source}/}`, text)).toBe(new RegExp(`^(?:${source})$`, 'u').test(text));
      }),
      { numRuns: 1000 },
    );
  });

  test('read a part so that the segment put together again is the name', () => {
    fc.assert(
      fc.property(pattern, name, name, (source, left, right) => {
        fc.pre(!new RegExp(`^(?:${source})$`, 'u').test(''));
        const found = read(`{x}+{part:/${source}/}`, `${left}+${right}`);

        if (found === undefined) return;
        const [[, x] = ['', ''], [, part] = ['', '']] = found;
        expect(`${x}+${part}`).toBe(`${left}+${right}`);
        expect(part).toMatch(new RegExp(`^(?:${source})$`, 'u'));
      }),
    );
  });

  it('that make other engines hang go through the longest name at once', () => {
    const template = tokens('{s:/(a+)+(a|aa)*(.*)*b/}*{t:/(a*)*(a|a)*c/}');
    let work = 0;
    const counted = new Proxy(new String('a'.repeat(255)), {
      get: (target, key) => {
        if (key === 'codePointAt') work += 1;
        const value: unknown = Reflect.get(target, key);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    }) as unknown as string;

    expect(matchesSegment(template, counted)).toBe(false);
    expect(work).toBeGreaterThan(100);
    expect(work).toBeLessThan(10_000);
  });
});
