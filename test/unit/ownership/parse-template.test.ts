import { describe, expect, test } from 'vitest';
import { matchesSegment, readings, readSegment } from '../../../src/ownership/match-segment.ts';
import { parseTemplate } from '../../../src/ownership/parse-template.ts';

const tokens = (segment: string) => parseTemplate(segment).segments[0] ?? [];
const matches = (segment: string, name: string) => matchesSegment(tokens(segment), name);
const read = (segment: string, name: string) => readSegment(tokens(segment), name);

describe('a segment of a template', () => {
  test.each([
    ['XRD', 'XRD', true],
    ['XRD', 'xrd', false],
    ['XRD', 'XRD2', false],
    ['*', 'anything', true],
    ['a*', 'a', true],
    ['*a*', 'bab', true],
    ['*a*b', 'aab', true],
    ['*a*b', 'aba', false],
    ['?', 'x', true],
    ['?', 'xy', false],
    ['?', '😀', true],
    ['??', '😀', false],
    ['?', '\udc80', true],
    ['{x}', 'a', true],
    ['a{x}', 'a', false],
    ['run{n:number}', 'run12', true],
    ['run{n:number}', 'run', false],
    ['run{n:number}', 'run1a', false],
    ['.+(a|b)[c]^$', '.+(a|b)[c]^$', true],
    ['.+(a|b)[c]^$', 'xa', false],
  ])('%s on %s matches: %s', (segment, name, expected) => {
    expect(matches(segment, name)).toBe(expected);
  });

  test.each([
    ['{date:yyyyMMdd}', '20260228', true],
    ['{date:yyyyMMdd}', '20260229', false],
    ['{date:yyyyMMdd}', '20240229', true],
    ['{date:yyyyMMdd}', '20001301', false],
    ['{date:yyyyMMdd}', '12345678', false],
    ['{date:yyyyMMdd}', '2026022', false],
    ['{date:yyyyMMdd}', '202602281', false],
    ['{date:yyyy-MM-dd}', '2026-04-31', false],
    ['{date:yyyy-MM-dd}', '2026-04-30', true],
    ['{date:yyMMdd}', '230229', false],
    ['{date:dd.MM}', '29.02', true],
    ['{day:yyyyMMddTHHmmss}', '20260101T235959', true],
    ['{day:yyyyMMddTHHmmss}', '20260101T240000', false],
  ])('the date %s on %s matches: %s', (segment, name, expected) => {
    expect(matches(segment, name)).toBe(expected);
  });

  test('parts are as short as they can be, and a number is all of its digits', () => {
    expect(read('{a}_{b}', 'x_y_z')).toEqual([
      ['a', 'x'],
      ['b', 'y_z'],
    ]);
    expect(read('{name}_{date:yyyyMMdd}_*', 'jan_b_20260131_x')).toEqual([
      ['name', 'jan_b'],
      ['date', '20260131'],
    ]);
    expect(read('run{n:number}*', 'run123b')).toEqual([['n', '123']]);
    expect(read('{a}*', '😀x')).toEqual([['a', '😀']]);
    expect(read('{a}-x', 'b-y')).toBeUndefined();
  });

  test('every reading of a part is found, and none cuts a character in half', () => {
    expect(readings(tokens('{owner}_*'), 'a_b_c', 'owner', 99)).toEqual(['a', 'a_b']);
    expect(readings(tokens('*{owner}*'), '😀', 'owner', 99)).toEqual(['😀']);
    expect(readings(tokens('*_{owner}_{date:yyyyMMdd}'), 'x_y_20260101', 'owner', 99)).toEqual(['y']);
    expect(readings(tokens('{owner}*'), 'abcdef', 'owner', 2)).toEqual(['a', 'ab']);
    expect(readings(tokens('x{owner}'), 'abc', 'owner', 99)).toEqual([]);
  });
});

describe('hostile names', () => {
  const long = 60_000;

  test.each([
    ['*a*a*a*a*a*a*b', 'a'.repeat(long)],
    ['{a}a{b}a{c}a{d}a{e}b', 'a'.repeat(long)],
    ['*{n:number}*x{m:number}y', '1'.repeat(long)],
    ['*{d:yyyyMMdd}*{e:yyyyMMdd}?', '20260101'.repeat(long / 8)],
    ['??*??*??*z', '😀'.repeat(long / 2)],
  ])('%s is answered in time that grows with the name, not faster', (segment, name) => {
    const begun = process.threadCpuUsage();

    const answer = matches(segment, name);

    // Backtracking would need more than the age of the universe here; the bound only has to be far below that.
    expect(process.threadCpuUsage(begun).user).toBeLessThan(2_000_000);
    expect(answer).toBe(segment.endsWith('?') ? false : name.endsWith(segment.at(-1) ?? ''));
  });
});

describe('a template', () => {
  test('ends in ** or does not', () => {
    expect(parseTemplate('a/{b}/**')).toMatchObject({ deep: true, segments: [{}, {}] });
    expect(parseTemplate('a/*')).toMatchObject({ deep: false, segments: [{}, {}] });
    expect(parseTemplate('**')).toMatchObject({ deep: true, segments: [] });
  });

  test.each([
    ['', 'empty segment'],
    ['/a', "begins with '/'"],
    ['a//b', 'empty segment'],
    ['a/', 'empty segment'],
    ['../a', "'..' cannot"],
    ['a/./b', "'.' cannot"],
    ['**/a', 'last segment'],
    ['a**', 'last segment'],
    ['a/{b', "'{' without"],
    ['a/b}', "'}' without"],
    ['{d:yyyy/MM}', "'{' without"],
    ['{}', 'letters, digits'],
    ['{__proto__}', 'letters, digits'],
    ['{a}{b}', 'nothing separates {a} and {b}'],
    ['{a:number}{b:yyyy}', 'nothing separates'],
    ['{a}/{a}', '{a} is there twice'],
    ['{owner:number}', 'write {owner}'],
    ['{d:YYYY}', "'Y' has no meaning"],
    ['{d:yyyy-yyyy}', "'yyyy' twice"],
    ['{d:yyyyyy}', 'two years'],
    ['{d:-}', 'has no yyyy'],
    ['{d:}', 'has no yyyy'],
    [String.raw`XRD\{owner}\**`, "write '/'"],
  ])('%s is refused and says why', (text, why) => {
    expect(() => parseTemplate(text)).toThrow(RangeError);
    expect(() => parseTemplate(text)).toThrow(why);
  });
});
