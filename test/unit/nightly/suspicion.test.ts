import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Scan, ScanCounts } from '../../../src/ledger/scans.ts';
import { type AlarmOptions, type Thought, weigh } from '../../../src/nightly/suspicion.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const GIB = 1024 ** 3;
const ALARM: AlarmOptions = { enabled: true, evenings: 5, factor: 2, minFiles: 1000, minBytes: 10 * GIB };

type Saw = Partial<ScanCounts>;

const countsOf = (saw: Saw): ScanCounts => ({ files: 0, bytes: 0, owners: {}, mapping: 'm', ...saw });
const scan = (day: number, saw: Saw, more: Partial<Scan> = {}): Scan => ({
  ...{ runNo: day, at: day * DAY, counts: countsOf(saw), suspicion: undefined, accepted: undefined },
  ...more,
});

/** What is thought of a walk on the evening after these, the oldest first. */
function after(
  evenings: readonly Saw[],
  saw: Saw,
  options: Partial<AlarmOptions> = {},
  suspects: readonly Scan[] = [],
): Thought {
  const history = evenings.map((one, at) => scan(at + 1, one)).toReversed();
  const at = (evenings.length + suspects.length + 1) * DAY;
  return weigh(countsOf(saw), at, { history, suspects }, { ...ALARM, ...options });
}

const same = (saw: Saw, evenings = 5): Saw[] => Array.from({ length: evenings }, () => saw);

describe('the alarm of a share', () => {
  it('tells of a drop with both numbers', () => {
    const usual = [9800, 9900, 10_000, 10_100, 10_200].map((files) => ({ files }));

    const { suspicion, accepted } = after(usual, { files: 1204 });

    expect(suspicion).toMatchObject({
      kind: 'drop',
      what: '1,204 files; usual are 9,800 files to 10,200 files',
    });
    expect(accepted).toBeUndefined();
  });

  it('tells of a surge, of files or of bytes alone', () => {
    expect(after(same({ files: 5000 }), { files: 12_000 }).suspicion?.kind).toBe('surge');
    expect(
      after(same({ files: 5000, bytes: 50 * GIB }), { files: 5100, bytes: 150 * GIB }).suspicion,
    ).toMatchObject({ kind: 'surge', what: expect.stringMatching(/150 GiB; usual is 50 GiB/) });
  });

  it('tells of files that are all there and empty', () => {
    expect(after(same({ files: 5000, bytes: 50 * GIB }), { files: 5000, bytes: 0 }).suspicion?.kind).toBe(
      'drop',
    );
  });

  it('tells of an owner who lost everything, though the share as a whole looks usual', () => {
    const usual = { files: 9000, owners: { mueller: 8500, chen: 400 } };

    const { suspicion } = after(same(usual), { files: 8600, owners: { mueller: 8500 } });

    expect(suspicion).toMatchObject({ kind: 'drop', lost: ['chen'] });
    expect(suspicion?.what).toBe('no file of chen, who had 400 files');
  });

  it('says nothing of an owner when the mapping is another one: the files may be there for somebody else', () => {
    const usual = { files: 9000, owners: { mueller: 8500, chen: 400 } };

    const moved = { files: 9000, owners: { mueller: 8900 }, mapping: 'another' };

    expect(after(same(usual), moved).suspicion).toBeUndefined();
  });

  it('says nothing of an owner with a handful of files, nor of one who came and went', () => {
    expect(
      after(same({ files: 9000, owners: { mueller: 8500, chen: 40 } }), {
        files: 9000,
        owners: { mueller: 8500 },
      }).suspicion,
    ).toBeUndefined();
    const cameAndWent = [{}, {}, {}, {}, { chen: 400 }].map((owners) => ({ files: 9000, owners }));
    expect(after(cameAndWent, { files: 8600 }).suspicion).toBeUndefined();
  });

  it('is quiet on the first evenings, and where it is switched off', () => {
    expect(after(same({ files: 9000 }, 4), { files: 0 }).suspicion).toBeUndefined();
    expect(after(same({ files: 9000 }), { files: 0 }, { enabled: false }).suspicion).toBeUndefined();
    expect(weigh(countsOf({}), 9 * DAY, { history: [], suspects: [] }, undefined).suspicion).toBeUndefined();
  });

  it('does not count many walks of one day as many evenings', () => {
    const history = Array.from({ length: 9 }, (_, at) =>
      scan(1, { files: 9000 }, { at: DAY + at }),
    ).toReversed();

    expect(weigh(countsOf({}), 2 * DAY, { history, suspects: [] }, ALARM).suspicion).toBeUndefined();
  });

  it('does not cry wolf on a share that is filled in the week and emptied on Sunday', () => {
    const week = [1500, 3000, 4500, 6000, 7500, 9000, 1400].map((files) => ({ files }));

    expect(after([...week, ...week], { files: 1400 }).suspicion).toBeUndefined();
    expect(after([...week, ...week], { files: 9500 }).suspicion).toBeUndefined();
    expect(after([...week, ...week], { files: 0 }).suspicion?.kind).toBe('drop');
  });

  it('knows a level that was accepted at once, and forgets the one before', () => {
    const history = [scan(7, { files: 1100 }), scan(6, { files: 1000 }, { accepted: 'a person' })];

    expect(
      weigh(countsOf({ files: 1200 }), 8 * DAY, { history, suspects: [] }, ALARM).suspicion,
    ).toBeUndefined();
    expect(weigh(countsOf({ files: 9000 }), 8 * DAY, { history, suspects: [] }, ALARM).suspicion?.kind).toBe(
      'surge',
    );
  });

  describe('of a walk that a suspect one came before', () => {
    const usual = same({ files: 10_000 });
    const suspicion = { kind: 'drop', what: 'it fell', lost: [], since: 6 * DAY } as const;
    const suspect = (saw: Saw, at = 6 * DAY): Scan => scan(6, saw, { at, suspicion });

    it('believes the next evening when it sees the same', () => {
      const thought = after(usual, { files: 1250 }, {}, [suspect({ files: 1200 })]);

      expect(thought.accepted).toContain('which saw the same');
    });

    it('does not believe another walk of the same evening, and keeps the first time', () => {
      const thought = after(usual, { files: 1200 }, {}, [suspect({ files: 1200 }, 7 * DAY - HOUR)]);

      expect(thought).toMatchObject({ accepted: undefined, suspicion: { since: 7 * DAY - HOUR } });
    });

    it('does not believe a walk that is unusual in another way', () => {
      expect(after(usual, { files: 0 }, {}, [suspect({ files: 4500 })]).accepted).toBeUndefined();
      const owners = { mueller: 9000 };
      const lost = after(same({ files: 10_000, owners }), { files: 1200 }, {}, [suspect({ files: 1200 })]);
      expect(lost).toMatchObject({ accepted: undefined, suspicion: { lost: ['mueller'] } });
    });

    it('is over when the next walk is as usual', () => {
      expect(after(usual, { files: 9900 }, {}, [suspect({ files: 1200 })])).toEqual({
        suspicion: undefined,
        accepted: undefined,
      });
    });
  });

  it('never doubts a change below the factor or below the minimum, and always one above both', () => {
    const level = fc.integer({ min: 0, max: 50_000 });
    fc.assert(
      fc.property(fc.array(level, { minLength: 5, maxLength: 14 }), level, (levels, files) => {
        const [low, high] = [Math.min(...levels), Math.max(...levels)];
        const isDrop = files * 2 < low && low - files >= 1000;
        const isSurge = files > high * 2 && files - high >= 1000;

        const { suspicion } = after(
          levels.map((one) => ({ files: one })),
          { files },
        );

        expect(suspicion?.kind).toBe(isDrop ? 'drop' : isSurge ? 'surge' : undefined);
      }),
    );
  });
});
