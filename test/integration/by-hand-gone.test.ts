import { describe, expect, it } from 'vitest';
import { byHandLines } from '../../src/cli/render-by-hand.ts';
import type { AccountLab } from '../support/account-lab.ts';
import { accountLab, measurement, of } from '../support/account-lab.ts';
import { removeByHand, uploadByHand } from '../support/upload-by-hand.ts';

const NAMES = ['gold17', 'iron17', 'zinc17', 'ruby17'] as const;
const MINE = Object.fromEntries(NAMES.map((name, at) => [name, measurement(name, at + 1)]));

/** Where each dataset stands: the bucket of its files. */
async function standing({ lab }: AccountLab): Promise<string[]> {
  return await Promise.all(
    NAMES.map(async (name) => {
      const { buckets } = await lab.json('explain', `SEM1/mueller/${name}`);
      const there = Object.entries(buckets as Record<string, { files: number }>);
      return there.flatMap(([bucket, { files }]) => (files === 0 ? [] : [`${bucket} ${files}`])).join(' ');
    }),
  );
}

describe.each(['v1.3', 'v1.4'] as const)(
  'an upload by hand to NOMAD %s in which data was found',
  (generation) => {
    it('is looked for every evening: what is not there any more is sent, and what nobody may look for stays', async () => {
      const all = Object.assign({}, ...Object.values(MINE)) as Record<string, string>;
      await using at = await accountLab(generation, of('mueller', all));
      const ids = new Map<string, string>();
      for (const [name, files] of Object.entries(MINE))
        ids.set(name, await uploadByHand(at.nomad, 'alice', { name: `My ${name}`, files }));
      await at.lab.evening();
      expect(await standing(at)).toEqual(['byHand 3', 'byHand 3', 'byHand 3', 'byHand 3']);

      at.nomad.removeUpload(ids.get('gold17') ?? '');
      await removeByHand(at.nomad, 'alice', { id: ids.get('iron17') ?? '', path: 'iron17/raw' });
      await removeByHand(at.nomad, 'alice', { id: ids.get('ruby17') ?? '', path: 'ruby17/empty' });
      await uploadByHand(at.nomad, 'alice', { name: 'Again', files: MINE['ruby17'] ?? {} });
      const asked = at.asked();
      const missed = await at.lab.evening();
      expect(missed.buckets).toMatchObject({ byHand: { files: 12 }, delivered: { files: 0 } });
      expect(byHandLines(missed).join('\n')).toContain('the next evening looks once more, and sends it then');
      expect((await at.lab.run('why', 'SEM1/mueller/gold17')).out).toContain(
        'in doubt: its owner no longer has',
      );
      const planned = await at.lab.run('plan');
      const gone = await at.lab.evening();

      expect(planned.out).toMatch(/mueller +→ nomad +1 batch +6 files/);
      expect(await standing(at)).toEqual(['delivered 3', 'delivered 3', 'byHand 3', 'byHand 3']);
      expect(gone).toMatchObject({ outcome: 'done', balanced: true });
      expect(gone.byHand).toMatchObject([
        {
          kind: 'gone',
          where: 'SEM1/mueller/gold17',
          upload: 'My gold17',
          why: expect.stringContaining('no longer'),
        },
        { kind: 'gone', where: 'SEM1/mueller/iron17', why: expect.stringContaining('iron17-b.tif') },
        { kind: 'all', where: 'SEM1/mueller/ruby17', upload: 'Again' },
      ]);
      expect((await at.lab.run('explain', 'SEM1/mueller/gold17')).out).toContain('any more, so it is sent');
      const history = (await at.lab.run('history')).out;
      expect(history.match(/dataset\.by-hand-gone/g)).toHaveLength(3);
      expect(history).toMatch(/dataset\.by-hand-gone .* by name and size was in My gold17 /);
      expect(at.asked() - asked).toBeLessThan(40);

      const before = at.asked();
      const quiet = await at.lab.evening();
      expect(quiet.byHand).toEqual([]);
      expect(at.asked() - before, 'a list of uploads, and nothing more').toBe(1);

      await at.setToken('mueller', at.nomad.tokenOf('alice'));
      const blind = await at.lab.evening();

      expect(await standing(at)).toEqual(['unchanged 3', 'unchanged 3', 'byHand 3', 'byHand 3']);
      expect(blind.byHandUnchecked).toMatchObject([{ owner: 'mueller', destination: 'nomad', datasets: 2 }]);
      expect(byHandLines(blind)[0]).toContain(
        'Data of 2 datasets that mueller has uploaded by hand to nomad',
      );
      expect((await at.lab.run('why', 'SEM1/mueller/zinc17')).out).toContain('nobody could look since');
      expect(at.nomad.unexpected).toEqual([]);
    });

    it('is not given up while the platform does not answer', async () => {
      await using at = await accountLab(generation, of('mueller', MINE['gold17'] ?? {}));
      const id = await uploadByHand(at.nomad, 'alice', { name: 'Mine', files: MINE['gold17'] ?? {} });
      await at.lab.evening();
      at.nomad.removeUpload(id);
      at.nomad.outage = true;

      const blind = await at.lab.evening();
      at.nomad.outage = false;
      const missed = await at.lab.evening();
      const after = await at.lab.evening();

      expect(missed.buckets).toMatchObject({ delivered: { files: 0 }, byHand: { files: 3 } });
      expect(blind.buckets.byHand.files).toBe(3);
      expect(blind.byHandUnchecked).toHaveLength(1);
      expect(after.buckets).toMatchObject({ delivered: { files: 3 }, byHand: { files: 0 } });
      expect(after.byHandUnchecked).toEqual([]);
    });
  },
);
