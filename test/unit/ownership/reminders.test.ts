import { expect, it } from 'vitest';
import { ownerId } from '../../../src/core/ids.ts';
import type { Owner } from '../../../src/ownership/mapping.ts';
import { remindersOf } from '../../../src/ownership/reminders.ts';

const said = (state: Partial<Owner>, today: string): string[] =>
  remindersOf([{ id: ownerId('ada'), aliases: [], ...state }], today).map(({ message }) => message);

it('an opt-out is spoken of two weeks before it ends, and for as long as it is written down after that', () => {
  const optOut = { until: '2026-12-31', reason: 'patent' };

  expect(said({ optOut }, '2026-12-16')).toEqual([]);
  expect(said({ optOut }, '2026-12-17')).toEqual([expect.stringContaining('ends on 2026-12-31')]);
  expect(said({ optOut }, '2027-06-01')).toEqual([expect.stringContaining('ended on 2026-12-31')]);
});

it('somebody who leaves is spoken of until their data has somewhere to go', () => {
  const on = '2026-12-31';

  expect(said({ leaves: { on } }, '2027-06-01')).toEqual([
    expect.stringContaining('until a successor is named'),
  ]);
  expect(said({ leaves: { on, successor: ownerId('ben') } }, '2026-12-20')).toEqual([
    'ada leaves on 2026-12-31: later data goes to ben',
  ]);
  expect(said({ leaves: { on, successor: ownerId('ben') } }, '2027-01-01')).toEqual([]);
  expect(said({ leaves: { on, collectorAfterDays: 30 } }, '2027-01-15')).toEqual([
    expect.stringContaining('held until 2027-01-30'),
  ]);
});
