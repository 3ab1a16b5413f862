import { describe, expect, it } from 'vitest';
import {
  type AccountFile,
  compareAccounts,
  type SharedFile,
} from '../../../src/cli/demo/compare-accounts.ts';

const FILE: SharedFile = { path: 'SEM1/mueller/gold/a.tif', owner: 'mueller', sha256: 'aa' };
const PLACE: AccountFile = { owner: 'mueller', upload: 'u1', path: `lab/${FILE.path}`, sha256: 'aa' };
const delivered = { isDelivered: true, words: '' };
const held = { isDelivered: false, words: 'held: no more uploads' };

const compare = (places: readonly AccountFile[], claim = delivered) =>
  compareAccounts([FILE], places, 'lab', () => claim);

describe('the comparison of the share with the accounts', () => {
  it('counts a file that is in its owner’s account once', () => {
    expect(compare([PLACE])).toEqual({ delivered: 1, kept: [], wrong: [] });
  });

  it('names one that is not called delivered, with the reason, whether it is there or not', () => {
    const kept = [{ path: FILE.path, owner: 'mueller', why: 'held: no more uploads' }];

    expect(compare([], held)).toEqual({ delivered: 0, kept, wrong: [] });
    expect(compare([PLACE], held)).toEqual({ delivered: 0, kept, wrong: [] });
  });

  it.each([
    ['is called delivered and is not there', [], 'not in the account'],
    ['is there twice', [PLACE, { ...PLACE, upload: 'u2' }], '2 times'],
    ['is in the account of another', [{ ...PLACE, owner: 'schmidt' }], 'account of schmidt'],
    ['is in another’s account too', [PLACE, { ...PLACE, owner: 'schmidt' }], 'account of schmidt'],
    ['is under another path', [{ ...PLACE, path: 'lab/b.tif' }], 'as lab/b.tif'],
    ['has other bytes there', [{ ...PLACE, sha256: 'bb' }], 'not in the account'],
  ])('calls it wrong when a file %s', (_, places, words) => {
    const found = compare(places);

    expect(found).toMatchObject({ delivered: 0, kept: [], wrong: [{ path: FILE.path }] });
    expect(found.wrong[0]?.what).toContain(words);
  });

  it('calls a file in the account of another wrong even when it was never called delivered', () => {
    expect(compare([{ ...PLACE, owner: 'schmidt' }], held).wrong).toHaveLength(1);
  });
});
