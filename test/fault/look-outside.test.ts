import { symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sharePath } from '../../src/core/share-path.ts';
import { buildShare } from '../support/build-share.ts';
import { readScan } from '../support/read-scan.ts';
import { swapWithLink } from '../support/swap-with-link.ts';

const filesOf = (dir: string, count: number, content: string) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`${dir}/f${at}`, content]));

test.each([
  ['a whole look', {}],
  ['a second look', { dirs: ['d', 'd/e', 'd/e/in'].map(sharePath) }],
])(
  'a directory that changes places with a link to outside all the time is seen by %s as it is inside, or not at all',
  async (_name, options) => {
    await using other = await buildShare({
      ...filesOf('in', 500, 'of others'),
      ...filesOf('.', 500, 'of others'),
    });
    await using share = await buildShare({
      ...filesOf('d/e/in', 200, 'ours'),
      ...filesOf('d/e', 200, 'ours'),
    });
    symlinkSync(other.root, share.path('d/link'));
    const swapping = await swapWithLink(share.path('d/e'), share.path('d/link'));
    const seen = new Set<string>();

    for (let turn = 0; turn < 60 && (turn < 4 || !seen.has('file of 4 bytes')); turn++) {
      const { dirs } = await readScan(share.root, options);
      for (const dir of ['d/e', 'd/e/in'])
        for (const { kind, size } of dirs.get(sharePath(dir)) ?? []) seen.add(`${kind} of ${size} bytes`);
    }
    await swapping[Symbol.asyncDispose]();

    expect(seen).toContain('file of 4 bytes');
    expect(
      [...seen].filter((one) => !['file of 4 bytes', 'unreadable-dir of 0 bytes'].includes(one)),
    ).toEqual([]);
  },
);
