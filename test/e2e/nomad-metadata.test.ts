import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type NomadLab, nomadLab } from '../support/nomad-lab.ts';
import { type NomadServer, startNomadServer } from '../support/nomad-server.ts';

const folders = (films: string, owner = ''): string => `rules:
  - name: Films
    match: "TEM/{owner}/{dataset}/**"
    ${films}
  - match: "{instrument}/{owner}/{dataset}/**"
owners:
  mueller: { nomad: { token: mueller }, ${owner} }
  schmidt: { nomad: { token: schmidt } }
collector: { nomad: { token: collector } }
`;
const FILMS = 'metadata: { coauthors: [bob], comment: by the lab, embargo_length: 6 }';

async function labWith(nomad: NomadServer, text: string): Promise<NomadLab> {
  const tokens = { mueller: nomad.tokenOf('alice'), schmidt: nomad.tokenOf('collector') };
  return await nomadLab(nomad, { folders: text, tokens });
}

const isMetadata = ({ query }: NomadServer['requests'][number]): boolean =>
  query.get('file_name') === 'nomad.yaml';

describe.each(['v1.3', 'v1.4'] as const)('metadata of uploads, in evenings with NOMAD %s', (generation) => {
  it("shares only a rule's own uploads with those whom the rule names", async () => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await labWith(nomad, folders(FILMS));
    await lab.put('TEM/mueller/gold/a.mrc', 'film');
    await lab.put('SEM1/mueller/steel/x.tif', 'x');

    const report = await lab.evening();

    expect(report).toMatchObject({ outcome: 'done', balanced: true });
    const uploads = nomad.uploads();
    expect(uploads).toHaveLength(2);
    const [films, others] = uploads.toSorted((a, b) => (b.name ?? '').length - (a.name ?? '').length);
    expect(films?.name).toMatch(/^nightjar mueller \d{4}-\d\d, Films$/);
    expect(films).toMatchObject({ coauthors: [nomad.userId('bob')], embargoLength: 6 });
    expect(others).toMatchObject({ coauthors: [], embargoLength: 0 });
    const files = await nomad.filesOf(films?.id ?? '');
    expect(String(files.get('lab/TEM/mueller/gold/a.mrc'))).toBe('film');
    expect(JSON.parse(String(files.get('nomad.yaml')))).toMatchObject({ comment: 'by the lab' });
    expect([...(await nomad.filesOf(others?.id ?? '')).keys()]).not.toContain('nomad.yaml');
  });

  it('says it before the first data, once, again when it changed, and in the next container', async () => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await labWith(nomad, folders(FILMS, 'coauthors: [collector]'));
    const puts = () =>
      nomad.requests.filter(({ method, query }) => method === 'PUT' && !query.has('copy_or_move'));
    await lab.put('TEM/mueller/gold/a.mrc', 'film');
    await lab.evening();
    await lab.put('TEM/mueller/iron/b.mrc', 'film 2');
    await lab.evening();

    expect(puts().map(isMetadata).indexOf(true)).toBe(0);
    expect(puts().filter(isMetadata)).toHaveLength(1);
    const [first] = nomad.uploads();
    expect(new Set(first?.coauthors)).toEqual(new Set([nomad.userId('bob'), nomad.userId('collector')]));

    await writeFile(join(lab.root, 'folders.yaml'), folders('metadata: { coauthors: [collector] }'));
    await lab.put('TEM/mueller/zinc/c.mrc', 'film 3');
    await lab.evening();
    expect(puts().filter(isMetadata)).toHaveLength(2);
    expect(nomad.uploads()[0]).toMatchObject({ coauthors: [nomad.userId('collector')] });

    nomad.removeUpload(first?.id ?? '');
    await lab.put('TEM/mueller/lead/d.mrc', 'film 4');
    await lab.evening();
    expect(nomad.uploads()).toMatchObject([{ coauthors: [nomad.userId('collector')] }]);
    expect(puts().filter(isMetadata)).toHaveLength(3);
  });

  it('leaves somebody else’s metadata file as it is, and says so', async () => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await labWith(nomad, folders('', ''));
    await lab.put('SEM1/mueller/steel/x.tif', 'x');
    await lab.evening();
    const [upload] = nomad.uploads();
    await writeFile(join(upload?.dir ?? '', 'raw', 'nomad.yaml'), 'comment: mine\n');
    await writeFile(join(lab.root, 'folders.yaml'), folders('', 'coauthors: [bob]'));
    await lab.put('SEM1/mueller/steel 2/y.tif', 'y');

    const said = await lab.nightjar('run');

    expect(said.out + said.err).toContain('a metadata file that is not ours is there');
    const kept = await readFile(join(upload?.dir ?? '', 'raw', 'nomad.yaml'), 'utf8');
    expect(kept).toBe('comment: mine\n');
    expect(nomad.uploads()).toMatchObject([{ coauthors: [] }]);
    const explained = await lab.nightjar('explain', 'SEM1/mueller/steel 2/y.tif');
    expect(explained.out).toContain('has a metadata file that is not ours');
  });

  it("never lets other data into a rule's shared upload when no more may be opened", async () => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await labWith(nomad, folders(FILMS));
    nomad.unpublishedLimit = 1;
    await lab.put('TEM/mueller/gold/a.mrc', 'film');
    await lab.evening();
    await lab.put('SEM1/mueller/steel/x.tif', 'not for bob');

    const report = await lab.evening();

    expect(report.buckets.held.files).toBe(1);
    const files = await nomad.filesOf(nomad.uploads()[0]?.id ?? '');
    expect([...files.keys()].filter((path) => path.includes('steel'))).toEqual([]);
  });
});
