import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { styleText } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IngestError } from '../../src/core/errors.ts';
import { jsonOf, plainText } from '../../src/core/plain-output.ts';
import { openLog } from '../../src/log/open-log.ts';

const ESCAPES =
  '\u001b]52;c;ZXZpbA==\u0007\u001b[2J\u009b31m\u202eexe\u2066\u2028\udcff\u200b\ufeff\u00ad\u{e0041}';
const RAW = /[[\p{Cc}--[\n\t]]\u2028\u2029\p{Cs}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/v;
/** All of Latin, where the controls are, and the blocks up to the marks that turn text around. */
const strange = () =>
  fc
    .array(fc.integer({ max: 0x20ff, min: 0 }), { maxLength: 40 })
    .map((codes) => String.fromCodePoint(...codes) + ESCAPES);

describe('what leaves us', () => {
  it('as JSON means the same, and has nothing that a terminal would act on', () => {
    fc.assert(
      fc.property(fc.dictionary(strange(), strange()), (value) => {
        const json = jsonOf(value);

        expect(json).not.toMatch(RAW);
        expect(JSON.parse(json)).toEqual(value);
      }),
    );
  });

  it('as text keeps its lines and our colours, and nothing else that a terminal would act on', () => {
    const red = styleText('red', 'held', { validateStream: false });

    expect(plainText(`${red}\t1\n`)).toBe(`${red}\t1\n`);
    expect(plainText(ESCAPES)).toBe(
      String.raw`\x1b]52;c;ZXZpbA==\x07\x1b[2J\x9b31m\u{202e}exe\u{2066}\u{2028}\u{dcff}\u{200b}\u{feff}\u{ad}\u{e0041}`,
    );
    fc.assert(
      fc.property(strange(), (some) => {
        // oxlint-disable-next-line no-control-regex -- colours are ours
        expect(plainText(some).replaceAll(/\u001b\[[\d;]*m/g, '')).not.toMatch(RAW);
      }),
    );
  });

  it('to the log has nothing of it, in names, fields and errors', async () => {
    const out = new PassThrough();
    const log = openLog('info', out);

    log.info({ path: ESCAPES, [ESCAPES]: 1 }, ESCAPES);
    log.error({
      error: new IngestError('UNEXPECTED', ESCAPES, { hint: ESCAPES, context: { path: ESCAPES } }),
    });
    log.error({ error: new Error(ESCAPES, { cause: new Error(ESCAPES) }) });
    out.end();
    const lines = (await text(out)).trimEnd().split('\n');

    expect(lines).toHaveLength(3);
    expect(lines.filter((line) => RAW.test(line))).toEqual([]);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ path: ESCAPES, msg: ESCAPES });
  });
});
