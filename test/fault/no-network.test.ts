import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { imagesIn } from '../support/images-in.ts';
import { LAUNCHER } from '../support/lab.ts';
import { nomadLab } from '../support/nomad-lab.ts';
import { startNomadServer } from '../support/nomad-server.ts';

const canDoWithout = spawnSync('unshare', ['--net', '--mount', 'true']).status === 0;
if (!canDoWithout) console.log('left out: an evening without any network needs unshare and root');

it.skipIf(!canDoWithout)(
  'an evening on a host without network and without an answer to any name says so and ends with 75; the next one on the network brings all, once',
  async () => {
    await using nomad = await startNomadServer({ generation: 'v1.3' });
    const url = nomad.url.replace('127.0.0.1', 'localhost');
    await using lab = await nomadLab(
      { url, tokenOf: nomad.tokenOf },
      { block: 'join: dataset', deliveries: 'outage_wait: 1s' },
    );
    for (const name of ['gold', 'silver'])
      await lab.put(`SEM1/mueller/${name}/img.tif`, `the bytes of ${name}`);
    const noHosts = join(lab.root, 'hosts');
    await writeFile(noHosts, '');

    const without = await lab.run(
      ...(['unshare', '--net', '--mount', 'sh', '-c'] as const),
      'mount --bind "$1" /etc/hosts && exec "$2" run --json',
      ...['sh', noHosts, LAUNCHER],
    );
    const asked = nomad.requests.length;
    const after = await lab.evening();

    expect(without.code).toBe(75);
    const report = JSON.parse(without.out) as RunReport;
    expect(report).toMatchObject({ outcome: 'waiting', balanced: true });
    expect(report.buckets).toMatchObject({
      waiting: { files: 2 },
      delivered: { files: 0 },
      held: { files: 0 },
    });
    expect(report.outages).toMatchObject([
      {
        code: 'DESTINATION_UNREACHABLE',
        reason: expect.stringContaining('could not be looked up') as string,
      },
    ]);
    expect(asked).toBe(0);
    expect(after).toMatchObject({ outcome: 'done', balanced: true });
    expect(await imagesIn(nomad)).toEqual([
      'lab/SEM1/mueller/gold/img.tif',
      'lab/SEM1/mueller/silver/img.tif',
    ]);
    expect(nomad.uploads()).toHaveLength(1);
  },
);
