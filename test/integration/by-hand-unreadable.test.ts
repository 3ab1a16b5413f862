import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { accountLab, measurement, of } from '../support/account-lab.ts';
import { addByHand, uploadByHand } from '../support/upload-by-hand.ts';

const GOLD = measurement('gold17', 1);
const ZINC = measurement('zinc17', 2);
const COPPER = measurement('copper17', 3);

const REFUSALS = [
  { at: '', status: 401, detail: 'You need to log in to access the specified upload.' },
  { at: 'gold17/raw', status: 403, detail: 'Forbidden' },
  { at: '', status: 404, detail: 'Not found. Invalid path?' },
] as const;

it('an upload by hand that is listed and cannot be read keeps all its marks, and nothing is sent twice', async () => {
  await using at = await accountLab('v1.3', of('mueller', { ...GOLD, ...ZINC }));
  const id = await uploadByHand(at.nomad, 'alice', { name: 'Mine', files: { ...GOLD, ...ZINC } });
  await at.lab.evening();
  // The upload is another one now, so that what is known of its files is asked for anew.
  await addByHand(at.nomad, 'alice', { id, files: COPPER });

  for (const { at: dir, status, detail } of REFUSALS) {
    at.nomad.fault = ({ path }) =>
      path === `/uploads/${id}/rawdir/${dir}`
        ? { kind: 'answer', status, body: JSON.stringify({ detail }) }
        : undefined;

    const blind = await at.lab.evening();

    const told = `${status} for "${dir}"`;
    expect(blind.buckets, told).toMatchObject({ byHand: { files: 6 }, delivered: { files: 0 } });
    expect(blind.byHandUnchecked, told).toMatchObject([{ owner: 'mueller', datasets: 2 }]);
  }
  at.nomad.fault = undefined;
  const after = await at.lab.evening();

  expect(after.buckets).toMatchObject({ byHand: { files: 6 }, delivered: { files: 0 } });
  expect(after.byHandUnchecked).toEqual([]);
  expect(at.nomad.uploads()).toHaveLength(1);
});

it('with a bare token of somebody who is no owner nobody is believed, and one look alone takes no mark off', async () => {
  await using at = await accountLab('v1.4', of('mueller', { ...GOLD, ...ZINC }));
  const id = await uploadByHand(at.nomad, 'alice', { name: 'Mine', files: { ...GOLD, ...ZINC } });
  const hers = await readFile(`${at.lab.dir}/tokens/mueller`, 'utf8');
  await at.lab.evening();
  const scopes = ['uploads:read', 'uploads:write'];
  await at.setToken('mueller', at.nomad.pats.create(at.nomad.userId('user3'), { name: 'x', scopes }).raw);
  const kept = { byHand: { files: 6 }, delivered: { files: 0 } };

  // Nothing is listed, so nothing tells whose account it is: one evening is not believed.
  const empty = await at.lab.evening();
  await uploadByHand(at.nomad, 'user3', { name: 'Not hers', files: COPPER });
  const strange = await at.lab.evening();
  const again = await at.lab.evening();

  for (const { buckets } of [empty, strange, again]) expect(buckets).toMatchObject(kept);
  expect(again.byHandUnchecked).toMatchObject([
    {
      owner: 'mueller',
      datasets: 2,
      why: expect.stringContaining(`opens the account ${at.nomad.userId('user3')}`),
    },
  ]);

  await at.setToken('mueller', hers);
  const mended = await at.lab.evening();

  expect(mended.buckets).toMatchObject(kept);
  expect(mended.byHandUnchecked).toEqual([]);
  expect(at.nomad.uploads().map((one) => one.id)).toContain(id);
});

it('with the token of somebody else in its place nobody looks, and what was found by hand stays', async () => {
  await using at = await accountLab('v1.3', of('mueller', GOLD));
  await uploadByHand(at.nomad, 'alice', { name: 'Mine', files: GOLD });
  await at.lab.evening();
  await at.setToken('mueller', await readFile(`${at.lab.dir}/tokens/weber`, 'utf8'));

  const astray = await at.lab.evening();

  expect(astray.buckets).toMatchObject({ byHand: { files: 3 }, delivered: { files: 0 } });
  expect(astray.byHandUnchecked).toMatchObject([{ owner: 'mueller', datasets: 1 }]);
});
