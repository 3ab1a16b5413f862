import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Completion, Condition } from '../../../src/core/completion.ts';
import type { EntryKind } from '../../../src/core/model.ts';
import { nameOf, parentOf, type SharePath, sharePath, sortKey } from '../../../src/core/share-path.ts';
import { checkCompletion, type SeenDir } from '../../../src/share/complete.ts';

type Seen = {
  readonly size?: number;
  readonly since?: number;
  readonly kind?: EntryKind;
  readonly tried?: 'busy' | 'silent';
};

const RUN = sharePath('SEM1/mueller/run_17');

/** Entries below RUN as the ledger would give them, directory by directory. */
function seen(files: Readonly<Record<string, Seen>>): SeenDir[] {
  const byDir = Map.groupBy(Object.entries(files), ([path]) => parentOf(`${RUN}/${path}` as SharePath));
  return [...byDir]
    .toSorted(([one], [other]) => Buffer.compare(sortKey(one), sortKey(other)))
    .map(([dir, inDir]) => ({
      dir,
      entries: inDir.map(([path, { size = 1000, since = 1, kind = 'file', tried }]) => ({
        entry: { name: nameOf(path as SharePath), kind, size, mtimeNs: 1n, ctimeNs: 1n, ino: 1n },
        facts: { since, ...(tried === undefined ? {} : { tried }) },
      })),
    }));
}

function waits(condition: Condition, files: Readonly<Record<string, Seen>>, more: Partial<Completion> = {}) {
  const completion = { by: 'rule 3', dir: RUN, deep: true, condition, facts: {}, ...more };
  return checkCompletion(completion, seen(files));
}

const what = (...args: Parameters<typeof waits>): string | undefined => waits(...args)?.what;

const FILE = {};
const MARKER: Condition = { kind: 'marker', files: '*.done' };
const XML: Condition = { kind: 'companions', pairs: [{ every: '*.mrc', has: ['*.xml'] }] };
const LOCK: Condition = { kind: 'absent', files: ['*.lck'] };

describe('a marker file', () => {
  it('is waited for from the last change on', () => {
    expect(waits(MARKER, { 'a.tif': { since: 5 }, 'b.tif': { since: 9 } })).toEqual({
      what: 'run_17 waits for its marker file *.done (rule 3)',
      goes: 'it can go in the evening after that file appears',
      since: 9,
    });
  });

  it('is enough wherever it is in the dataset, in capitals too', () => {
    expect(waits(MARKER, { 'a.tif': FILE, 'below/RUN.DONE': FILE })).toBeUndefined();
  });

  it('is no link and no directory that cannot be listed', () => {
    expect(what(MARKER, { 'x.done': { kind: 'symlink' } })).toContain('marker');
    expect(what(MARKER, { 'x.done': { kind: 'unreadable-dir' } })).toContain('marker');
  });

  it('in a directory below counts only where the rule takes what is below', () => {
    expect(what(MARKER, { 'a.tif': FILE, 'below/run.done': FILE }, { deep: false })).toContain('marker');
  });
});

describe('companion files', () => {
  it('are named when they are missing', () => {
    expect(waits(XML, { 'scan.mrc': { since: 7 }, 'other.mrc': FILE, 'other.xml': FILE })).toEqual({
      what: 'run_17 waits for scan.xml, the companion of scan.mrc (rule 3)',
      goes: 'it can go in the evening after that file appears',
      since: 7,
    });
    expect(what(XML, { 'a.mrc': FILE, 'b.mrc': FILE })).toContain(
      'a.xml, the companion of a.mrc (and 1 other companion)',
    );
  });

  it('must be in the same directory', () => {
    expect(what(XML, { 'Data/scan.mrc': FILE, 'scan.xml': FILE })).toContain('companion of Data/scan.mrc');
    expect(waits(XML, { 'Data/scan.mrc': FILE, 'Data/SCAN.XML': FILE })).toBeUndefined();
  });

  it('may be in a directory that the pattern names', () => {
    const oif: Condition = {
      kind: 'companions',
      pairs: [
        { every: '*.oif', has: ['*.oif.files/*.tif'] },
        { every: '*.oif.files/*.tif', has: ['*.oif'] },
      ],
    };

    expect(what(oif, { 's/scan.oif': FILE })).toContain('scan.oif.files/*.tif, the companion of s/scan.oif');
    expect(what(oif, { 's/scan.oif.files/s_C001.tif': FILE })).toContain('waits for scan.oif, the companion');
    expect(what(oif, { 'scan.oif': FILE, 'other.oif.files/s.tif': FILE, 'other.oif': FILE })).toContain(
      'companion of scan.oif',
    );
    expect(waits(oif, { 's/scan.oif': FILE, 's/scan.oif.files/s_C001.tif': FILE })).toBeUndefined();
  });

  it('are asked for by the first pattern that matches', () => {
    const epu: Condition = {
      kind: 'companions',
      pairs: [
        { every: '*_fractions.mrc', has: ['*.xml'] },
        { every: '*.mrc', has: ['*.xml', '*.jpg'] },
      ],
    };

    expect(waits(epu, { 'f_fractions.mrc': FILE, 'f.xml': FILE })).toBeUndefined();
    expect(what(epu, { 'f.mrc': FILE, 'f.xml': FILE })).toContain('f.jpg');
  });

  it('of nothing are none', () => {
    expect(waits(XML, { 'notes.txt': FILE })).toBeUndefined();
  });
});

describe('other conditions', () => {
  const sizes: Condition = { kind: 'min-size', sizes: [{ files: '*.czi', bytes: 544 }] };
  const count: Condition = { kind: 'count', files: 'frame_*.tif', least: 'frames' };

  it('a file smaller than its kind can be is waited for', () => {
    expect(what(sizes, { 'a.czi': { size: 0 }, 'b.txt': { size: 0 } })).toBe(
      'run_17 waits for a.czi, which has 0 B: a finished *.czi has 544 B or more (rule 3)',
    );
    expect(waits(sizes, { 'a.czi': { size: 544 } })).toBeUndefined();
  });

  it('a number of files may be written in the name of the dataset', () => {
    const facts = { frames: '2' };

    expect(what(count, { 'frame_1.tif': FILE, 'x.tif': FILE }, { facts })).toBe(
      'run_17 waits for more files frame_*.tif: 1 of 2 are there (rule 3)',
    );
    expect(
      waits(count, { 'frame_1.tif': FILE, 'frame_2.tif': FILE, 'frame_3.tif': FILE }, { facts }),
    ).toBeUndefined();
  });

  it('a lock file keeps all of it, whatever the file is', () => {
    expect(waits(LOCK, { 'a.tif': FILE, 'x/a.lck': { kind: 'symlink', since: 4 } })).toMatchObject({
      what: 'run_17 waits because x/a.lck is there, which says that it is still being worked on (rule 3)',
      since: 4,
    });
    expect(waits(LOCK, { 'a.tif': FILE })).toBeUndefined();
  });

  it.each([
    ['rsync', '.scan.tif.aB3dE9', true],
    ['rsync', '.scan.tif.aB3-E9', false],
    ['rsync', 'scan.tif.aB3dE9', false],
    ['office', '~$report.docx', true],
    ['office', '.~lock.report.odt#', true],
    ['browsers', 'scan.zip.crdownload', true],
    ['copy_tools', 'scan.czi.filepart', true],
    ['copy_tools', '.syncthing.scan.czi.tmp', true],
    ['generic', 'scan.TMP', true],
    ['generic', 'scan.tif', false],
  ] as const)('a temporary name of %s: %s', (family, name, isTemporary) => {
    const wait = what({ kind: 'temp-names', families: [family] }, { [`below/${name}`]: FILE });

    expect(wait?.includes('temporary name') ?? false).toBe(isTemporary);
  });

  it('a file that is open elsewhere keeps all of it, if it was asked for', () => {
    const closed: Condition = { kind: 'closed', files: ['*.czi'] };

    expect(what(closed, { 'a.czi': { tried: 'busy' } })).toContain('a.czi was open in another program');
    expect(what(closed, { 'a.czi': { tried: 'silent' } })).toContain('a.czi could not be opened');
    expect(waits(closed, { 'a.txt': { tried: 'busy' }, 'a.czi': FILE })).toBeUndefined();
  });

  it('conditions about all files need to know all files', () => {
    const files = { 'a.tif': FILE, 'x.done': FILE, closed: { kind: 'unreadable-dir' as const, since: 3 } };

    expect(waits(LOCK, files)).toMatchObject({
      what: expect.stringContaining('directory closed cannot be listed'),
      since: 3,
    });
    expect(waits(MARKER, files)).toBeUndefined();
  });
});

describe('all and any', () => {
  const all: Condition = { kind: 'all', of: [MARKER, XML, LOCK] };
  const any: Condition = { kind: 'any', of: [MARKER, { kind: 'all', of: [XML, LOCK] }] };

  it('tell the first that is missing, and how many others are', () => {
    expect(what(all, { 'a.mrc': FILE, 'a.lck': FILE })).toBe(
      'run_17 waits for its marker file *.done (and 2 more) (rule 3)',
    );
    expect(waits(all, { 'a.mrc': FILE, 'a.xml': FILE, 'a.done': FILE })).toBeUndefined();
  });

  it('any is content with one, and says what would do', () => {
    expect(waits(any, { 'a.mrc': FILE, 'a.done': FILE })).toBeUndefined();
    expect(waits(any, { 'a.mrc': FILE, 'a.xml': FILE })).toBeUndefined();
    expect(what(any, { 'a.mrc': FILE })).toBe(
      'run_17 waits for its marker file *.done, or waits for a.xml, the companion of a.mrc (rule 3)',
    );
  });

  it('agree with the logic of their words for any files', () => {
    const name = fc.constantFrom(
      'a.mrc',
      'a.xml',
      'b.mrc',
      'b.xml',
      'a.done',
      'a.lck',
      'x/a.mrc',
      'x/a.xml',
      'z.txt',
    );
    fc.assert(
      fc.property(fc.uniqueArray(name), (names) => {
        const files = Object.fromEntries(names.map((one) => [one, FILE]));
        const holds = (condition: Condition): boolean => waits(condition, files) === undefined;

        expect(holds(MARKER)).toBe(names.includes('a.done'));
        expect(holds(LOCK)).toBe(!names.includes('a.lck'));
        expect(holds(XML)).toBe(
          names.every(
            (one) => !one.endsWith('.mrc') || names.includes(one.replace('mrc', 'xml') as typeof one),
          ),
        );
        expect(holds(all)).toBe(holds(MARKER) && holds(XML) && holds(LOCK));
        expect(holds(any)).toBe(holds(MARKER) || (holds(XML) && holds(LOCK)));
      }),
    );
  });

  it('do not depend on the order of the files in a directory', () => {
    const names = ['a.mrc', 'a.xml', 'b.mrc', 'b.lck', 'c.done'];
    fc.assert(
      fc.property(fc.shuffledSubarray(names), (some) => {
        const of = (list: readonly string[]) =>
          waits(all, Object.fromEntries(list.map((one) => [one, FILE])));

        expect(of(some) === undefined).toBe(of(some.toSorted()) === undefined);
      }),
    );
  });
});
