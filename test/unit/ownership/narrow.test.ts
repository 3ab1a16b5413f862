import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Control } from '../../../src/core/control.ts';
import { destinationName, ownerId } from '../../../src/core/ids.ts';
import type { Assignment } from '../../../src/core/model.ts';
import type { SharePath } from '../../../src/core/share-path.ts';
import { narrow, READY_SETTLE_MS } from '../../../src/ownership/narrow.ts';

const PATH = 'SEM1/mueller/run/sub/a.tif' as SharePath;
const OWNED: Extract<Assignment, { kind: 'owned' }> = {
  ...{ kind: 'owned', owner: ownerId('mueller'), dataset: 'SEM1/mueller/run' as SharePath },
  ...{ instrument: 'SEM1', rule: 'rule 1', facts: {}, settleMs: 1_200_000 },
  ...{ destination: destinationName('archive'), compress: false },
};
const HELD: Assignment = {
  kind: 'held',
  code: 'BY_RULE',
  reason: 'two rules',
  instrument: 'SEM1',
  rules: [],
};
const EXCLUDED: Assignment = { kind: 'excluded', reason: 'litter', instrument: 'SEM1' };

const at = (dir: string, says: Omit<Control, 'dir' | 'file'>): Control => ({
  ...{ dir: dir as SharePath, file: `${dir}/.nightjar.yaml` },
  ...says,
});
const RUN = 'SEM1/mueller/run';

describe('what a control file does to the files below it', () => {
  it('holds them, and says which file and why', () => {
    expect(narrow(OWNED, PATH, [at(RUN, { hold: 'labels are wrong' })])).toMatchObject({
      ...{ kind: 'held', instrument: 'SEM1', owner: 'mueller', destination: 'archive' },
      reason: `${RUN}/.nightjar.yaml holds it: labels are wrong`,
    });
  });

  it('skips them, and says which file and why', () => {
    expect(narrow(OWNED, PATH, [at(RUN, { skip: 'alignment' })])).toMatchObject({
      kind: 'excluded',
      reason: `${RUN}/.nightjar.yaml skips it: alignment`,
    });
  });

  it('holds them when the file cannot be followed', () => {
    const problem = `${RUN}/.nightjar.yaml:1:1: owner: no`;

    expect(narrow(OWNED, PATH, [at(RUN, { problem })])).toMatchObject({
      kind: 'held',
      reason: expect.stringContaining(problem),
    });
  });

  it('lets no deeper file lift what one above it says', () => {
    const above = at('SEM1', { hold: 'stage is off' });

    expect(narrow(OWNED, PATH, [above, at(RUN, { ready: true })])).toMatchObject({ kind: 'held' });
    expect(narrow(OWNED, PATH, [above, at(RUN, { skip: 'x' })])).toMatchObject({ kind: 'held' });
    expect(narrow(OWNED, PATH, [at('SEM1', { skip: 'x' }), at(RUN, { hold: 'y' })])).toMatchObject({
      kind: 'excluded',
    });
  });

  it('shortens the quiet time of what is ready and waives completion, for two looks that are still to be equal', () => {
    expect(narrow(OWNED, PATH, [at(RUN, { ready: true })])).toMatchObject({
      settleMs: READY_SETTLE_MS,
      waived: { by: 'ready', reason: `${RUN}/.nightjar.yaml says that it is ready` },
    });
    expect(narrow({ ...OWNED, settleMs: 0 }, PATH, [at(RUN, { ready: true })])).toMatchObject({
      settleMs: 0,
    });
  });

  it('makes the quiet time longer, never shorter', () => {
    const settleOf = (quietMs: number): unknown => narrow(OWNED, PATH, [at(RUN, { quietMs })]);

    expect(settleOf(7_200_000)).toMatchObject({ settleMs: 7_200_000 });
    expect(settleOf(1000)).toMatchObject({ settleMs: OWNED.settleMs });
  });

  it('makes a folder inside a dataset one of its own', () => {
    expect(narrow(OWNED, PATH, [at(`${RUN}/sub`, { dataset: true })])).toMatchObject({
      dataset: `${RUN}/sub`,
    });
    expect(narrow(OWNED, PATH, [at(RUN, { dataset: true })])).toMatchObject({ dataset: RUN });
  });

  it('does not join datasets: that would let one be sent because another is finished', () => {
    expect(narrow(OWNED, PATH, [at('SEM1/mueller', { dataset: true })])).toMatchObject({
      kind: 'held',
      reason: expect.stringContaining('never joins several'),
    });
  });

  it('leaves the control file itself out', () => {
    const own = `${RUN}/.nightjar.yaml` as SharePath;

    expect(narrow(OWNED, own, [at(RUN, { hold: 'x' })])).toMatchObject({
      kind: 'excluded',
      reason: expect.stringContaining('control file'),
    });
  });

  it('adds nothing where a rule holds or excludes already, but that a held file may be skipped', () => {
    expect(narrow(HELD, PATH, [at(RUN, { hold: 'x', ready: true })])).toEqual(HELD);
    expect(narrow(EXCLUDED, PATH, [at(RUN, { hold: 'x' })])).toEqual(EXCLUDED);
    expect(narrow(HELD, PATH, [at(RUN, { skip: 'x' })])).toMatchObject({ kind: 'excluded' });
  });
});

const says = fc.record(
  {
    problem: fc.string({ minLength: 1 }),
    hold: fc.string({ minLength: 1 }),
    skip: fc.string({ minLength: 1 }),
    ready: fc.boolean(),
    dataset: fc.boolean(),
    quietMs: fc.nat(10_000_000),
  },
  { requiredKeys: [] },
);
const DIRS = ['', 'SEM1', 'SEM1/mueller', RUN, `${RUN}/sub`];
const controls = fc
  .array(fc.option(says, { nil: undefined }), { minLength: DIRS.length, maxLength: DIRS.length })
  .map((all) => all.flatMap((one, depth) => (one === undefined ? [] : [at(DIRS[depth] ?? '', one)])));

describe('whatever control files say', () => {
  it('owner, destination, rule and facts stay, or the file does not go at all', () => {
    fc.assert(
      fc.property(controls, fc.constantFrom<Assignment>(OWNED, HELD, EXCLUDED), (all, base) => {
        const now = narrow(base, PATH, all);

        expect(base.kind === 'owned' || now.kind !== 'owned').toBe(true);
        if (now.kind !== 'owned') return;
        const { owner, destination, rule, facts, instrument, compress } = OWNED;
        expect(now).toMatchObject({ owner, destination, rule, facts, instrument, compress });
        expect(now.dataset === RUN || now.dataset.startsWith(`${RUN}/`)).toBe(true);
        expect(now.settleMs).toBeGreaterThanOrEqual(
          now.waived === undefined ? OWNED.settleMs : READY_SETTLE_MS,
        );
      }),
    );
  });

  it('one more control file never frees what the others keep back', () => {
    fc.assert(
      fc.property(controls, says, fc.nat(DIRS.length - 1), (all, more, depth) => {
        const dir = DIRS[depth] ?? '';
        if (narrow(OWNED, PATH, all).kind === 'owned' || all.some((one) => one.dir === dir)) return;
        const with1 = [...all, at(dir, more)].toSorted((a, b) => a.dir.length - b.dir.length);

        expect(narrow(OWNED, PATH, with1).kind).not.toBe('owned');
      }),
    );
  });
});
