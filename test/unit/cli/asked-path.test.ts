import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { askedPath, unescapedPath } from '../../../src/cli/asked-path.ts';
import type { ShareConfig } from '../../../src/config/config.ts';
import { shareName } from '../../../src/core/ids.ts';
import { decodeBytes, printable, sharePath } from '../../../src/core/share-path.ts';

const share = (name: string, root: string): ShareConfig => ({
  ...{ name: shareName(name), root, marker: '.nightjar-share', scanThreads: 2, stallMs: 1000 },
  watch: { mode: 'off', depth: 3, limit: 2000, pauseMs: 1000 },
  alarm: { enabled: false, evenings: 5, factor: 2, minFiles: 1000, minBytes: 1 },
});
const LAB = share('lab', '/mnt/lab');
const XRAY = share('xray', '/mnt/lab2');

describe('a path on the command line', () => {
  it.each([
    ['/mnt/lab/SEM1/a.tif', 'SEM1/a.tif'],
    ['/mnt/lab/SEM1/../TEM/', 'TEM'],
    ['/mnt/lab', ''],
    ['lab:SEM1/a.tif', 'SEM1/a.tif'],
    ['lab:', ''],
    ['SEM1//a.tif', 'SEM1/a.tif'],
    ['./SEM1/a.tif', 'SEM1/a.tif'],
    ['.', ''],
  ])('%s is %j on the only share', (text, path) => {
    expect(askedPath(text, [LAB], '/home/me')).toEqual({ share: LAB, path });
  });

  it('is looked for on the share that holds it, not on one whose name begins alike', () => {
    expect(askedPath('/mnt/lab2/a', [LAB, XRAY], '/')).toEqual({ share: XRAY, path: 'a' });
    expect(askedPath('xray:a', [LAB, XRAY], '/')).toEqual({ share: XRAY, path: 'a' });
  });

  it('is relative to the working directory where that is on a share', () => {
    expect(askedPath('run1/a.tif', [LAB, XRAY], '/mnt/lab/SEM1')).toEqual({
      share: LAB,
      path: 'SEM1/run1/a.tif',
    });
  });

  it.each([
    ['/srv/other/a', [LAB]],
    ['SEM1/a', [LAB, XRAY]],
    ['../outside', [LAB]],
    ['nolab:/mnt', [LAB, XRAY]],
  ])('%s is refused when it is on no share', (text, shares) => {
    expect(() => askedPath(text, shares, '/home/me')).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  it('may be copied from our own output, bytes outside UTF-8 and control characters included', () => {
    const name = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((bytes) => decodeBytes(bytes));
    const usable = name.filter((text) => !/[\0\x80-\x9f/\\]/u.test(text) && !/^\.\.?$/.test(text));

    fc.assert(
      fc.property(usable, (text) => {
        const path = sharePath(text);
        expect(unescapedPath(sharePath(printable(path)))).toBe(path);
      }),
    );
    for (const char of ['\u200b', '\u200d', '\ufeff', '\u00ad', '\u{e0041}', '\ufe0f']) {
      const shown = printable(`a${char}b`);
      expect(shown).toMatch(/^a\\u\{[0-9a-f]+\}b$/);
      expect(unescapedPath(sharePath(shown))).toBe(`a${char}b`);
    }
    for (const text of [String.raw`a\u{2f}b`, String.raw`a\u{d800}b`, String.raw`a\x2f`])
      expect(unescapedPath(sharePath(text))).toBe(text);
  });
});
