import { appendFileSync, chmodSync, mkdirSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { IngestError } from '../../../src/core/errors.ts';
import { type BuiltShare, buildShare, MARKER } from '../../support/build-share.ts';
import { startPacker } from '../../support/open-parcel.ts';
import { planShare } from '../../support/plan-share.ts';

const NAMES = Array.from({ length: 10 }, (_, n) => `d/run/${n}.tif`);
const tree = Object.fromEntries(NAMES.map((name) => [name, `content of ${name}`]));
const signal = new AbortController().signal;

type Mode = 'parcel' | 'files';

/** How a pass over ten planned files fails after the change. */
async function failureAfter(
  change: (share: BuiltShare) => void,
  mode: Mode,
  options: Parameters<typeof startPacker>[0] = { marker: MARKER },
): Promise<IngestError> {
  await using share = await buildShare(tree);
  await using packer = await startPacker(options);
  const batch = planShare(share.root, { only: (path) => path !== MARKER });
  const content = packer.content(batch, share.root);
  change(share);
  try {
    if (mode === 'parcel') for await (const _ of (await content.parcel(signal)).stream);
    else for await (const { body } of content.files(signal)) for await (const _ of body);
  } catch (thrown) {
    if (thrown instanceof IngestError) return thrown;
    throw thrown;
  }
  throw new Error('the pass ended as if nothing had happened');
}

const removeAll = (share: BuiltShare): void => rmSync(share.path('d'), { recursive: true });

describe.each<Mode>(['parcel', 'files'])('read as %s', (mode) => {
  test('a dataset that was renamed is one failure that names all of its files', async () => {
    const failure = await failureAfter(
      (share) => renameSync(share.path('d/run'), share.path('d/run-final')),
      mode,
    );

    expect(failure).toMatchObject({ code: 'FILE_VANISHED', context: { path: NAMES[0], paths: NAMES } });
    expect(failure.message).toMatch(/0\.tif: ENOENT; 9 other files/);
    expect(failure.message.length).toBeLessThan(120);
  });

  test('three of ten files that are gone are named, and the others are not', async () => {
    const gone = [NAMES[2], NAMES[5], NAMES[9]];
    const failure = await failureAfter((share) => gone.forEach((name) => rmSync(share.path(name))), mode);

    expect(failure).toMatchObject({ code: 'FILE_VANISHED', context: { path: gone[0], paths: gone } });
  });

  test('files that changed in any way are named with those that vanished', async () => {
    const failure = await failureAfter((share) => {
      appendFileSync(share.path(NAMES[1]), 'x');
      utimesSync(share.path(NAMES[4]), 1, 1);
      rmSync(share.path(NAMES[6]));
      mkdirSync(share.path(NAMES[6]));
      rmSync(share.path(NAMES[8]));
    }, mode);

    const paths = [NAMES[1], NAMES[4], NAMES[6], NAMES[8]];
    expect(failure).toMatchObject({ code: 'FILE_CHANGED', context: { path: NAMES[1], paths } });
  });

  test('a share that lost its marker with its files is SHARE_UNREACHABLE and says nothing of a file', async () => {
    const failure = await failureAfter((share) => {
      removeAll(share);
      rmSync(share.path(MARKER));
    }, mode);

    expect(failure).toMatchObject({ code: 'SHARE_UNREACHABLE', disposition: 'retry' });
    expect(failure.context).not.toHaveProperty('path');
    expect(failure.context).not.toHaveProperty('paths');
  });

  test('a missing marker behind a file that changed is SHARE_UNREACHABLE as soon as another is missing', async () => {
    const failure = await failureAfter((share) => {
      appendFileSync(share.path(NAMES[0]), 'x');
      rmSync(share.path(NAMES[1]));
      rmSync(share.path(MARKER));
    }, mode);

    expect(failure.code).toBe('SHARE_UNREACHABLE');
  });
});

test('without a marker to look for, missing files are missing', async () => {
  const failure = await failureAfter(removeAll, 'parcel', {});

  expect(failure).toMatchObject({ code: 'FILE_VANISHED', context: { paths: NAMES } });
});

test.runIf(process.getuid?.() === 0)('a file that cannot be read is named alone', async () => {
  const failure = await failureAfter(
    (share) => {
      chmodSync(share.path(NAMES[3]), 0o600);
      rmSync(share.path(NAMES[7]));
    },
    'parcel',
    { marker: MARKER, readAs: { uid: 65534, gid: 65534 } },
  );

  expect(failure).toMatchObject({ code: 'FILE_UNREADABLE', context: { path: NAMES[3], paths: [NAMES[3]] } });
});
