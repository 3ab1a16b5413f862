import { join } from 'node:path';
import { expect, it } from 'vitest';
import { holdOpen } from '../support/hold-open.ts';
import { startLab } from '../support/lab.ts';

const FOLDERS = `rules:
  - match: "{instrument}/{owner}/{dataset}/**"
    complete: { companions: { "*.czi": "*.xml" }, closed: "*.czi" }
owners: { mueller: {} }
collector: {}
`;

it('an evening sends a dataset when its companion is there and no program has its files open', async () => {
  await using lab = await startLab({ folders: FOLDERS });
  await lab.put('LSM/mueller/run_17/a.czi', 'data');

  const lonely = await lab.evening();
  expect(lonely).toMatchObject({ outcome: 'first', balanced: true, buckets: { notSettled: { files: 1 } } });
  expect(JSON.stringify(lonely.notes)).toContain('run_17 waits for a.xml, the companion of a.czi');

  await lab.put('LSM/mueller/run_17/a.xml', '<x/>');
  {
    await using _ = await holdOpen(join(lab.share, 'LSM/mueller/run_17/a.czi'));
    const busy = await lab.evening();
    expect(busy).toMatchObject({ balanced: true, buckets: { notSettled: { files: 2 } } });
    expect(JSON.stringify(busy.notes)).toContain('a.czi was open in another program');
    expect((await lab.nightjar('plan')).out).toContain('a.czi was open in another program');
  }

  const free = await lab.evening();
  expect(free).toMatchObject({ outcome: 'done', balanced: true, buckets: { delivered: { files: 2 } } });
});
