import { describe, expect, it } from 'vitest';
import { type NomadLab, nomadLab } from '../support/nomad-lab.ts';
import { type NomadServer, startNomadServer } from '../support/nomad-server.ts';

const FOLDERS = `rules:
  - match: "TEM/{owner}/{dataset}/**"
    pack: files
  - match: "{instrument}/{owner}/{dataset}/**"
owners:
  mueller: { nomad: { token: mueller } }
collector: { nomad: { token: collector } }
`;

async function labWith(nomad: NomadServer): Promise<NomadLab> {
  return await nomadLab(nomad, { folders: FOLDERS, tokens: { mueller: nomad.tokenOf('alice') } });
}

describe.each(['v1.3', 'v1.4'] as const)('files without a zip, in an evening with NOMAD %s', (generation) => {
  it('go one by one where the rule says so, all to where a zip would have brought them', async () => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await labWith(nomad);
    const files = {
      'TEM/mueller/gold/a 1.mrc': 'first film',
      'TEM/mueller/gold/ü.mrc': 'second film',
      'TEM/mueller/gold/raw.zip': 'this is no zip',
      'TEM/mueller/gold/empty.log': '',
      'SEM1/mueller/steel/x.tif': 'x',
      'SEM1/mueller/steel/nomad.yaml': 'upload_name: taken over\ncoauthors: [bob]\n',
    };
    for (const [path, text] of Object.entries(files)) await lab.put(path, text);

    const report = await lab.evening();

    expect(report).toMatchObject({ outcome: 'done', balanced: true });
    expect(report.deliveries.map(({ evidence }) => evidence)).toEqual(Array(5).fill('confirmed'));
    expect(report.deliveries.flatMap(({ file }) => file ?? []).toSorted()).toEqual(
      ['a 1.mrc', 'empty.log', 'raw.zip', 'ü.mrc'].map((name) => `TEM/mueller/gold/${name}`),
    );
    const [upload, ...others] = nomad.uploads();
    expect(others).toEqual([]);
    const there = [...(await nomad.filesOf(upload?.id ?? ''))].filter(
      ([path]) => !path.includes('/.nightjar/'),
    );
    expect(Object.fromEntries(there.map(([path, bytes]) => [path, String(bytes)]))).toEqual(
      Object.fromEntries(Object.entries(files).map(([path, text]) => [`lab/${path}`, text])),
    );
    const puts = nomad.requests.filter(({ method, query }) => method === 'PUT' && !query.has('copy_or_move'));
    expect(puts.flatMap(({ query }) => query.get('file_name') ?? []).toSorted()).toEqual([
      'a 1.mrc',
      'ü.mrc',
    ]);
    expect(puts.filter(({ headers }) => headers['content-type'] === 'application/zip')).toHaveLength(3);
    // Somebody's own metadata file is data: it stays below the share's directory and renames nothing.
    expect(upload).toMatchObject({ name: expect.stringContaining('mueller'), coauthors: [] });
  });

  it('are told beforehand where they are many, for the platform mails after each', async () => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await labWith(nomad);
    for (let at = 0; at < 21; at++) await lab.put(`TEM/mueller/gold/${at}.mrc`, String(at));
    for (let at = 0; at < 20; at++) await lab.put(`TEM/mueller/iron/${at}.mrc`, String(at));

    const plan = await lab.nightjar('plan');

    expect(plan.out).toContain('TEM/mueller/gold (mueller → nomad): 21 files, each in a batch of its own');
    expect(plan.out).not.toContain('iron (');
    const json = JSON.parse((await lab.nightjar('plan', '--json')).out);
    expect(json.oneByOne).toEqual([
      { owner: 'mueller', destination: 'nomad', dataset: 'TEM/mueller/gold', batches: 21 },
    ]);
  });
});
