import { describe, expect, test } from 'vitest';
import { createIgnoreFiles } from '../../../src/ownership/ignore-files.ts';

function ignoredBy(pattern: string, path: string): string | undefined {
  const ignore = createIgnoreFiles([pattern]);
  const segments = path.split('/');
  return ignore.byDirectory(segments) ?? ignore.byName(segments);
}

describe('an ignore pattern', () => {
  test.each([
    ['.DS_Store', 'a/b/.DS_Store', true],
    ['.DS_Store', 'a/.DS_Store/x', false],
    ['*.tmp', 'a/x.tmp', true],
    ['*.tmp', 'a.tmp/x', false],
    ['~$*', 'a/~$report.docx', true],
    ['.*.??????', 'a/.scan.tif.Xy12Ab', true],
    ['.*.??????', 'a/.scan.tif', false],
    ['{a}[b]', '{a}[b]', true],
    ['@eaDir/', 'a/@eaDir/b/c', true],
    ['@eaDir/', 'a/@eaDir', false],
    ['XRD/*.log', 'XRD/a.log', true],
    ['XRD/*.log', 'XRD/b/a.log', false],
    ['XRD/*.log', 'a/XRD/a.log', false],
    ['XRD/**/*.log', 'XRD/a.log', true],
    ['XRD/**/*.log', 'XRD/b/c/a.log', true],
    ['/x.txt', 'x.txt', true],
    ['/x.txt', 'a/x.txt', false],
    ['/cache/', 'cache/x', true],
    ['/cache/', 'a/cache/x', false],
    ['a/b/', 'a/b/c/d', true],
    ['a/**', 'a/b/c', true],
    ['a/**', 'a', false],
    ['**/**/x', 'x', true],
    ['*', 'a/b', true],
  ])('%s on %s: %s', (pattern, path, expected) => {
    expect(ignoredBy(pattern, path)).toBe(expected ? pattern : undefined);
  });

  test.each(['', '/', 'a//b'])('"%s" is refused', (pattern) => {
    expect(() => createIgnoreFiles([pattern])).toThrow('empty part');
  });

  test('with many ** is answered without trying every way to share out the directories', () => {
    const begun = process.threadCpuUsage();

    const found = ignoredBy(`${'**/a/'.repeat(12)}b`, `${'a/'.repeat(400)}c`);

    expect(found).toBeUndefined();
    expect(process.threadCpuUsage(begun).user).toBeLessThan(2_000_000);
  });
});
