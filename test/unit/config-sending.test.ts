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
