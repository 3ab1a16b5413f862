import { describe, expect, it } from 'vitest';
import { nomadLab } from '../support/nomad-lab.ts';
import { type NomadServer, startNomadServer } from '../support/nomad-server.ts';

/** What the platform has unpacked, by path below the share's directory. */
async function arrived(nomad: NomadServer): Promise<string[]> {
  const all = await Promise.all(nomad.uploads().map(async ({ id }) => [...(await nomad.filesOf(id)).keys()]));
  return all
    .flat()
    .filter((path) => !path.includes('.nightjar'))
    .toSorted();
}

const parcels = (nomad: NomadServer): number =>
  nomad.requests.filter(({ method, bodyBytes }) => method === 'PUT' && bodyBytes > 0).length;

describe.each(['v1.3', 'v1.4'] as const)('`join: owner` at NOMAD %s', (generation) => {
  it('sends the datasets of an owner in one parcel, each to its own place, and tells how many mails that makes', async () => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await nomadLab(nomad, { block: 'join: owner' });
    const paths = ['gold', 'iron', 'steel'].flatMap((dataset) =>
      ['a.tif', 'b.tif'].map((name) => `SEM1/mueller/${dataset}/${name}`),
    );
    for (const path of paths) await lab.put(path, path);

    const plan = await lab.nightjar('plan', '--json');
    const report = await lab.evening();

    const mails = [{ destination: 'nomad', owner: 'mueller', mails: 1 }];
    expect(JSON.parse(plan.out)).toMatchObject({ mails });
    expect(report).toMatchObject({
      ...{ outcome: 'done', buckets: { delivered: { files: 6 } }, mails },
      deliveries: [
        {
          ...{ dataset: 'SEM1/mueller', files: 6, evidence: 'confirmed' },
          datasets: ['gold', 'iron', 'steel'].map((dataset) => `SEM1/mueller/${dataset}`),
        },
      ],
    });
    expect(parcels(nomad)).toBe(1);
    expect(await arrived(nomad)).toEqual(paths.map((path) => `lab/${path}`).toSorted());
    const [upload] = nomad.uploads();
    const manifest = [...(await nomad.filesOf(upload?.id ?? ''))].find(([path]) => path.endsWith('.json'));
    expect(JSON.parse(String(manifest?.[1]))).toMatchObject({
      dataset: 'SEM1/mueller',
      datasets: ['gold', 'iron', 'steel'].map((dataset) => `SEM1/mueller/${dataset}`),
    });
  });

  it('knows a late file of a joined dataset as one, and a new dataset as new', async () => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await nomadLab(nomad, { block: 'join: owner' });
    for (const dataset of ['gold', 'iron']) await lab.put(`SEM1/mueller/${dataset}/a.tif`, dataset);
    const [first] = (await lab.evening()).deliveries;
    for (const dataset of ['iron', 'steel']) await lab.put(`SEM1/mueller/${dataset}/late.tif`, dataset);

    const { deliveries } = await lab.evening();

    expect(
      deliveries
        .map(({ dataset, follows }) => [dataset, follows])
        .toSorted(([a], [b]) => (`${a}` < `${b}` ? -1 : 1)),
    ).toEqual([
      ['SEM1/mueller/iron', first?.batch],
      ['SEM1/mueller/steel', undefined],
    ]);
  });
});

it('a batch a dataset, with `join: dataset`, makes a mail each, and the report says what would make fewer', async () => {
  await using nomad = await startNomadServer();
  await using lab = await nomadLab(nomad, { block: 'join: dataset' });
  for (const dataset of ['gold', 'iron', 'steel']) await lab.put(`SEM1/mueller/${dataset}/a.tif`, dataset);

  const said = await lab.nightjar('run');

  expect(said.out).toContain('nomad has sent about 3 mails to mueller');
  expect(said.out).toContain('`join: dataset` in the block');
});
