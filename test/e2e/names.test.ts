import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/core/model.ts';
import { renamed, safeName } from '../../src/core/safe-name.ts';
import { encodeBytes, parentOf, type SharePath } from '../../src/core/share-path.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { look, planOf, SHARE } from '../support/ledger-fixture.ts';
import { output } from '../support/open-parcel.ts';

/** Names as core/share-path.ts decodes them, so that bytes outside UTF-8 can be given. */
function put(lab: Lab, path: string, content: string): void {
  const at = (below: string): Buffer => Buffer.concat([Buffer.from(`${lab.share}/`), encodeBytes(below)]);
  mkdirSync(at(parentOf(path as SharePath)), { recursive: true });
  writeFileSync(at(path), content);
}

/** Content by path, of everything that was delivered for the owner. */
function deliveredTo(lab: Lab, owner: string): Record<string, string> {
  const data = join(lab.delivered, owner, 'data', 'lab');
  const files = readdirSync(data, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  const paths = files.map((one) => join(one.parentPath, one.name).slice(data.length + 1));
  return Object.fromEntries(paths.sort().map((path) => [path, readFileSync(join(data, path), 'utf8')]));
}

type ManifestFile = { path: string; sha256: string; original?: string; originalBase64?: string };

function manifestsOf(lab: Lab, owner: string): ManifestFile[] {
  const dir = join(lab.delivered, owner, 'manifests');
  const names = readdirSync(dir).filter((name) => name.endsWith('.json'));
  return names.flatMap(
    (name) => (JSON.parse(readFileSync(join(dir, name), 'utf8')) as { files: ManifestFile[] }).files,
  );
}

async function checkSums(lab: Lab, owner: string): Promise<string[]> {
  const manifests = join(lab.delivered, owner, 'manifests');
  const data = join(lab.delivered, owner, 'data', 'lab');
  const lines: string[] = [];
  for (const name of readdirSync(manifests).filter((one) => one.endsWith('.sha256')))
    lines.push(
      ...(await output(data, 'sha256sum', '-c', '--strict', join(manifests, name))).trim().split('\n'),
    );
  return lines;
}

const RUN = 'SEM1/mueller/run';
/** Its twin, with the capitals that sort before it, takes its name, and a suffix has to fit. */
const LONG = `long ${'x'.repeat(245)}`;
const HAZARDS = [
  'a\nb.txt',
  'C:\\data.csv',
  'what?.dat',
  'ends with a dot.',
  'ends with a space ',
  'K\udcf6rner.tif',
  'aux.c',
  LONG,
];

describe('an evening with names that not every system takes', () => {
  it('trap 16: delivers every one under its safe name, rejects none, and the sums hold in the delivered tree', async () => {
    await using lab = await startLab();
    for (const [at, name] of HAZARDS.entries()) put(lab, `${RUN}/${name}`, `content ${at}`);
    put(lab, `${RUN}/plain.txt`, 'plain');
    put(lab, `${RUN}/LONG ${'x'.repeat(245)}`, 'twin');

    const report = await lab.evening();

    expect(report).toMatchObject({ outcome: 'done', balanced: true });
    expect(report.buckets.delivered.files).toBe(HAZARDS.length + 2);
    expect(deliveredTo(lab, 'mueller')).toEqual({
      ...Object.fromEntries(
        HAZARDS.map((name, at) => [
          `${RUN}/${name === LONG ? renamed(name, 0) : safeName(name)}`,
          `content ${at}`,
        ]),
      ),
      [`${RUN}/plain.txt`]: 'plain',
      [`${RUN}/LONG ${'x'.repeat(245)}`]: 'twin',
    });
    expect(Buffer.byteLength(renamed(LONG, 0))).toBe(255);
    const checked = await checkSums(lab, 'mueller');
    expect(checked.filter((line) => line.endsWith(': OK'))).toHaveLength(HAZARDS.length + 2);
  });

  it('trap 16: keeps the original name in the manifest, as bytes where it is no text', async () => {
    await using lab = await startLab();
    put(lab, `${RUN}/K\udcf6rner.tif`, 'one');
    put(lab, `${RUN}/a\nb`, 'two');
    put(lab, `${RUN}/plain`, 'three');

    await lab.evening();

    const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
    expect(manifestsOf(lab, 'mueller')).toMatchObject([
      {
        path: `${RUN}/${safeName('K\udcf6rner.tif')}`,
        original: `${RUN}/K\\xf6rner.tif`,
        originalBase64: Buffer.from(`${RUN}/K\xf6rner.tif`, 'latin1').toString('base64'),
        sha256: sha256('one'),
      },
      { path: `${RUN}/${safeName('a\nb')}`, original: `${RUN}/a\nb`, sha256: sha256('two') },
      { path: `${RUN}/plain`, sha256: sha256('three') },
    ]);
    expect(manifestsOf(lab, 'mueller').filter((file) => 'original' in file)).toHaveLength(2);
  });

  it('trap 16: a twin that comes on a later evening never overwrites, and the first keeps its name', async () => {
    await using lab = await startLab();
    await lab.put(`${RUN}/scan.tif`, 'first');
    await lab.put(`${RUN}/M\u00fcller/x`, 'composed');
    await lab.evening();
    await lab.put(`${RUN}/Scan.tif`, 'second');
    await lab.put(`${RUN}/Mu\u0308ller/x`, 'decomposed');
    await lab.put(`${RUN}/M\u00fcller/y`, 'composed too');

    const report = await lab.evening();
    const again = await lab.evening();
    const explained = await lab.nightjar('explain', `${RUN}/Scan.tif`);

    expect(report.outcome).toBe('done');
    expect(report.names).toMatchObject([
      {
        owner: 'mueller',
        names: [
          { path: `${RUN}/Scan.tif`, as: renamed('Scan.tif', 0), files: 1 },
          { path: `${RUN}/Mu\u0308ller/`, as: `${renamed('Mu\u0308ller', 0)}/`, files: 1 },
        ],
      },
    ]);
    expect(again.names).toEqual([]);
    expect(explained.out).toContain(`${RUN}/Scan.tif → ${renamed('Scan.tif', 0)}: another name`);
    expect(deliveredTo(lab, 'mueller')).toEqual({
      [`${RUN}/scan.tif`]: 'first',
      [`${RUN}/${renamed('Scan.tif', 0)}`]: 'second',
      [`${RUN}/M\u00fcller/x`]: 'composed',
      [`${RUN}/M\u00fcller/y`]: 'composed too',
      [`${RUN}/${renamed('Mu\u0308ller', 0)}/x`]: 'decomposed',
    });
  });

  it('trap 16: a batch that is put back goes to the names it had', async () => {
    await using lab = await startLab();
    put(lab, `${RUN}/a:b`, 'one');
    const { deliveries } = await lab.evening();
    const before = deliveredTo(lab, 'mueller');
    await lab.nightjar('requeue', deliveries[0]?.batch ?? '', '--yes');

    const report = await lab.evening();

    expect(report.buckets.delivered.files).toBe(1);
    expect(deliveredTo(lab, 'mueller')).toEqual(before);
    expect(Object.keys(before)).toEqual([`${RUN}/${safeName('a:b')}`]);
  });

  it('trap 16: a batch that a version before safe names planned is delivered as it was planned', async () => {
    await using lab = await startLab();
    put(lab, `${RUN}/a:b`, 'one');
    const { size, mtimeNs, ctimeNs, ino } = statSync(join(lab.share, RUN, 'a:b'), { bigint: true });
    const seen: Entry = { name: 'a:b', kind: 'file', size: Number(size), mtimeNs, ctimeNs, ino };
    const plan = planOf(RUN, [seen]);
    const ledger = openLedger(join(lab.root, 'state'));
    const run = ledger.runs.start(Date.now() - 1000, undefined);
    ledger.looks.record(SHARE, [look(RUN, [seen])], Date.now() - 900, run.no);
    ledger.batches.plan(plan, { lane: 'archive/mueller', at: Date.now() - 800, runNo: run.no });
    ledger.close();

    const report = await lab.evening();

    expect(report.deliveries.map(({ batch }) => batch)).toEqual([plan.id]);
    expect(deliveredTo(lab, 'mueller')).toEqual({ [`${RUN}/a:b`]: 'one' });
    expect(report.names).toEqual([]);
  });
});
