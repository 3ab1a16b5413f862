import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { measurement } from '../support/account-lab.ts';
import type { Lab } from '../support/lab.ts';
import { nomadLab } from '../support/nomad-lab.ts';
import { type NomadServer, startNomadServer } from '../support/nomad-server.ts';
import { uploadByHand } from '../support/upload-by-hand.ts';

/** A lab whose mueller has a token that may read, and whose schmidt has one that may only write. */
async function labWith(nomad: NomadServer, block = ''): Promise<Lab> {
  const tokens = {
    mueller: nomad.appToken('alice', 3600),
    schmidt: nomad.tokenOf('bob'),
    collector: nomad.tokenOf('collector'),
  };
  return await nomadLab(nomad, { block, tokens });
}

/** Paths of the delivered data in all uploads but those named. */
async function deliveredTo(nomad: NomadServer, except: readonly string[]): Promise<string[]> {
  const ids = nomad.uploads().flatMap(({ id }) => (except.includes(id) ? [] : [id]));
  const files = await Promise.all(ids.map(async (id) => [...(await nomad.filesOf(id)).keys()]));
  return files
    .flat()
    .filter((path) => !path.includes('.nightjar'))
    .toSorted();
}

const GOLD = measurement('gold17', 1);

async function putGold(lab: Lab): Promise<void> {
  for (const [path, text] of Object.entries(GOLD)) await lab.put(`SEM1/mueller/${path}`, text);
}

const json = async (lab: Lab, ...args: string[]): Promise<unknown> =>
  JSON.parse((await lab.nightjar(...args, '--json')).out);

describe.each(['v1.3', 'v1.4'] as const)('what an owner has uploaded by hand to NOMAD %s', (generation) => {
  it('is found, is not sent, and every command says where it is', async () => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await labWith(nomad);
    await putGold(lab);
    await lab.put('SEM1/mueller/silver/silver-1.tif', 'silver');
    await lab.put('SEM1/schmidt/steel/steel-1.tif', 'steel');
    const paper = await uploadByHand(nomad, 'alice', { name: 'Paper 3', files: GOLD });

    const planned = await json(lab, 'plan');
    const report = await lab.evening();

    expect(planned).toMatchObject({
      ...{ stays: { byHand: { files: 3 } } },
      byHand: [{ where: 'SEM1/mueller/gold17', kind: 'all', upload: 'Paper 3', keeps: 3 }],
    });
    expect(report).toMatchObject({
      ...{ outcome: 'done', balanced: true },
      buckets: { delivered: { files: 2 }, byHand: { files: 3, bytes: 3002 } },
      byHand: [
        {
          ...{ share: 'lab', where: 'SEM1/mueller/gold17', owner: 'mueller', destination: 'nomad' },
          ...{ kind: 'all', upload: 'Paper 3', files: 3, ofFiles: 3, bytes: 3002 },
        },
      ],
    });
    expect(await deliveredTo(nomad, [paper])).toEqual([
      'lab/SEM1/mueller/silver/silver-1.tif',
      'lab/SEM1/schmidt/steel/steel-1.tif',
    ]);
    const explained = (await lab.nightjar('explain', 'SEM1/mueller/gold17/gold17-a.tif')).out;
    expect(explained).toContain('by hand, in "Paper 3" (http');
    expect(explained).toContain(
      `/gui/user/uploads/upload/id/${paper}), below gold17: all 3 files by name and size`,
    );
    expect((await lab.nightjar('why', 'SEM1/mueller')).out).toContain(
      'nightjar force lab:SEM1/mueller/gold17',
    );
    expect(nomad.unexpected).toEqual([]);
  });

  it('does not hide what we sent ourselves: an upload of ours is never taken for one by hand', async () => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await labWith(nomad);
    await putGold(lab);
    await lab.evening();
    // Without the ledger nothing is known of what was sent; the manifest beside it still tells who sent it.
    await rename(join(lab.root, 'state', 'ledger.db'), join(lab.root, 'lost.db'));

    const report = await lab.evening();

    expect(report.buckets).toMatchObject({ delivered: { files: 3 }, byHand: { files: 0 } });
  });
});
