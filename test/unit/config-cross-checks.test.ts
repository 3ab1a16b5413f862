import { describe, expect, it } from 'vitest';
import { GOOD_FOLDERS, GOOD_NIGHTJAR, problemLines } from '../support/config-files.ts';

const NOMAD = 'kind: nomad, base_url: "https://nomad.example.org/nomad-oasis/api/v1"';
const TO_NOMAD = GOOD_NIGHTJAR.replace('kind: directory, root: /srv/archive', NOMAD);
const BOTH = `${GOOD_NIGHTJAR}  platform: { ${NOMAD} }\n`;

/** The good folders file with these lines as rules, each a flow mapping. */
const withRules = (...rules: string[]): string =>
  `rules:\n${rules.map((rule) => `  - { ${rule} }\n`).join('')}owners:\n  ada: {}\n  bob: {}\n`;
const withOwners = (...owners: string[]): string =>
  `rules:\n  - match: "{owner}/**"\nowners:\n${owners.map((owner) => `  ${owner}\n`).join('')}`;

/** What `problemLines` says when there is exactly one problem, at this place, in these words. */
const one = (place: string, words: string): unknown[] => [
  expect.stringMatching(new RegExp(`${RegExp.escape(place)}.*${RegExp.escape(words)}`)),
];

const share = (root: string): string => GOOD_NIGHTJAR.replace('/mnt/lab', root);
const rules = (...lines: string[]): string[] => problemLines(GOOD_NIGHTJAR, withRules(...lines));

describe('what completes a dataset', () => {
  it('refuses a count by a part that the template does not have as a number of a directory', () => {
    const counted = (match: string): string =>
      `match: "${match}", owner: ada, complete: { any: [{ count: { "*.tif": "{n}" } }] }`;

    expect(rules(counted('SEM/x_{n:number}/**'))).toEqual([]);
    expect(rules(counted('SEM/x_{n}/**'))).toEqual(
      one('folders.yaml:2:52:', 'expected {n:number} as a part'),
    );
    expect(rules(counted('SEM/x/{n:number}.tif'))).toEqual(one('complete', 'in the name of a directory'));
  });

  it.each([
    ['{}', 'at least one condition'],
    ['{ marker: "**" }', "'**' means nothing here"],
    ['{ marker: a/ }', 'expected a file pattern such as "*.done"'],
    ['{ markr: x }', 'did you mean "marker"?'],
    ['{ any: [{ markr: x }] }', 'did you mean "marker"?'],
    ['{ any: [] }', 'expected at least 1 entry'],
    ['{ count: { "*.tif": none } }', 'a whole number above zero, or a part of `match`'],
    ['{ min_size: { "*.tif": 12 } }', 'expected a size'],
    ['{ absent: [] }', 'expected at least 1 entry'],
    ['{ absent: 5 }', 'expected a file pattern or a list of them'],
    ['{ companions: { "*.raw/": "*.ras" } }', 'expected a file pattern'],
    ['{ temp_names: [rsnc] }', 'did you mean "rsync"?'],
  ])('refuses %s', (complete, words) => {
    const [line = ''] = rules(`match: "a/**", owner: ada, complete: ${complete}`);

    expect(line).toContain(words);
    expect(line).toMatch(/^folders\.yaml:2:\d+: rules\[0\]\.complete/);
  });
});

describe('directories', () => {
  it('refuses a share inside the state directory, and around it', () => {
    expect(problemLines(share('/var/lib/nightjar/x'))).toEqual(
      one('nightjar.yaml:4:16:', 'inside /var/lib/nightjar'),
    );
    expect(problemLines(share('/var'))).toEqual(one('nightjar.yaml:4:16:', 'around /var/lib/nightjar'));
  });

  it('does not take a name that begins alike for a directory inside', () => {
    expect(problemLines(share('/var/lib/nightjar-data'))).toEqual([]);
  });

  it('refuses shares inside each other, however the path is written', () => {
    const text = share('/mnt/lab').replace(
      'destinations',
      '  sem: { root: /mnt//x/../lab/sem/ }\ndestinations',
    );

    expect(problemLines(text)).toEqual(
      one('nightjar.yaml:5:16:', '/mnt/lab/sem inside /mnt/lab of share "lab"'),
    );
  });

  it('refuses a destination inside a share, around it and equal to it', () => {
    for (const [root, how] of [
      ['/mnt/lab/out', 'inside'],
      ['/mnt', 'around'],
      ['/mnt/lab/', 'the same as'],
    ] as const) {
      const text = GOOD_NIGHTJAR.replace('/srv/archive', root);
      expect(problemLines(text)).toEqual(one('nightjar.yaml:6:37:', how));
    }
  });

  it('refuses a relative root of a share', () => {
    expect(problemLines(share('mnt/lab'))).toEqual(one('nightjar.yaml:4:16:', 'expected an absolute path'));
  });

  it('refuses a state directory whose socket path is longer than a socket may have', () => {
    const longest = `/${'s'.repeat(100 - '/redis/redis.sock'.length - 1)}`;

    expect(problemLines(GOOD_NIGHTJAR.replace('/var/lib/nightjar', longest))).toEqual([]);
    expect(problemLines(GOOD_NIGHTJAR.replace('/var/lib/nightjar', `${longest}s`))).toEqual(
      one('nightjar.yaml:2:12:', 'found 101'),
    );
  });
});

describe('destinations', () => {
  it('must be named as the default when there are several', () => {
    expect(problemLines(BOTH)).toEqual(one('default_destination:', 'required when there are several'));
    expect(problemLines(`${BOTH}default_destination: archive\n`)).toEqual([]);
  });

  it('have a default that exists', () => {
    expect(problemLines(`${BOTH}default_destination: archve\n`)).toEqual(
      one('nightjar.yaml:8:22:', 'did you mean "archive"?'),
    );
  });

  it('that a rule names exist', () => {
    const folders = withRules('match: "{owner}/**", destination: archiv');

    expect(problemLines(GOOD_NIGHTJAR, folders)).toEqual(
      one('folders.yaml:2:41:', 'did you mean "archive"?'),
    );
  });

  it('of kind nomad need a token of the collector, when data goes there by default; of an owner they need none', () => {
    expect(problemLines(TO_NOMAD, withRules('match: "{owner}/**"'))).toEqual(
      one('collector.nomad.token:', 'expected nomad.token for the collector'),
    );
    expect(
      problemLines(
        `${BOTH}default_destination: archive\n`,
        withRules('match: "{owner}/**", destination: platform'),
      ),
    ).toEqual([]);
  });
});

describe('owners', () => {
  it('do not share an alias, in whatever way its letters are written', () => {
    const folders = withOwners('ada: { aliases: ["M\u00fcller"] }', 'bob: { aliases: ["Mu\u0308ller"] }');

    expect(problemLines(GOOD_NIGHTJAR, folders)).toEqual(
      one('owners.bob.aliases[0]:', 'already means "ada"'),
    );
  });

  it('have no alias that is the id of another', () => {
    const folders = withOwners('ada: { aliases: [bob] }', 'bob: {}');

    expect(problemLines(GOOD_NIGHTJAR, folders)).toEqual(
      one('owners.ada.aliases[0]:', 'already means "bob"'),
    );
  });

  it('may repeat their own id as an alias', () => {
    expect(problemLines(GOOD_NIGHTJAR, withOwners('ada: { aliases: [ada, al] }'))).toEqual([]);
  });

  it('do not share a token, nor have the one of the collector', () => {
    const folders = `${withOwners('ada: { nomad: { token: t } }', 'bob: { nomad: { token: t } }', 'eve: { nomad: { token: c } }')}collector: { nomad: { token: c } }\n`;
    const lines = problemLines(GOOD_NIGHTJAR, folders);

    expect(lines.map((line) => line.split(' ')[1])).toEqual([
      'owners.bob.nomad.token:',
      'owners.eve.nomad.token:',
    ]);
  });

  it('are not called collector', () => {
    expect(problemLines(GOOD_NIGHTJAR, withOwners('collector: {}'))).toEqual(
      one('owners.collector:', 'another id'),
    );
  });

  it('that a rule names exist', () => {
    expect(problemLines(GOOD_NIGHTJAR, withRules('match: "A/**", owner: adda'))).toEqual(
      one('rules[0].owner:', 'did you mean "ada"?'),
    );
  });
});

describe('rules', () => {
  it('say whose the files are, or why they stay', () => {
    expect(rules('match: "A/{dataset}/**"')).toEqual(
      one('rules[0].match:', 'says nothing about whose the files are'),
    );
    expect(rules('match: "A/**", hold: wait')).toEqual([]);
    expect(rules('match: "A/**", exclude: litter')).toEqual([]);
    expect(rules('match: "A/**", owner: ada')).toEqual([]);
    expect(rules('match: "A/**", owner: collector')).toEqual([]);
  });

  it('do not say it twice', () => {
    expect(rules('match: "{owner}/**", owner: ada')).toEqual(one('rules[0].owner:', 'found both'));
    expect(rules('match: "A/**", hold: a, exclude: b')).toEqual(one('rules[0].exclude:', 'found both'));
  });

  it('have a template that can be read', () => {
    expect(rules('match: "{owner}/**/x"')).toEqual(one('rules[0].match:', "'**' may only stand alone"));
    expect(rules('match: "/{owner}/**"')).toEqual(one('rules[0].match:', "begins with '/'"));
  });

  it('can choose instruments only where there is an {instrument} part', () => {
    expect(rules('match: "A/{owner}/**", instruments: [A]')).toEqual(
      one('rules[0].instruments:', '{instrument} part'),
    );
  });

  it('are not behind one with the same match', () => {
    expect(rules('match: "{owner}/**"', 'match: "{owner}/**"')).toEqual(
      one('rules[1].match:', 'rule 1 stands above it'),
    );
  });

  it('are not behind one that takes every file', () => {
    expect(rules('match: "**", hold: all', 'match: "A/{owner}/**"')).toEqual(
      one('rules[1].match:', 'takes every file'),
    );
  });

  it('may repeat a match for other instruments, or behind a narrower one', () => {
    const match = 'match: "{instrument}/{owner}/**"';

    expect(rules(`${match}, instruments: [A]`, `${match}, instruments: [B]`)).toEqual([]);
    expect(rules(`${match}, instruments: [A]`, match)).toEqual([]);
    expect(rules(match, `${match}, instruments: [A]`)).toEqual(one('rules[1].match:', 'never match'));
    expect(rules(`${match}, instruments: [A, B]`, `${match}, instruments: [B]`)).toEqual(
      one('rules[1].match:', 'never'),
    );
  });

  it('may hold what the same match with a known owner lets through', () => {
    expect(rules('match: "{owner}/**"', 'match: "{owner}/**", hold: "unknown person"')).toEqual([]);
  });

  it('have names of their own', () => {
    const lines = rules('match: "A/{owner}/**", name: x', 'match: "B/{owner}/**", name: x');

    expect(lines).toEqual(one('rules[1].name:', 'the name of rule 1'));
    expect(rules('match: "{owner}/**", name: rule 7')).toEqual(
      one('rules[0].name:', 'unlike the numbered ones'),
    );
  });
});

describe('times', () => {
  it.each([
    ['schedule: { timezone: Europe/Berln }', 'time zone'],
    ['schedule: { evening: "24:00" }', 'time of day'],
    ['schedule: { evening: 8pm }', 'time of day'],
    ['settle: 20', 'duration'],
    ['deliveries: { retry_first: 1h, retry_max: 30m }', 'no shorter than retry_first'],
  ])('refuses %s', (text, words) => {
    expect(problemLines(`${GOOD_NIGHTJAR}${text}\n`)).toEqual(one('nightjar.yaml:7:', words));
  });
});

it('cross-checks speak even while other parts of the files are wrong', () => {
  const lines = problemLines(
    `${GOOD_NIGHTJAR.replace('/srv/archive', '/mnt/lab/out')}setle: 1m\n`,
    `${GOOD_FOLDERS}  bob: { aliases: [ada], emial: x }\n`,
  );

  expect(lines.map((line) => line.split(' ')[1])).toEqual([
    'destinations.archive.root:',
    'setle:',
    'owners.bob.aliases[0]:',
    'owners.bob.emial:',
  ]);
});

it('a folders file that cannot be read is one problem, not a problem for every name in it', () => {
  expect(problemLines(GOOD_NIGHTJAR, 'rules: [')).toHaveLength(1);
});

describe('what parts are translated by', () => {
  it('is a table that is there, and a part that is in the template', () => {
    const tables = 'tables: { projects: { p17: Perovskites } }\n';
    const lines = (translate: string): string[] =>
      problemLines(
        GOOD_NIGHTJAR,
        `${withRules(`match: "{project}/{owner}/**", translate: ${translate}`)}${tables}`,
      );

    expect(lines('{ project: projects }')).toEqual([]);
    expect(lines('{ project: project }')).toEqual(one('folders.yaml:2:60:', 'did you mean "projects"?'));
    expect(lines('{ projct: projects }')).toEqual(one('folders.yaml:2:51:', 'there is no {projct} in'));
  });
});

describe('an owner who leaves', () => {
  it('has a successor who is known, and whose successors do not lead back', () => {
    const lines = (...owners: string[]): string[] => problemLines(GOOD_NIGHTJAR, withOwners(...owners));
    const leaving = (successor: string): string => `{ leaves: { on: 2026-12-31, successor: ${successor} } }`;

    expect(lines(`ada: ${leaving('bob')}`, 'bob: {}')).toEqual([]);
    expect(lines(`ada: ${leaving('bop')}`, 'bob: {}')).toEqual(
      one('leaves.successor:', 'did you mean "bob"?'),
    );
    expect(lines(`ada: ${leaving('bob')}`, `bob: ${leaving('ada')}`)).toHaveLength(2);
    expect(lines(`ada: ${leaving('ada')}`)).toEqual(one('leaves.successor:', 'lead back'));
  });

  it('leaves on a day that exists, and not to two places', () => {
    const lines = (leaves: string): string[] =>
      problemLines(GOOD_NIGHTJAR, withOwners(`ada: { leaves: { ${leaves} } }`, 'bob: {}'));

    expect(lines('on: 2026-02-30')).toEqual(one('leaves.on:', 'expected a day that exists'));
    expect(lines('on: 2026-02-28, successor: bob, collector_after: 30d')).toEqual(
      one('leaves:', 'either `successor` or `collector_after`'),
    );
  });
});
