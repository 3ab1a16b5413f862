import { describe, expect, it } from 'vitest';
import { isToldBy, toldAbove, troubleLines } from '../../src/cli/render-troubles.ts';
import type { Trouble } from '../../src/nightly/report-troubles.ts';
import type { Note } from '../../src/nightly/tally.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const TROUBLE: Trouble = {
  ...{ kind: 'token', code: 'TOKEN_REJECTED', destination: 'nomad', owner: 'bert', since: NOW - 5000 },
  ...{ what: 'The token of bert is refused by nomad.', said: 'opening it: answered 401' },
  ...{ waits: { batches: 6, files: 60, bytes: 2048 }, datasets: ['a', 'b', 'c', 'd', 'e'], moreDatasets: 1 },
  help: ['Look at it.', 'A new one: nightjar token enrol bert'],
};
const NOTE: Note = {
  ...{ bucket: 'held', share: 'lab', owner: 'bert', instrument: 'SEM1', where: 'SEM1/bert/a' },
  ...{ reason: 'opening it: answered 401', code: 'TOKEN_REJECTED', batch: 'b-1', files: 2, bytes: 1024 },
};
const { code: _, ...ON_HOLD } = NOTE;

describe('a trouble in the report', () => {
  it('is a paragraph: what, what is not delivered, the words of the destination, and what helps line by line', () => {
    const lines = troubleLines([TROUBLE], NOW);

    expect(lines).toEqual([
      'The token of bert is refused by nomad.',
      expect.stringMatching(
        /^ {4}since \d\d:.* · not delivered: 60 files, 2 KiB of a, b, c, d, e and 1 more$/,
      ),
      '    opening it: answered 401 (TOKEN_REJECTED)',
      '  → Look at it.',
      '    A new one: nightjar token enrol bert',
    ]);
  });

  it('is told as one for the platform too, where the tokens of many owners are refused at once', () => {
    const owners = ['anna', 'bert', 'carl'].map((owner) => ({ ...TROUBLE, owner }));

    const [first, second] = troubleLines(owners, NOW);

    expect(first).toBe('nomad refuses the tokens of 3 owners at once.');
    expect(second).toContain('Look at its user management');
    expect(troubleLines(owners.slice(1), NOW)[0]).toBe('The token of bert is refused by nomad.');
  });

  it('says nothing of what is not delivered where everything is', () => {
    const { said: _said, ...told } = { ...TROUBLE, waits: { batches: 0, files: 0, bytes: 0 }, datasets: [] };

    expect(troubleLines([told], NOW)[1]).toMatch(/^ {4}since \S+$/);
  });

  it.each([
    ['a batch held for it', NOTE, true],
    ['a batch that waits behind it', { ...ON_HOLD, reason: 'on hold: opening it: answered 401' }, true],
    ['a batch that a person holds', { ...ON_HOLD, reason: 'on hold: on leave' }, false],
    ["another owner's batch", { ...NOTE, owner: 'anna' }, false],
    ['a batch held for something else', { ...NOTE, code: 'RECEIPT_MISMATCH' }, false],
    ['a file taken out of its batch', { ...ON_HOLD, bucket: 'rejected', batch: undefined }, true],
    [
      'a file rejected for its size',
      { ...ON_HOLD, bucket: 'rejected', batch: undefined, reason: 'big' },
      false,
    ],
    ['a file that a rule holds', { ...NOTE, batch: undefined }, false],
    ['a batch that waits its turn', { ...NOTE, bucket: 'waiting' }, false],
  ])('stands for %s in the list of causes: %s', (_what, note, isTold) => {
    expect(isToldBy([TROUBLE], note as Note)).toBe(isTold);
  });

  it('leaves one line of the causes that it stands for', () => {
    expect(toldAbove([NOTE, { ...NOTE, where: 'SEM1/bert/b' }])).toEqual([
      'held or rejected for what went wrong (above): 4 files, 2 KiB in 2 places',
    ]);
    expect(toldAbove([])).toEqual([]);
  });
});
