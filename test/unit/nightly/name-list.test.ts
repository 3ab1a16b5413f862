import { describe, expect, test } from 'vitest';
import { renamed, safeName } from '../../../src/core/safe-name.ts';
import type { SharePath } from '../../../src/core/share-path.ts';
import { addNames, namesByOwner, newNameList } from '../../../src/nightly/name-list.ts';
import { SHARE } from '../../support/ledger-fixture.ts';

const named = (path: string, as: string, owner = 'mueller') => ({
  ...{ share: SHARE, owner, path: path as SharePath, as: as as SharePath },
});

describe('the list of changed names', () => {
  test('trap 16: names each hazard once, with how many files it concerns, by owner', () => {
    const list = newNameList();
    const dir = safeName('Probe: 3');
    addNames(list, named('Probe: 3/a\nb', `${dir}/${safeName('a\nb')}`));
    addNames(list, named('Probe: 3/c', `${dir}/c`));
    addNames(list, named('x/run1/d', `x/${renamed('run1', 0)}/d`, 'schmidt'));
    addNames(list, { share: SHARE, owner: 'chen', path: 'plain' as SharePath });

    expect(namesByOwner(list)).toEqual([
      {
        owner: 'mueller',
        names: [
          {
            ...{ share: 'lab', path: 'Probe: 3/', as: `${dir}/`, files: 2 },
            hazard: 'Windows does not allow ":" in a name',
          },
          {
            ...{ share: 'lab', path: 'Probe: 3/a\\nb', as: safeName('a\nb'), files: 1 },
            hazard: 'it has a control character, such as a newline',
          },
        ],
        moreFiles: 0,
      },
      {
        owner: 'schmidt',
        names: [
          {
            ...{ share: 'lab', path: 'x/run1/', as: `${renamed('run1', 0)}/`, files: 1 },
            hazard: expect.stringContaining('another name in its directory'),
          },
        ],
        moreFiles: 0,
      },
    ]);
  });

  test('is bounded for each owner, and counts the files beyond', () => {
    const list = newNameList();
    for (let n = 0; n < 130; n++) addNames(list, named(`${n}:`, safeName(`${n}:`)));
    addNames(list, named('b:', safeName('b:'), 'schmidt'));

    const [mueller, schmidt] = namesByOwner(list);

    expect(mueller?.names).toHaveLength(100);
    expect(mueller?.moreFiles).toBe(30);
    expect(schmidt).toMatchObject({ owner: 'schmidt', moreFiles: 0 });
  });
});
