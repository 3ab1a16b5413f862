import fc from 'fast-check';
import { expect, it } from 'vitest';
import { secretsIn } from '../support/find-secrets.ts';

const secret = fc.string({ minLength: 8, maxLength: 40, unit: 'grapheme-ascii' });
const around = fc.uint8Array({ maxLength: 7 });
const spelled: readonly ((bytes: Buffer) => string)[] = [
  (bytes) => bytes.toString('latin1'),
  (bytes) => bytes.toString('base64'),
  (bytes) => bytes.toString('base64url'),
  (bytes) => bytes.toString('hex'),
];

it('the search for secrets finds one in the middle of anything, in each spelling', () => {
  fc.assert(
    fc.property(secret, around, around, fc.constantFrom(...spelled), (word, before, after, spell) => {
      const text = spell(Buffer.concat([before, Buffer.from(word), after]));

      expect(secretsIn(text, [word])).not.toEqual([]);
    }),
  );
  fc.assert(
    fc.property(secret, (word) => {
      const texts = [encodeURIComponent(word), new URLSearchParams({ password: word }).toString()];

      for (const text of texts) expect(secretsIn(text, [word])).not.toEqual([]);
    }),
  );
});

it('the search for secrets finds none where there is none', () => {
  expect(secretsIn('nothing to see here, not even c2VjcmV', ['secret-word'])).toEqual([]);
});
