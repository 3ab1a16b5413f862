import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { Lab } from '../support/lab.ts';
import { nomadLab } from '../support/nomad-lab.ts';
import { type NomadServer, startNomadServer } from '../support/nomad-server.ts';
import { untilTrue } from '../support/until.ts';

async function labAt(nomad: NomadServer): Promise<Lab> {
  const lab = await nomadLab(nomad);
  for (const name of ['a', 'b', 'c', 'd'])
    await lab.put(`SEM1/mueller/gold/${name}.tif`, `content of ${name}`);
  return lab;
}

describe.each(['v1.3', 'v1.4'] as const)('an evening with a NOMAD %s that goes wrong', (generation) => {
  const parcels = (nomad: NomadServer) =>
    nomad.requests.filter((one) => one.headers['content-type'] === 'application/zip');

  it('that is killed after the last byte waits for the platform, looks, and sends nothing twice', async () => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await labAt(nomad);
    nomad.worker.hold('running');
    const killed = lab.start('run');
    await untilTrue(() => parcels(nomad).some(({ status }) => status === 200), 'the parcel is taken');
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    const asked = nomad.requests.length;
    nomad.fault = () => {
      if (nomad.requests.length > asked + 3) nomad.worker.release();
      return undefined;
    };

    const report = await lab.evening();

    expect(parcels(nomad)).toHaveLength(1);
    expect(report).toMatchObject({ outcome: 'done', buckets: { delivered: { files: 4 } } });
    expect(report.deliveries[0]?.how).toContain('Found there before it was sent again');
    expect(report.deliveries[0]?.evidence).toBe('confirmed');
  });

  it('on one file delivers the others, and a manager reads the words of the platform', async () => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await labAt(nomad);
    const words = (name: string): string => `OSError: [Errno 36] File name too long: '/fs/${name}'`;
    nomad.poison = (members) => {
      const bad = members.find((one) => one.endsWith('gold/c.tif'));
      return bad === undefined ? undefined : words(bad);
    };

    const report = await lab.evening();
    const why = await lab.nightjar('why');
    const explained = await lab.nightjar('explain', 'SEM1/mueller/gold/c.tif');

    expect(report).toMatchObject({
      outcome: 'attention',
      balanced: true,
      buckets: { delivered: { files: 3 }, rejected: { files: 1 } },
    });
    expect(JSON.stringify(report.troubles)).toContain('File name too long');
    for (const { out } of [why, explained]) expect(out).toContain('File name too long');
    expect(why.out).toContain('SEM1/mueller/gold/c.tif');
  });
});
