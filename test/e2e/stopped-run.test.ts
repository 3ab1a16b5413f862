import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { nomadLab } from '../support/nomad-lab.ts';
import { startNomadServer } from '../support/nomad-server.ts';
import { untilTrue } from '../support/until.ts';

it.each(['send', 'close'] as const)(
  'a run that is stopped in %s ends its last delivery, and reports what that came to, not what it was at the signal',
  async (step) => {
    await using nomad = await startNomadServer({ generation: 'v1.4' });
    await using lab = await nomadLab(nomad, { block: 'join: dataset' });
    await lab.put('SEM1/mueller/gold/a.tif', 'gold');
    await lab.put('SEM1/mueller/silver/b.tif', 'silver');
    const go = Promise.withResolvers<void>();
    let isHeld = false;
    nomad.fault = ({ method }) => {
      // The file of a batch comes first, then its manifest: it is held once, and goes on once.
      if (method !== 'PUT' || isHeld) return undefined;
      isHeld = true;
      if (step === 'send') return { kind: 'pause', afterBytes: 1, until: go.promise };
      nomad.worker.hold('running');
      return undefined;
    };
    const run = lab.start('run', '--json');
    if (run.stdout === null || run.stderr === null) throw new Error('the run has no streams');
    const out = text(run.stdout);
    let err = '';
    run.stderr.on('data', (piece: Buffer) => {
      err += piece.toString();
    });
    const hasSent = (): boolean => nomad.requests.some(({ method }) => method === 'PUT');
    await untilTrue(hasSent, 'a batch is at the platform, which works on it');

    run.kill('SIGTERM');
    await untilTrue(() => err.includes('finishing what is in flight'), 'the run was told to stop');
    nomad.worker.release();
    go.resolve();
    const [code] = (await once(run, 'exit')) as [number | null];

    const report = JSON.parse(await out) as RunReport;
    expect(code).toBe(143);
    expect(report).toMatchObject({ outcome: 'cut', balanced: true, seen: { files: 3 } });
    expect(report.deliveries).toMatchObject([{ owner: 'mueller', files: 1, evidence: 'confirmed' }]);
    expect(report.buckets).toMatchObject({ delivered: { files: 1 }, waiting: { files: 1 } });
  },
);
