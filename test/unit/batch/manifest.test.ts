import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isoOfNs, manifestBytes, manifestJson, sha256Sums } from '../../../src/batch/manifest.ts';
import { batchId } from '../../../src/core/ids.ts';
import type { Batch } from '../../../src/core/model.ts';
import { sharePath } from '../../../src/core/share-path.ts';
import { ownedFile } from '../../support/plan-share.ts';

const batchOf = (paths: readonly string[]): Batch => {
  const files = paths.map((path, index) =>
    ownedFile(path, { size: index * 1000, mtimeNs: BigInt(index) - 3n }),
  );
  const { assignment, share } = ownedFile('x', {});
  const id = batchId(`b-${'0'.repeat(32)}`);
  return { ...assignment, id, share, addendum: false, files, bytes: 7, plannedAt: 0, epoch: 1, attempts: 0 };
};
const hashOf = (index: number): string => index.toString(16).padStart(64, 'f');

test('the length of both forms is known before any hash', () => {
  const names = fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(names, (paths) => {
      const batch = batchOf(paths);
      const files = batch.files.map((file, at) =>
        at % 2 === 0 ? file : { ...file, as: sharePath(`ä~${at}`) },
      );
      const source = { batch: { ...batch, files }, version: '1.2.3' };

      expect(manifestBytes(source)).toEqual({
        json: Buffer.byteLength(manifestJson(source, hashOf)),
        sums: Buffer.byteLength(sha256Sums(source.batch, hashOf)),
      });
    }),
  );
});

test('the JSON form reads back with every file and its hash', () => {
  const json: unknown = JSON.parse(
    manifestJson({ batch: batchOf(['a', 'ü "b"']), version: '1.2.3' }, hashOf),
  );

  expect(json).toMatchObject({
    format: 'nightjar-manifest',
    formatVersion: 1,
    nightjar: '1.2.3',
    owner: 'mueller',
    fileCount: 2,
    files: [
      { path: 'a', bytes: 0, sha256: hashOf(0) },
      { path: 'ü "b"', bytes: 1000, mtime: '1969-12-31T23:59:59.999999998Z', sha256: hashOf(1) },
    ],
  });
});

test('trap 16: a file under a safe path has both, and the sums have the delivered one', () => {
  const batch = batchOf(['K\udcf6/a\nb', 'c']);
  const files = batch.files.map((file, at) => (at === 0 ? { ...file, as: sharePath('K_~1/a_b~2') } : file));
  const named: Batch = { ...batch, files, dataset: sharePath('K\udcf6'), facts: { sample: 'K\udcf6' } };

  const json = manifestJson({ batch: named, version: '1' }, hashOf);

  expect(json.isWellFormed()).toBe(true);
  expect(json).not.toMatch(/\\ud[c-f]/);
  expect(JSON.parse(json)).toMatchObject({
    ...{ dataset: 'K\\xf6', facts: { sample: 'K\\xf6' } },
    files: [
      {
        ...{ path: 'K_~1/a_b~2', original: 'K\\xf6/a\\nb' },
        originalBase64: Buffer.from('K\xf6/a\nb', 'latin1').toString('base64'),
      },
      { path: 'c' },
    ],
  });
  expect(sha256Sums(named, hashOf)).toBe(`${hashOf(0)}  K_~1/a_b~2\n${hashOf(1)}  c\n`);
});

test('names with a newline or backslash are escaped as coreutils does', () => {
  expect(sha256Sums(batchOf(['a\\b\nc']), hashOf)).toBe(`\\${hashOf(0)}  a\\\\b\\nc\n`);
});

test('a time that no calendar has is still written, and differs from others', () => {
  expect(isoOfNs(10n ** 25n + 7n)).toBe('@10000000000000000.000000007');
  expect(isoOfNs(1_700_000_000_123_456_789n)).toBe('2023-11-14T22:13:20.123456789Z');
});

test('what the rule read from the path is in it, and why the collector has it', () => {
  const facts = { instrument: 'SEM1', project: 'Perovskites', sample: 'S12' };
  const given = { ...batchOf(['a']), facts, reason: 'no rule matches', code: 'NO_RULE' as const };

  const json: unknown = JSON.parse(manifestJson({ batch: given, version: '1.2.3' }, hashOf));
  const plain = manifestJson({ batch: batchOf(['a']), version: '1.2.3' }, hashOf);

  expect(json).toMatchObject({ facts, reason: 'no rule matches', code: 'NO_RULE' });
  expect(plain).not.toContain('"code"');
});
