import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { follow } from '../support/follow.ts';
import { type NomadLab, type NomadLabOptions, nomadLab } from '../support/nomad-lab.ts';
import { type NomadServer, startNomadServer } from '../support/nomad-server.ts';
import { untilTrue } from '../support/until.ts';

async function labAt(nomad: NomadServer, options: NomadLabOptions = {}): Promise<NomadLab> {
  const lab = await nomadLab(nomad, { block: 'join: dataset', ...options });
  await lab.put('SEM1/mueller/gold/a.tif', 'gold');
  await lab.put('SEM1/mueller/iron/a.tif', 'iron');
  await lab.put('SEM1/schmidt/steel/a.tif', 'steel');
  return lab;
}

/** What a stream has said so far. */
function heard(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.on('data', (piece: Buffer) => {
    text += String(piece);
  });
  return () => text;
}

describe('a platform that is away', () => {
  it('holds nobody: when it comes back in the same evening all goes out, and the report tells of the outage', async () => {
    await using first = await startNomadServer();
    await first.close();
    const port = Number(new URL(first.url).port);
    await using lab = await labAt(first);
    const run = lab.start('run');
    const [report, said] = [heard(run.stdout), heard(run.stderr)];
    await untilTrue(() => said().includes('nomad is away'), 'the run notices');

    await using nomad = await startNomadServer({ port });
    const [code] = await once(run, 'exit');

    expect(code).toBe(0);
    expect(nomad.uploads()).toHaveLength(2);
    expect(report()).toMatch(/nomad: away from \S+ to \S+ \(.+\), asked [1-9]\d* times?: /);
    expect(report()).toMatch(/3 batches \(.+\) waited; nothing waits for it any more/);
    expect(said().match(/nomad is away/g)).toHaveLength(1);
    expect(said().match(/nomad is back/g)).toHaveLength(1);
  });

  it('ends a run after `outage_wait` with what waits, and status and why say why', async () => {
    await using nomad = await startNomadServer();
    await nomad.close();
    await using lab = await labAt(nomad, { deliveries: 'outage_wait: 1s' });

    const ran = await lab.nightjar('run', '--json');
    const report = JSON.parse(ran.out);

    expect(ran.code).toBe(75);
    expect(report).toMatchObject({
      ...{ outcome: 'waiting', balanced: true, buckets: { waiting: { files: 3 }, held: { files: 0 } } },
      outages: [{ destination: 'nomad', waited: { batches: 3 }, waiting: { batches: 3 } }],
    });
    expect(report.outages[0].probes).toBeGreaterThan(0);
    expect(report.outages[0].until).toBeUndefined();
    const [status, why] = [await lab.nightjar('status'), await lab.nightjar('why')];
    expect(status.out).toMatch(/destination nomad is away: .*nothing listens.*; asked \d+ times?, next at/);
    expect(why.out).toContain('destination nomad is away');
    const explained = await lab.nightjar('explain', '--json', 'SEM1/mueller/gold/a.tif');
    expect(JSON.parse(explained.out)).toMatchObject({ file: { batch: { state: 'planned', attempts: 0 } } });
  });

  it('is asked by the daemon, which goes on by itself after a restart, with one line when it went and one when it came', async () => {
    await using first = await startNomadServer();
    await first.close();
    await using lab = await labAt(first, { deliveries: 'outage_wait: 0s' });
    expect((await lab.nightjar('run')).code).toBe(75);
    const serve = follow(lab, 'serve');
    await serve.says('serve.started');

    await using nomad = await startNomadServer({ port: Number(new URL(first.url).port) });
    await serve.says('destination.back');
    await untilTrue(() => serve.count('delivery.done') === 3, 'all three arrive');
    await serve.stop();

    expect(nomad.uploads()).toHaveLength(2);
    const told = serve.lines().filter(({ msg }) => msg.startsWith('destination.'));
    expect(told.map(({ msg }) => msg)).toEqual(['destination.back']);
    expect(told[0]).toMatchObject({ destination: 'nomad', waited: { batches: 3 } });
  });

  it('that answers 429 is left alone by all owners for as long as it asks', async () => {
    await using nomad = await startNomadServer();
    await using lab = await labAt(nomad, { deliveries: 'concurrency: 1' });
    let isTold = false;
    nomad.fault = ({ method, path }) => {
      if (isTold || method !== 'POST' || path !== '/uploads') return undefined;
      isTold = true;
      return { kind: 'answer', status: 429, headers: { 'retry-after': '2' }, body: 'slow down' };
    };

    const report = await lab.evening();

    expect(report.outcome).toBe('done');
    const [outage] = report.outages;
    expect(outage).toMatchObject({
      code: 'DESTINATION_BUSY',
      waited: { batches: 3 },
      waiting: { batches: 0 },
    });
    expect((outage?.until ?? 0) - (outage?.since ?? 0)).toBeGreaterThanOrEqual(2000);
    expect(nomad.requests.filter(({ status }) => status === 429)).toHaveLength(1);
  });
});
