import { expect, it } from 'vitest';
import { nomadLab } from '../support/nomad-lab.ts';
import { startNomadServer, type UserName } from '../support/nomad-server.ts';
import { untilTrue } from '../support/until.ts';

const [HANGS, FAILS, GOOD] = ['o1', 'o2', ['o3', 'o4', 'o5']] as const;
const userOf = (owner: string): UserName => `user${Number(owner.slice(1))}`;

it('one owner whose parcel hangs and one whose batches fail for ever keep nobody else from arriving', async () => {
  await using nomad = await startNomadServer({ generation: 'v1.4' });
  const owners = [HANGS, FAILS, ...GOOD];
  await using lab = await nomadLab(nomad, {
    folders: `rules:\n  - match: "{instrument}/{owner}/{dataset}/**"\nowners:\n${owners.map((owner) => `  ${owner}: { nomad: { token: ${owner} } }`).join('\n')}\ncollector: { nomad: { token: collector } }\n`,
    block: 'join: dataset',
    deliveries: 'concurrency: 2, retry_limit: 100',
    tokens: Object.fromEntries(
      ['collector', ...owners].map((name) => [
        name,
        nomad.tokenOf(owners.includes(name as never) ? userOf(name) : 'collector'),
      ]),
    ),
  });
  for (const owner of owners)
    for (const dataset of ['gold', 'steel'])
      await lab.put(`SEM1/${owner}/${dataset}/a.tif`, `${owner} ${dataset}`);
  const ownerOf = (path: string): string | undefined => {
    const author = nomad.uploads().find(({ id }) => path.startsWith(`/uploads/${id}/`))?.mainAuthor;
    return owners.find((owner) => nomad.userId(userOf(owner)) === author);
  };
  let failed = 0;
  nomad.fault = ({ method, path, headers }) => {
    if (method !== 'PUT' || headers['content-type'] === undefined) return undefined;
    const owner = ownerOf(path);
    if (owner === HANGS) return { kind: 'stall', afterBytes: 10 };
    if (owner !== FAILS) return undefined;
    failed += 1;
    return { kind: 'answer', status: 500 };
  };
  const arrived = async (): Promise<string[]> => {
    const found: string[] = [];
    for (const { id, mainAuthor } of nomad.uploads()) {
      const owner = GOOD.find((one) => nomad.userId(userOf(one)) === mainAuthor);
      if (owner === undefined) continue;
      const data = [...(await nomad.filesOf(id)).keys()].filter((path) => path.endsWith('.tif'));
      found.push(...data.map((path) => `${owner}: ${path.replace('lab/SEM1/', '')}`));
    }
    return found.toSorted();
  };

  const run = lab.start('run', '--json');
  let there: string[] = [];
  await untilTrue(async () => {
    there = await arrived();
    return there.length === GOOD.length * 2;
  }, 'all of the others');
  await untilTrue(() => failed >= 3, 'three attempts that failed');

  expect(there).toEqual(
    GOOD.flatMap((owner) => ['gold', 'steel'].map((of) => `${owner}: ${owner}/${of}/a.tif`)),
  );
  expect(run.exitCode).toBeNull();
});
