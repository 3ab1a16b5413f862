import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renamed, safeName } from '../../src/core/safe-name.ts';
import { deadToken, nomadLab } from '../support/nomad-lab.ts';
import { type NomadServer, startNomadServer } from '../support/nomad-server.ts';

const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

describe.each(['v1.3', 'v1.4'] as const)('an evening with NOMAD %s', (generation) => {
  it('trap 16: unpacks twins and names with hazards side by side, under safe names', async () => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await nomadLab(nomad, { block: 'join: dataset' });
    const names = ['a\nb', 'C:\\data', 'Scan.tif', 'scan.tif'];
    for (const name of names) await lab.put(`SEM1/mueller/gold/${name}`, name);

    const report = await lab.evening();

    expect(report.buckets.delivered.files).toBe(4);
    const [upload] = nomad.uploads();
    const files = await nomad.filesOf(upload?.id ?? '');
    const found = [...files].filter(([path]) => path.startsWith('lab/SEM1/'));
    const safe = ['a\nb', 'C:\\data', 'Scan.tif'].map((name) => [safeName(name), name]);
    expect(Object.fromEntries(found.map(([path, bytes]) => [path.slice(22), String(bytes)]))).toEqual({
      ...Object.fromEntries(safe),
      [renamed('scan.tif', 0)]: 'scan.tif',
    });
  });

  it("brings each owner's files into the owner's own upload, confirmed", async () => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await nomadLab(nomad, { block: 'join: dataset' });
    await lab.put('SEM1/mueller/gold/img 1.tif', Buffer.alloc(300_000, 7));
    await lab.put('SEM1/mueller/gold/ü/notes.txt', 'notes');
    await lab.put('SEM1/schmidt/steel/x.dat', 'steel');
    await lab.put('SEM1/guest/foo/y.dat', 'guest');

    const report = await lab.evening();

    expect(report).toMatchObject({ outcome: 'done', balanced: true });
    expect(new Set(report.deliveries.map(({ evidence }) => evidence))).toEqual(new Set(['confirmed']));
    const uploads = nomad.uploads();
    expect(uploads).toHaveLength(3);
    const files = new Map(
      (await Promise.all(uploads.map(async ({ id }) => [...(await nomad.sha256Of(id))])))
        .flat()
        .filter(([path]) => !path.includes('.nightjar')),
    );
    for (const path of [
      'SEM1/mueller/gold/img 1.tif',
      'SEM1/mueller/gold/ü/notes.txt',
      'SEM1/schmidt/steel/x.dat',
      'SEM1/guest/foo/y.dat',
    ])
      expect(files.get(`lab/${path}`), path).toBe(sha256(await readFile(join(lab.share, path))));
    expect(files.size).toBe(4);
  });

  it('holds only the lane of a refused token, and goes on by itself when a good one is there', async () => {
    await using nomad = await startNomadServer({ generation });
    const [mueller, collector] = [nomad.tokenOf('alice'), nomad.tokenOf('collector')];
    const tokens = { mueller, schmidt: deadToken(mueller), collector };
    await using lab = await nomadLab(nomad, { block: 'join: dataset', tokens });
    await lab.put('SEM1/mueller/gold/a', 'a');
    await lab.put('SEM1/schmidt/steel/b', 'b');
    await lab.put('SEM1/schmidt/iron/c', 'c');

    const first = await lab.evening();
    await lab.drop('schmidt', nomad.tokenOf('bob'));
    const second = await lab.evening();

    expect(first).toMatchObject({
      outcome: 'attention',
      owners: { mueller: { delivered: { files: 1 } }, schmidt: { held: { files: 2 } } },
    });
    expect(second).toMatchObject({
      outcome: 'done',
      owners: { mueller: { unchanged: { files: 1 } }, schmidt: { delivered: { files: 2 } } },
    });
  });
});

describe.each(['v1.3', 'v1.4'] as const)('the uploads of an account at NOMAD %s', (generation) => {
  const filesIn = async (nomad: NomadServer, id: string): Promise<string[]> =>
    [...(await nomad.filesOf(id)).keys()].filter((path) => !path.includes('.nightjar'));

  it('are followed by the next part before they grow over the limit, and nothing lies in two', async () => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await nomadLab(nomad, { block: 'join: dataset, max_upload: 1 MB' });
    for (const name of ['a', 'b', 'c'])
      await lab.put(`SEM1/mueller/${name}/img`, Buffer.alloc(450_000, name));

    const report = await lab.evening();

    expect(report).toMatchObject({ outcome: 'done', balanced: true });
    const names = nomad.uploads().map(({ name }) => name);
    expect(names).toEqual([expect.stringMatching(/mueller \d{4}-\d\d$/), `${names[0]} (2)`]);
    const files = await Promise.all(nomad.uploads().map(async ({ id }) => await filesIn(nomad, id)));
    expect(files.map(({ length }) => length)).toEqual([2, 1]);
    expect(new Set(files.flat()).size).toBe(3);
  });

  it('are gone on with when no more may be opened, and the owner is told which', async () => {
    await using nomad = await startNomadServer({ generation });
    nomad.unpublishedLimit = 1;
    await using lab = await nomadLab(nomad, { block: 'join: dataset, max_upload: 600 kB' });
    for (const name of ['a', 'b']) await lab.put(`SEM1/mueller/${name}/img`, Buffer.alloc(450_000, name));

    const report = await lab.evening();
    const [, last] = report.deliveries;
    const explained = await lab.nightjar('explain', 'SEM1/mueller/b/img');

    expect(report).toMatchObject({ outcome: 'done' });
    expect(last?.evidence).toBe('confirmed');
    expect(nomad.uploads()).toHaveLength(1);
    expect(await filesIn(nomad, nomad.uploads()[0]?.id ?? '')).toHaveLength(2);
    expect(explained.out).toContain('Limit of unpublished uploads exceeded');
    expect(report.troubles).toMatchObject([
      { kind: 'limit', owner: 'mueller', into: { id: nomad.uploads()[0]?.id } },
    ]);
  });

  it('that were published meanwhile are replaced once, and what was delivered stays delivered', async () => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await nomadLab(nomad, { block: 'join: dataset' });
    await lab.put('SEM1/mueller/a/img', 'a');
    await lab.evening();
    nomad.publish(nomad.uploads()[0]?.id ?? '');
    await lab.put('SEM1/mueller/b/img', 'b');

    const report = await lab.evening();

    expect(report).toMatchObject({ outcome: 'done' });
    expect(report.buckets).toMatchObject({ delivered: { files: 1 }, unchanged: { files: 1 } });
    const files = await Promise.all(nomad.uploads().map(async ({ id }) => await filesIn(nomad, id)));
    expect(files.map(({ length }) => length)).toEqual([1, 1]);
    expect(report.containers).toEqual([
      expect.objectContaining({ what: 'lost', owner: 'mueller', said: expect.stringContaining('published') }),
      expect.objectContaining({ what: 'lost', said: expect.stringContaining('not sent again by itself') }),
    ]);
    const explained = await lab.nightjar('explain', 'SEM1/mueller/a/img');
    expect(explained.out).toContain('it is not sent again by itself');
  });
});
