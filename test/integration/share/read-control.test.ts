import { describe, expect, it } from 'vitest';
import type { ControlLook } from '../../../src/core/control.ts';
import { shareName } from '../../../src/core/ids.ts';
import type { SharePath } from '../../../src/core/share-path.ts';
import { scanShare } from '../../../src/share/scan-share.ts';
import { buildShare, type ShareNode } from '../../support/build-share.ts';
import { scanDefaults } from '../../support/read-scan.ts';

/** What a real scan tells of control files, by directory. */
async function controlsOf(
  tree: Readonly<Record<string, ShareNode>>,
  dirs?: readonly string[],
): Promise<ReadonlyMap<string, ControlLook['found']>> {
  await using share = await buildShare(tree);
  const some = dirs === undefined ? {} : { dirs: dirs as readonly SharePath[] };
  const scan = scanShare({ name: shareName('lab'), root: share.root }, { ...scanDefaults(), ...some });
  const controls = new Map<string, ControlLook['found']>();
  for await (const looks of scan.looks)
    for (const look of looks) for (const { dir, found } of look.controls ?? []) controls.set(dir, found);
  return controls;
}

const textOf = (found: ControlLook['found']): string => Buffer.from(found?.content ?? []).toString('utf8');

describe('a look at a share', () => {
  it('reads the control file of each directory', async () => {
    const controls = await controlsOf({
      'SEM1/mueller/run/.nightjar.yaml': 'hold: wait',
      'SEM1/mueller/run/a.tif': 'a',
      'K\udcf6rner/.nightjar.yaml': 'ready: true',
      'SEM1/chen/b.tif': 'b',
    });

    expect([...controls.keys()].sort()).toEqual(['K\udcf6rner', 'SEM1/mueller/run']);
    expect(textOf(controls.get('SEM1/mueller/run'))).toBe('hold: wait');
    expect(textOf(controls.get('K\udcf6rner'))).toBe('ready: true');
  });

  it('reads those above a directory too when it looks at that one only', async () => {
    const controls = await controlsOf(
      {
        'SEM1/.nightjar.yaml': 'hold: wait',
        'SEM1/mueller/run/a.tif': 'a',
        'TEM/.nightjar.yaml': 'ready: true',
      },
      ['SEM1/mueller/run'],
    );

    expect([...controls.keys()]).toEqual(['SEM1']);
    expect(textOf(controls.get('SEM1'))).toBe('hold: wait');
  });

  it.each<[string, ShareNode, string]>([
    ['a symbolic link', { symlink: '/etc/hostname' }, 'symbolic link'],
    ['a pipe', { fifo: true }, 'not a regular file'],
    ['a directory', { dir: true }, 'directory'],
    ['64 KiB and a byte', { content: Buffer.alloc(64 * 1024 + 1, 'a') }, '65537 bytes'],
    ['a file on tape (no blocks)', { size: 4096 }, 'on tape'],
  ])('does not open %s under that name, and says so', async (_what, node, words) => {
    const found = (await controlsOf({ 'run/.nightjar.yaml': node })).get('run');

    expect(found?.problem).toContain(words);
    expect(found?.content).toBeUndefined();
  });

  it('reads a file of just 64 KiB whole', async () => {
    const content = Buffer.alloc(64 * 1024, '#');

    const found = (await controlsOf({ 'run/.nightjar.yaml': { content } })).get('run');

    expect(Buffer.from(found?.content ?? []).equals(content)).toBe(true);
  });

  it('tells of one under a misspelt name, also beside a right one', async () => {
    const controls = await controlsOf({
      'a/.nightjar.yml': 'hold: x',
      'b/.nightjar.yaml': 'ready: true',
      'b/.nightjar.yaml.txt': 'hold: x',
    });

    expect(controls.get('a')).toMatchObject({ name: '.nightjar.yml', problem: expect.any(String) });
    expect(controls.get('b')?.name).toBe('.nightjar.yaml.txt');
  });
});
