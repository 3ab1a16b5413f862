import { describe, expect, it } from 'vitest';
import { GOOD_NIGHTJAR, problemLines } from '../support/config-files.ts';

const NOMAD = 'kind: nomad, base_url: "https://nomad.example.org/nomad-oasis/api/v1"';
const TO_NOMAD = GOOD_NIGHTJAR.replace('kind: directory, root: /srv/archive', NOMAD);
const BOTH = `${GOOD_NIGHTJAR}  platform: { ${NOMAD} }\ndefault_destination: archive\n`;

/** What is wrong with one rule with these keys. */
const sending = (nightjar: string, keys: string): string[] =>
  problemLines(
    nightjar,
    `rules:\n  - { match: "{owner}/**", ${keys} }\nowners:\n  ada: {}\ncollector: { nomad: { token: all } }\n`,
  );

/** What `problemLines` says when there is exactly one problem, at this place, in these words. */
const one = (place: string, words: string): unknown[] => [
  expect.stringMatching(new RegExp(`${RegExp.escape(place)}.*${RegExp.escape(words)}`)),
];

describe('a rule that packs files', () => {
  it('takes them one by one where the data goes to NOMAD', () => {
    expect(sending(TO_NOMAD, 'pack: files')).toEqual([]);
    expect(sending(BOTH, 'pack: files, destination: platform')).toEqual([]);
    expect(sending(BOTH, 'pack: zip')).toEqual([]);
  });

  it('is refused for a directory, and compressed', () => {
    expect(sending(BOTH, 'pack: files')).toEqual(one('rules[0].pack', 'a destination of kind directory'));
    expect(sending(TO_NOMAD, 'pack: files, compress: true')).toEqual(one('rules[0].pack', 'found both'));
    expect(sending(TO_NOMAD, 'pack: flies')).toEqual(one('rules[0].pack', 'files'));
  });
});

describe('what a rule says of its data', () => {
  const saying = (metadata: string, more = 'name: Films, '): string[] =>
    sending(TO_NOMAD, `${more}metadata: ${metadata}`);
  const whole =
    '{ coauthors: [lab-manager, chen@example.org], reviewers: [7d1c5f2e-0000-4000-8000-000000000000], comment: by the lab, references: ["https://example.org/p?x=1"], external_id: DFG-4711, embargo_length: 36 }';

  it('is taken as a whole', () => {
    expect(saying(whole)).toEqual([]);
    expect(saying('{ embargo_length: 0 }')).toEqual([]);
  });

  it.each([
    ['{}', 'rules[0].metadata', 'at least one key'],
    ['{ coauthor: [ada] }', 'coauthor', 'did you mean "coauthors"?'],
    ['{ coauthors: ada }', 'metadata.coauthors', 'list'],
    ['{ coauthors: [] }', 'metadata.coauthors', 'at least 1 entry'],
    ['{ coauthors: [Ada Lovelace] }', 'metadata.coauthors[0]', 'without blanks'],
    ['{ reviewers: [1] }', 'metadata.reviewers[0]', 'user'],
    ['{ embargo_length: 37 }', 'metadata.embargo_length', '36'],
    ['{ embargo_length: -1 }', 'metadata.embargo_length', '0'],
    ['{ embargo_length: 1.5 }', 'metadata.embargo_length', 'whole'],
    ['{ embargo_length: "6" }', 'metadata.embargo_length', 'number'],
    ['{ references: ["http://example.org"] }', 'metadata.references[0]', 'https://'],
    ['{ references: [example.org] }', 'metadata.references[0]', 'https://'],
    ['{ comment: 5 }', 'metadata.comment', 'text'],
    ['{ main_author: ada }', 'metadata.main_author', 'unknown key'],
  ])('is refused as %s', (metadata, place, words) => {
    const said = saying(metadata);

    expect(said).toEqual(one(place, words));
    expect(said[0]).toMatch(/^folders\.yaml:2:\d+: /);
  });

  it('is refused without a name for the rule, for a directory, and where nothing is sent', () => {
    const some = '{ comment: x }';

    expect(saying(some, '')).toEqual(one('rules[0].metadata', 'the key `name`'));
    expect(sending(BOTH, `name: Films, metadata: ${some}`)).toEqual(
      one('rules[0].metadata', 'of kind directory'),
    );
    expect(saying(some, 'name: Films, hold: not yet, ')).toEqual(
      one('rules[0].metadata', '`hold` or `exclude`'),
    );
  });

  it('may name coauthors of an owner, in the same words', () => {
    const owner = (keys: string): string[] =>
      problemLines(
        TO_NOMAD,
        `rules:\n  - match: "{owner}/**"\nowners:\n  ada: { ${keys} }\ncollector: { nomad: { token: all } }\n`,
      );

    expect(owner('coauthors: [lab-manager]')).toEqual([]);
    expect(owner('coauthors: [Lab Manager]')).toEqual(one('owners.ada.coauthors[0]', 'without blanks'));
    expect(owner('coauthor: [lab-manager]')).toEqual(one('coauthor', 'did you mean "coauthors"?'));
  });
});

describe('publishing', () => {
  const confirmed = TO_NOMAD.replace(NOMAD, `${NOMAD}, publish: irreversible`);
  const publishing = 'name: Films, publish: true';

  it('is taken where the rule and its destination both say it, and the second alone does no harm', () => {
    expect(confirmed).not.toBe(TO_NOMAD);
    expect(sending(confirmed, publishing)).toEqual([]);
    expect(sending(confirmed, 'publish: false')).toEqual([]);
    expect(sending(TO_NOMAD, 'publish: false')).toEqual([]);
  });

  it('is refused without the second confirmation, with what to add and where', () => {
    const said = sending(TO_NOMAD, publishing);

    expect(said).toEqual(one('rules[0].publish', '`publish: irreversible` in nightjar.yaml'));
    expect(said[0]).toContain('cannot be undone');
  });

  it('is refused in any other words, without a name for the rule, for a directory, and where nothing is sent', () => {
    const unsure = TO_NOMAD.replace(NOMAD, `${NOMAD}, publish: true`);

    expect(sending(unsure, 'publish: false')).toEqual(one('publish', 'irreversible'));
    expect(sending(confirmed, 'publish_directly: true')).toEqual(one('publish_directly', 'unknown key'));
    expect(sending(confirmed, 'publish: yes please')).toEqual(one('rules[0].publish', 'true or false'));
    expect(sending(confirmed, 'publish: true')).toEqual(one('rules[0].publish', 'the key `name`'));
    expect(sending(BOTH, publishing)).toEqual(one('rules[0].publish', 'of kind directory'));
    expect(sending(confirmed, `${publishing}, hold: not yet`)).toEqual(
      one('rules[0].publish', '`hold` or `exclude`'),
    );
  });
});
