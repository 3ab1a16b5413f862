import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig, readConfig } from '../../src/config/load-config.ts';
import { IngestError } from '../../src/core/errors.ts';
import { sharePath } from '../../src/core/share-path.ts';
import { createAssigner } from '../../src/ownership/assign-owner.ts';
import { neverMatching } from '../../src/ownership/never-matching.ts';
import {
  configFiles,
  GOOD_FOLDERS,
  GOOD_NIGHTJAR,
  problemLines,
  problemsOf,
  readTexts,
} from '../support/config-files.ts';

const HOME = '/home/lab';

describe('a good configuration', () => {
  it('has milliseconds, bytes, absolute paths and the defaults', () => {
    using files = configFiles(
      `${GOOD_NIGHTJAR}batch: { max_bytes: 2 GiB }\nsettle: 1h30m\n`,
      GOOD_FOLDERS.replace('**"', '**"\n    settle: 5m\n    compress: true'),
    );

    const config = loadConfig({ file: files.file, env: {}, home: HOME });

    expect(config.shares).toEqual([
      {
        ...{ name: 'lab', root: '/mnt/lab', marker: '.nightjar-share', scanThreads: 2, stallMs: 60_000 },
        watch: { mode: 'auto', depth: 3, limit: 2000, pauseMs: 120_000 },
        alarm: { enabled: true, evenings: 5, factor: 2, minFiles: 1000, minBytes: 10 * 1024 ** 3 },
      },
    ]);
    expect(config.destinations).toEqual([
      { name: 'archive', kind: 'directory', root: '/srv/archive', verify: 'hash' },
    ]);
    expect(config.batch).toEqual({ maxBytes: 2 ** 31 });
    expect(config.settleMs).toBe(5_400_000);
    expect(config.deliveries).toEqual({
      concurrency: 2,
      retryLimit: 6,
      retryFirstMs: 30_000,
      retryMaxMs: 1_800_000,
      probeFirstMs: 30_000,
      probeMaxMs: 600_000,
      outageWaitMs: 7_200_000,
    });
    expect(config.schedule.evening).toBe('20:00');
    expect(config.schedule.days).toHaveLength(7);
    expect(config.mapping.defaultDestination).toBe('archive');
    expect(config.mapping.rules).toEqual([
      {
        id: 'rule 1',
        at: 'folders.yaml:3',
        match: '{instrument}/{owner}/**',
        compress: true,
        withoutToken: 'hold',
        agree: false,
        settleMs: 300_000,
      },
    ]);
    expect(config.credentials.dir).toBe(join(files.dir, 'tokens'));
    expect(config.files).toEqual({ nightjar: files.file, folders: join(files.dir, 'folders.yaml') });
  });

  it('cannot be changed, however deep', () => {
    const result = readTexts(GOOD_NIGHTJAR);

    if (!result.ok) throw new Error('refused');
    const { shares, mapping } = result.config;
    for (const part of [result.config, shares, shares[0], mapping.rules[0], mapping.owners[0]?.aliases]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it('always leaves out the marker of every share', () => {
    const result = readTexts(
      GOOD_NIGHTJAR.replace('/mnt/lab }', '/mnt/lab, marker: .proof }'),
      `${GOOD_FOLDERS}ignore: ["*.tmp"]\n`,
    );

    expect(result.ok && result.config.mapping.ignore).toEqual(['*.tmp', '.proof']);
  });

  it('takes the directories that systemd names, where the file names none', () => {
    using files = configFiles(GOOD_NIGHTJAR.replace('state_dir: /var/lib/nightjar\n', ''));
    const env = { STATE_DIRECTORY: '/var/lib/a:/var/lib/b', CREDENTIALS_DIRECTORY: '/run/credentials/n' };

    const withSystemd = loadConfig({ file: files.file, env, home: HOME });
    const without = loadConfig({ file: files.file, env: {}, home: HOME });

    expect([withSystemd.stateDir, withSystemd.credentials.dir]).toEqual(['/var/lib/a', '/run/credentials/n']);
    expect(without.stateDir).toBe('/home/lab/.local/state/nightjar');
  });

  it('gives an owner the name of the token, and whose it must be', () => {
    const result = readTexts(
      GOOD_NIGHTJAR,
      GOOD_FOLDERS.replace('ada: {}', 'ada: { aliases: [al], nomad: { token: ada-t, user_id: u-1 } }'),
    );

    expect(result.ok && result.config.mapping.owners).toEqual([
      { id: 'ada', aliases: ['al'], tokens: { nomad: { token: 'ada-t', userId: 'u-1' } } },
    ]);
  });

  it('is found by $NIGHTJAR_CONFIG, and --config wins over it', () => {
    using first = configFiles(GOOD_NIGHTJAR);
    using second = configFiles(GOOD_NIGHTJAR);
    const env = { NIGHTJAR_CONFIG: first.file };

    expect(loadConfig({ env, home: HOME }).files.nightjar).toBe(first.file);
    expect(loadConfig({ file: second.file, env, home: HOME }).files.nightjar).toBe(second.file);
  });
});

describe('a bad configuration', () => {
  const TEN_MISTAKES = `state_dir: /var/lib/nightjar
shares:
  lab: { rot: x, root: mnt/lab, stall: 60 }
destinations:
  archive: { kind: directry, root: /srv/archive }
setle: 20m
schedule: { evening: 20:0, days: [mon, tues], timezone: Europe/Berln }
deliveries: { concurrency: 0 }
`;

  it('has all its ten mistakes reported at once, each with its place and the nearest name', () => {
    const found = problemsOf(
      TEN_MISTAKES,
      'rules:\n  - match: "{instrument}/{owner}/**"\n    instrments: [SEM1]\nowners: {}\n',
    ).map(({ line, column, key, nearest }) => [`${line}:${column}`, key, nearest]);

    expect(found).toEqual([
      ['3:10', 'shares.lab.rot', 'root'],
      ['3:24', 'shares.lab.root', undefined],
      ['3:40', 'shares.lab.stall', undefined],
      ['5:20', 'destinations.archive.kind', 'directory'],
      ['6:1', 'setle', 'settle'],
      ['7:22', 'schedule.evening', undefined],
      ['7:40', 'schedule.days[1]', 'tue'],
      ['7:57', 'schedule.timezone', undefined],
      ['8:28', 'deliveries.concurrency', undefined],
      ['3:5', 'rules[0].instrments', 'instruments'],
    ]);
  });

  it('says what was expected and what was found', () => {
    const lines = problemLines(TEN_MISTAKES);

    expect(lines).toContain(
      'nightjar.yaml:3:40: shares.lab.stall: expected a duration such as "60s", found the number 60',
    );
    expect(lines).toContain(
      'nightjar.yaml:5:20: destinations.archive.kind: expected "directory" or "nomad", found "directry"; did you mean "directory"?',
    );
  });

  it('is thrown as one error that carries every problem', () => {
    using files = configFiles(TEN_MISTAKES);
    let thrown: unknown;
    try {
      loadConfig({ file: files.file, env: {}, home: HOME });
    } catch (error) {
      thrown = error;
    }

    if (!(thrown instanceof IngestError)) throw new Error('nothing thrown');
    expect(thrown.code).toBe('CONFIG_INVALID');
    expect(thrown.context['problems']).toHaveLength(9);
    expect(thrown.hint).toContain('nightjar check');
  });

  it('that is not there leads to nightjar init', () => {
    const result = readConfig({ file: '/nonexistent/nightjar.yaml', env: {}, home: HOME });

    expect(result).toMatchObject({ ok: false, hint: expect.stringContaining('nightjar init') });
  });

  it('names the folders file that is not there', () => {
    using files = configFiles(`${GOOD_NIGHTJAR}folders: people.yaml\n`);
    const result = readConfig({ file: files.file, env: {}, home: HOME });

    expect(result.ok ? [] : result.problems.map(({ file }) => file)).toEqual([
      join(files.dir, 'people.yaml'),
    ]);
  });

  it('never has a secret in its report', () => {
    const token = `${'A'.repeat(22)}.${'B'.repeat(27)}`;
    const lines = problemLines(
      `${GOOD_NIGHTJAR}redis: { url: "http://user:hunter2@redis" }\n`,
      GOOD_FOLDERS.replace('ada: {}', `ada: { nomad: { token: ${token} } }`),
    );

    expect(lines).toHaveLength(2);
    expect(lines.join('\n')).not.toMatch(/AAAA|hunter2/);
    expect(lines.join('\n')).toContain('not the token itself');
  });
});

describe('YAML that is refused', () => {
  it.each([
    [
      'keys that every JavaScript object has',
      '__proto__: { a: 1 }\nconstructor: 1\n',
      /JavaScript reserves it/,
    ],
    ['doubled keys', 'settle: 1m\nsettle: 2m\n', /Map keys must be unique/],
    ['unknown tags', 'log: !danger {}\n', /Unresolved tag/],
    ['lists as keys', '? [a]\n: 1\n', /plain name as key/],
    ['several documents', '---\na: 1\n', /multiple documents/],
  ])('%s', (_, text, message) => {
    const lines = problemLines(GOOD_NIGHTJAR + text);

    expect(lines.join('\n')).toMatch(message);
    for (const line of lines) expect(line).toMatch(/^nightjar\.yaml:([7-9]|10):\d+: /);
  });

  it('a reserved name as the id of an owner', () => {
    const text = GOOD_FOLDERS.replace('ada: {}', '__proto__: { aliases: [ada] }');

    expect(problemLines(GOOD_NIGHTJAR, text)).toEqual([
      'folders.yaml:5:3: "__proto__" cannot be used as a key: JavaScript reserves it',
    ]);
  });

  it('a small text that would grow to millions of values', () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
    for (const [from, to] of ['a b', 'b c', 'c d', 'd e', 'e f', 'f g'].map((pair) => pair.split(' '))) {
      bomb.push(`${to}: &${to} [${Array.from({ length: 10 }, () => `*${from}`).join(', ')}]`);
    }

    expect(problemLines(bomb.join('\n')).join('\n')).toContain('Excessive alias count');
  });

  it('a text that nests deeper than anybody writes, in a screenful of lines', () => {
    const lines = problemLines('['.repeat(100_000));

    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThanOrEqual(20);
  });

  it('bytes that are not UTF-8, an empty file and a file that is a list', () => {
    expect(problemLines(Buffer.from([0xff, 0xfe]))[0]).toContain('expected text in UTF-8');
    expect(problemLines('')[0]).toContain('found an empty file');
    expect(problemLines('[1]')[0]).toContain('found a list of 1');
  });

  it('but a block that is used twice by an alias is fine', () => {
    const shares = '  lab: &one { root: /mnt/lab }';
    const result = readTexts(GOOD_NIGHTJAR.replace('  lab: { root: /mnt/lab }', shares));
    const broken = problemLines(`${GOOD_NIGHTJAR}log: &l { level: loud }\nredis: *l\n`);

    expect(result.ok).toBe(true);
    expect(broken).toHaveLength(2);
    expect(broken[1]).toMatch(/^nightjar\.yaml:7:18: log\.level: /);
  });
});

describe('the examples in config/', () => {
  const file = resolve('config/nightjar.yaml');

  it('load without a problem and name their schema', () => {
    expect(() => loadConfig({ file, env: {}, home: HOME })).not.toThrow();
    for (const kind of ['nightjar', 'folders']) {
      const text = readFileSync(resolve(`config/${kind}.yaml`), 'utf8');
      expect(text.startsWith(`# yaml-language-server: $schema=${kind}.schema.json\n`)).toBe(true);
    }
  });

  it.each([
    ['XRD/mueller_20261122_ZnO/scan.raw', 'owned', 'mueller'],
    ['AFM/anything/at/all.dat', 'owned', 'chen'],
    ['SEM1/J. Müller/Si wafer/01.tif', 'owned', 'mueller'],
    ['SEM1/nobody/Si wafer/01.tif', 'owned', 'collector'],
    ['TEM/service/beam.log', 'held', 'service data: ask the manager'],
    ['SEM2/calibration/01.tif', 'excluded', 'calibration images'],
    ['SEM1/mueller/Si wafer/~$notes.docx', 'excluded', 'ignore'],
    ['SEM1/mueller/@eaDir/01.tif', 'excluded', 'ignore'],
    ['SEM1/mueller/Si wafer/.01.tif.Xa81kQ', 'excluded', 'ignore'],
  ])('put %s where their comments say: %s, %s', (path, kind, who) => {
    const { mapping } = loadConfig({ file, env: {}, home: HOME });
    const assignment = createAssigner(mapping).assign(sharePath(path));

    const said = assignment.kind === 'owned' ? assignment.owner : assignment.reason;
    expect([assignment.kind, said]).toEqual([kind, expect.stringContaining(who)]);
  });

  it('have no rule that can never match', () => {
    expect(neverMatching(loadConfig({ file, env: {}, home: HOME }).mapping)).toEqual([]);
  });
});
