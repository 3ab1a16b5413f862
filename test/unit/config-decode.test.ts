import { mkdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findConfigFile } from '../../src/config/find-files.ts';
import { readConfig } from '../../src/config/load-config.ts';
import {
  configFiles,
  GOOD_FOLDERS,
  GOOD_NIGHTJAR,
  problemLines,
  readTexts,
} from '../support/config-files.ts';

const archive = (block: string): string =>
  GOOD_NIGHTJAR.replace('kind: directory, root: /srv/archive', block);

describe('what a wrong value is answered with', () => {
  it.each([
    ['a name', GOOD_NIGHTJAR.replace('lab:', '"my lab":'), 'shares.my lab: expected a name'],
    ['a block without its kind', archive('root: /x'), 'kind: expected "directory" or "nomad", found nothing'],
    [
      'a number that is too large',
      `${GOOD_NIGHTJAR}deliveries: { concurrency: 65 }`,
      'at most 64, found the number 65',
    ],
    [
      'a part of a number',
      `${GOOD_NIGHTJAR}deliveries: { concurrency: 1.5 }`,
      'a whole number, found the number 1.5',
    ],
    ['an empty list', `${GOOD_NIGHTJAR}schedule: { days: [] }`, 'at least 1 entry, found an empty list'],
    ['an empty text', GOOD_NIGHTJAR.replace('lab }', 'lab, marker: "" }'), 'at least 1 character, found ""'],
    ['a text for a list', `${GOOD_NIGHTJAR}schedule: { days: mon }`, 'expected a list, found "mon"'],
    ['true', `${GOOD_NIGHTJAR}log: { level: true }`, 'found true'],
    [
      'an empty mapping',
      `${GOOD_NIGHTJAR}state_dir2: 1\nfolders: {}`,
      'folders: expected a path such as "folders.yaml", found an empty mapping',
    ],
    ['a mapping', GOOD_NIGHTJAR.replace('root: /mnt/lab', 'root: { a: 1 }'), 'found a mapping'],
    [
      'no shares',
      GOOD_NIGHTJAR.replace('  lab: { root: /mnt/lab }', '  {}'),
      'at least one share, found an empty mapping',
    ],
    ['a size of nothing', `${GOOD_NIGHTJAR}batch: { max_bytes: 0 GiB }`, 'a size above zero with its unit'],
    [
      'a size without a unit',
      `${GOOD_NIGHTJAR}batch: { max_bytes: 10 }`,
      'a size such as "10 GiB", found the number 10',
    ],
    ['a pause of nothing', `${GOOD_NIGHTJAR}deliveries: { retry_first: 0s }`, 'a duration with its unit'],
    ['a unit that does not exist', `${GOOD_NIGHTJAR}deliveries: { retry_max: 5 moons }`, 'found "5 moons"'],
    [
      'a marker in a directory',
      GOOD_NIGHTJAR.replace('lab }', 'lab, marker: a/b }'),
      'a file name without "/"',
    ],
    ['a path with a NUL', GOOD_NIGHTJAR.replace('/mnt/lab', '"/mnt\\0lab"'), String.raw`found "/mnt\x00lab"`],
  ])('%s', (_, text, words) => {
    expect(problemLines(text).join('\n')).toContain(words);
  });

  it('an unknown key in a destination is compared with the keys of its kind', () => {
    const lines = problemLines(archive('kind: directory, root: /srv/a, verfy: size'));

    expect(lines).toEqual([
      expect.stringMatching(
        /unknown key "verfy", expected one of: kind, root, verify, max_bytes, max_files, max_parallel; did you mean "verify"\?$/,
      ),
    ]);
  });

  it('a long text is shown only by its beginning', () => {
    const [line = ''] = problemLines(`${GOOD_NIGHTJAR}settle: ${'z'.repeat(5000)}\n`);

    expect(line).toContain('zzz…');
    expect(line.length).toBeLessThan(250);
  });

  it.each([
    'https://user:pw@nomad.example.org/api/v1',
    'ftp://nomad.example.org/api/v1',
    'nomad/api/v1',
    'https://h/api',
    'https://h/api/v1?x=1',
  ])('the address %s of a platform, without a password in the answer', (url) => {
    const lines = problemLines(archive(`kind: nomad, base_url: "${url}"`)).filter((line) =>
      line.includes('base_url'),
    );

    expect(lines).toEqual([expect.stringContaining('expected an http(s) URL ending in /api/v1')]);
    expect(lines[0]).not.toContain('pw@');
  });
});

describe('what is taken', () => {
  it('a platform with its defaults, the address without a slash at the end', () => {
    const result = readTexts(
      archive('kind: nomad, base_url: "http://127.0.0.1:8000/api/v1/"'),
      `${GOOD_FOLDERS.replace('ada: {}', 'ada: { nomad: { token: ada } }')}collector: { nomad: { token: c } }\n`,
    );

    expect(result.ok && result.config.destinations).toEqual([
      {
        name: 'archive',
        kind: 'nomad',
        baseUrl: 'http://127.0.0.1:8000/api/v1',
        container: 'nightjar {owner} {month}',
        generation: 'auto',
        adminUserIds: ['00000000-0000-0000-0000-000000000000'],
        maxBytes: 30_000_000_000,
        maxUpload: 32_000_000_000,
        join: 'owner',
        byHand: 'size',
        byHandRequests: 300,
        byHandEvenings: 3,
        byHandBytes: 1_000_000_000,
        verify: 'sizes',
        singleFiles: 'raw',
        maxFiles: 10_000,
      },
    ]);
  });

  it('limits of a directory, a user to read as, a settle window of nothing and an outside Redis', () => {
    const text = archive('kind: directory, root: /srv/a/, verify: size, max_bytes: 1 GiB, max_files: 9')
      .replace('/mnt/lab }', '/mnt/lab/, read_as: { uid: 1, gid: 2 } }')
      .concat(
        'settle: 0s\nredis: { url: "redis://127.0.0.1:6379" }\nschedule: { until: "06:00", timezone: UTC }\n',
      );
    const result = readTexts(text);

    if (!result.ok) throw new Error('refused');
    const { config } = result;
    expect(config.destinations[0]).toMatchObject({
      root: '/srv/a',
      verify: 'size',
      maxBytes: 2 ** 30,
      maxFiles: 9,
    });
    expect(config.shares[0]).toMatchObject({ root: '/mnt/lab', readAs: { uid: 1, gid: 2 } });
    expect(config.settleMs).toBe(0);
    expect(config.redis).toEqual({ url: 'redis://127.0.0.1:6379' });
    expect(config.schedule).toMatchObject({ evening: '20:00', until: '06:00', timezone: 'UTC' });
  });
});

describe('files', () => {
  it('that are a directory or far too large are refused', () => {
    using files = configFiles(GOOD_NIGHTJAR);
    const folders = join(files.dir, 'folders.yaml');
    const messages = (): string[] => {
      const result = readConfig({ file: files.file, env: {}, home: '/home/lab' });
      return result.ok ? [] : result.problems.map(({ message }) => message);
    };

    truncateSync(folders, 5 * 1024 * 1024);
    expect(messages()).toEqual([expect.stringContaining('at most 4 MiB')]);
    rmSync(folders);
    mkdirSync(folders);
    expect(messages()).toEqual(['expected a file']);
  });

  it('are looked for here and then in /etc when nobody names one', () => {
    expect(findConfigFile({ env: { NIGHTJAR_CONFIG: '' }, home: '/home/lab' })).toMatch(/nightjar\.yaml$/);
    expect(findConfigFile({ env: {}, home: '/home/lab' })).toBe('/etc/nightjar/nightjar.yaml');
  });
});
