import { describe, expect, it } from 'vitest';
import {
  BATCH_STATES,
  canMove,
  FILE_STATES,
  type FileState,
  isDelivered,
  statesBefore,
} from '../../src/core/states.ts';

/** Every legal move, written out a second time: a change of the table must be meant. */
const LEGAL = new Set(
  `seen>settled seen>excluded seen>by-hand by-hand>seen mapped>by-hand seen>unreadable seen>held
  settled>seen settled>mapped settled>held settled>rejected settled>unreadable
  mapped>seen mapped>planned mapped>held mapped>rejected
  planned>queued planned>held planned>withdrawn
  queued>planned queued>delivering queued>held queued>withdrawn
  delivering>queued delivering>planned delivering>accepted delivering>confirmed delivering>verified
  delivering>held delivering>rejected delivering>withdrawn
  accepted>confirmed accepted>verified accepted>planned accepted>held
  confirmed>verified confirmed>planned confirmed>held
  verified>planned verified>held
  held>seen held>planned held>withdrawn held>rejected
  rejected>seen rejected>planned rejected>withdrawn
  excluded>seen unreadable>seen withdrawn>planned`.split(/\s+/),
);
const PAIRS = FILE_STATES.flatMap((from) => FILE_STATES.map((to) => [from, to] as const));

describe('the state ladder', () => {
  it.each(PAIRS.filter(([from, to]) => LEGAL.has(`${from}>${to}`)))('allows %s → %s', (from, to) => {
    expect(canMove(from, to)).toBe(true);
  });

  it.each(PAIRS.filter(([from, to]) => !LEGAL.has(`${from}>${to}`)))('refuses %s → %s', (from, to) => {
    expect(canMove(from, to)).toBe(false);
  });

  it('never goes down from evidence but by putting the batch back or holding it', () => {
    const down = PAIRS.filter(([from, to]) => isDelivered(from) && canMove(from, to) && !isDelivered(to));
    expect(new Set(down.map(([, to]) => to))).toEqual(new Set<FileState>(['planned', 'held']));
  });

  it('gives the guard of each move of a batch', () => {
    expect(statesBefore('delivering')).toEqual(['queued']);
    expect(statesBefore('verified')).toEqual(['delivering', 'accepted', 'confirmed']);
    for (const to of BATCH_STATES) for (const from of statesBefore(to)) expect(canMove(from, to)).toBe(true);
  });
});
