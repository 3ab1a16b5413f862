import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SafeOpener } from '../../../src/batch/safe-open.ts';
import { IngestError } from '../../../src/core/errors.ts';
import type { PlannedFile } from '../../../src/core/model.ts';
import { type BuiltShare, buildShare } from '../../support/build-share.ts';
import { startPacker } from '../../support/open-parcel.ts';
import { planShare } from '../../support/plan-share.ts';
import { swapWithLink } from '../../support/swap-with-link.ts';

const INSIDE = 'of the lab';
const SECRET = 'of others!';
const WHEN = Date.UTC(2026, 0, 1);
const tree = {
  'd/e/f': { content: INSIDE, mtime: WHEN },
  'd/g/h': { content: INSIDE, mtime: WHEN },
};

type Outside = Disposable & { readonly dir: string };

/** What lies outside of the share looks in every respect like what was planned: size, time and names. */
function outside(): Outside {
  const dir = mkdtempSync(join(tmpdir(), 'nightjar-outside-'));
  mkdirSync(join(dir, 'e'));
  for (const name of ['f', 'e/f']) {
    writeFileSync(join(dir, name), SECRET);
    utimesSync(join(dir, name), WHEN / 1000, WHEN / 1000);
  }
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true }) };
}

type Swap = (share: BuiltShare, dir: string) => void;

function instead(path: string, make: () => void): void {
  renameSync(path, `${path}.away`);
  make();
}

function makeOdd(path: string): void {
  if (process.getuid?.() === 0) execFileSync('mknod', [path, 'c', '1', '5']);
  else
    execFileSync('python3', [
      '-c',
      'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])',
      path,
    ]);
}

const SWAPS: readonly (readonly [string, Swap])[] = [
  [
    'whose directory is a link to outside',
    (share, dir) => instead(share.path('d/e'), () => symlinkSync(dir, share.path('d/e'))),
  ],
  [
    'with a link to outside further up',
    (share, dir) => instead(share.path('d'), () => symlinkSync(dir, share.path('d'))),
  ],
  [
    'that is a link to outside',
    (share, dir) => instead(share.path('d/e/f'), () => symlinkSync(join(dir, 'f'), share.path('d/e/f'))),
  ],
  [
    'that is a pipe',
    (share) => instead(share.path('d/e/f'), () => execFileSync('mkfifo', [share.path('d/e/f')])),
  ],
  [
    'that is a device, or a socket where nobody may make one,',
    (share) => instead(share.path('d/e/f'), () => makeOdd(share.path('d/e/f'))),
  ],
];

test.each(SWAPS)(
  'a file %s when it is to be read is FILE_CHANGED, and not a byte of it is read',
  async (_name, swap) => {
    await using share = await buildShare(tree, { marker: false });
    using other = outside();
    await using packer = await startPacker();
    const content = packer.content(planShare(share.root), share.root);
    swap(share, other.dir);

    const pieces: Buffer[] = [];
    const read = async (): Promise<void> => {
      for await (const { body } of content.files(new AbortController().signal))
        for await (const piece of body as AsyncIterable<Buffer>) pieces.push(piece);
    };

    await expect(read()).rejects.toMatchObject({ code: 'FILE_CHANGED', context: { path: 'd/e/f' } });
    expect(Buffer.concat(pieces).toString()).not.toContain(SECRET);
  },
);

test('a directory that changes places with a link to outside all the time is read inside or not at all', async () => {
  await using share = await buildShare(tree, { marker: false });
  using other = outside();
  const files = planShare(share.root).files;
  symlinkSync(join(other.dir, 'e'), share.path('d/link'));
  const swapping = await swapWithLink(share.path('d/e'), share.path('d/link'));
  const opener = new SafeOpener(share.root);
  const found = new Set<string>();
  const isEnough = (): boolean => ['FILE_CHANGED', 'FILE_VANISHED', INSIDE].every((one) => found.has(one));

  // The other directory in between: so each is opened anew.
  for (let turn = 0; turn < 50_000 && (turn < 5000 || !isEnough()); turn++)
    for (const file of files) found.add(readBy(opener, file));
  opener.close();
  await swapping[Symbol.asyncDispose]();

  expect([...found].toSorted()).toEqual(['FILE_CHANGED', 'FILE_VANISHED', INSIDE].toSorted());
});

/** What the file holds, or why it was not opened. */
function readBy(opener: SafeOpener, file: PlannedFile): string {
  try {
    const { fd } = opener.open(file);
    const content = readFileSync(fd, 'utf8');
    closeSync(fd);
    return content;
  } catch (thrown) {
    if (thrown instanceof IngestError) return thrown.code;
    throw thrown;
  }
}
