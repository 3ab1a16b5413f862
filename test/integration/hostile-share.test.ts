import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathHazard } from '../../src/batch/path-hazard.ts';
import { readControl } from '../../src/config/control-file.ts';
import type { FoundControl } from '../../src/core/control.ts';
import { hazardOf, safeName } from '../../src/core/safe-name.ts';
import { decodeBytes, type SharePath, sharePath } from '../../src/core/share-path.ts';
import { scanShare } from '../../src/share/scan-share.ts';
import { buildShare, type ShareNode } from '../support/build-share.ts';
import { checkWithReaders, output, startPacker, storeParcel } from '../support/open-parcel.ts';
import { planShare } from '../support/plan-share.ts';
import { scanDefaults } from '../support/read-scan.ts';

/** Names by which an archive has led its unpackers out of their directory, or into something of theirs. */
const NAMES = [
  ...[
    '..\\..\\evil',
    '..\\evil.bat',
    'C:evil',
    'C:\\evil',
    '\\\\server\\share\\evil',
    '\\evil',
    ' ..',
    '.. ',
    '...',
  ],
  ...[
    '..\u2215evil',
    '..%2fevil',
    '~',
    '~root',
    '-rf',
    '--help',
    '@list',
    '*',
    '$(touch evil)',
    'nul',
    'con.txt',
  ],
  ...[
    'a\nb',
    'a\rb',
    '\u001b]0;evil\u0007',

    'x'.repeat(255),
    '\u202eexe.txt',
    '.nightjar',
    'nomad.yaml',
  ],
];
const withSafeNames = (path: string): SharePath => sharePath(path.split('/').map(safeName).join('/'));

function tempDir() {
  const path = mkdtempSync(join(tmpdir(), 'nightjar-hostile-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

describe('a parcel of files with hostile names', () => {
  it.each([{ compress: false }, { compress: true }])(
    'leads no unpacker out of its directory, and brings archives as the bytes they are (compress: $compress)',
    async ({ compress }) => {
      const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024));
      const tree = Object.fromEntries(
        NAMES.flatMap((name) => [
          [`d/${name}`, 'x'],
          [`d2/${name}/y`, 'y'],
        ]),
      );
      await using share = await buildShare({ ...tree, 'd/bomb.gz': bomb }, { marker: false });
      using dir = tempDir();
      await using packer = await startPacker();
      const planned = planShare(share.root, { compress });
      const files = planned.files.map((file) => ({ ...file, as: withSafeNames(file.path) }));
      const parcel = join(dir.path, 'parcel.zip');

      await storeParcel(packer.content({ ...planned, files }, share.root), parcel);

      await checkWithReaders(parcel);
      const listed = 'import sys,zipfile,json; print(json.dumps(zipfile.ZipFile(sys.argv[1]).namelist()))';
      const members = JSON.parse(await output(dir.path, 'python3', '-c', listed, parcel)) as string[];
      expect(members.filter((name) => leadsAway(name))).toEqual([]);
      expect(members).toHaveLength(2 * NAMES.length + 3);
      const out = join(dir.path, 'out');
      await output(dir.path, 'unzip', '-q', parcel, '-d', out);
      expect(readdirSync(dir.path).sort()).toEqual(['out', 'parcel.zip']);
      expect(readdirSync(out).sort()).toEqual(['.nightjar', 'd', 'd2']);
      expect(readFileSync(join(out, 'd/bomb.gz')).equals(bomb)).toBe(true);
    },
  );

  it('has no member that leads away, whatever the names on the share are', () => {
    const name = fc
      .uint8Array({ minLength: 1, maxLength: 255 })
      .map((bytes) => decodeBytes(bytes.filter((byte) => byte !== 0 && byte !== 0x2f)))
      .filter((text) => text !== '' && text !== '.' && text !== '..');
    const dotty = fc.string({ unit: fc.constantFrom('.', '\\', ' ', ':', '\u202e', '~'), minLength: 3 });
    fc.assert(
      fc.property(fc.array(fc.oneof(name, dotty), { minLength: 1, maxLength: 5 }), (parts) => {
        const path = withSafeNames(parts.join('/'));

        expect(leadsAway(path)).toBe(false);
        expect(pathHazard(path)).toBeUndefined();
        for (const part of path.split('/')) expect(hazardOf(part)).toBeUndefined();
      }),
    );
  });
});

const leadsAway = (path: string): boolean =>
  path.startsWith('/') ||
  /[\\:]|[\p{Cc}--[\x80-\x9f]]/v.test(path) ||
  path.split('/').some((part) => ['', '.', '..'].includes(part));

describe('a hostile control file on the share', () => {
  const HOSTILE: Readonly<Record<string, ShareNode>> = {
    'of a gigabyte': { size: 1024 ** 3 },
    'that is a pipe': { fifo: true },
    'that is a link to the passwords': { symlink: '/etc/shadow' },
    'that is a link to a device that never ends': { symlink: '/dev/zero' },
    'that is a link to itself': { symlink: '.nightjar.yaml' },
    'that is a directory': { dir: true },
  };

  it('is not opened, holds its folder and says why, and the look goes on', async () => {
    const tree = Object.entries(HOSTILE).map(([what, node]) => [`${what}/.nightjar.yaml`, node] as const);
    await using share = await buildShare({
      ...Object.fromEntries(tree),
      'good/.nightjar.yaml': 'ready: true',
    });
    const found = new Map<string, FoundControl | undefined>();

    const target = { name: 'lab' as never, root: share.root };
    for await (const looks of scanShare(target, scanDefaults()).looks)
      for (const { controls = [] } of looks) for (const one of controls) found.set(one.dir, one.found);

    for (const what of Object.keys(HOSTILE)) {
      const control = found.get(what);
      expect(control?.content, what).toBeUndefined();
      expect(readControl(sharePath(what), control as FoundControl).problem, what).toContain(
        `${what}/.nightjar.yaml: it`,
      );
    }
    expect(found.get('good')?.content?.length).toBe(11);
  });
});
