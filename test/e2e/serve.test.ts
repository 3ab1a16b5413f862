import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { follow, type Line } from '../support/follow.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { below, treeHashes } from '../support/tree-hashes.ts';
import { untilTrue } from '../support/until.ts';

const delivered = async (lab: Lab, owner: string): Promise<number> =>
  (await readdir(join(lab.delivered, owner, 'receipts')).catch(() => [])).length;

describe('the daemon', () => {
  it('acts within seconds on what the command line changes, refuses a second one, and ends in order', async () => {
    await using lab = await startLab();
    await lab.put('SEM1/mueller/a/1', 'one');
    await lab.nightjar('hold', 'owner', 'mueller', '--reason', 'away');
    expect((await lab.evening()).buckets.held.files).toBe(1);
    const serve = follow(lab, 'serve');
    await serve.says('evening.next');

    const second = await lab.nightjar('run');
    const resumed = await lab.nightjar('resume', 'owner', 'mueller');
    await untilTrue(async () => (await delivered(lab, 'mueller')) === 1, 'the delivery after resume');
    const status = await lab.nightjar('status');
    const code = await serve.stop();

    expect(second).toMatchObject({ code: 75 });
    expect(second.err).toContain('nightjar serve (pid');
    expect(resumed.code).toBe(0);
    expect(status.out).toContain('nightjar serve (pid');
    expect(code).toBe(0);
    expect(serve.lines().map(({ msg }) => msg)).toContain('serve.stopped');
  });

  it('shares its batches with a worker beside it, and each is delivered once', async () => {
    await using lab = await startLab();
    for (const owner of ['mueller', 'schmidt'])
      for (let n = 0; n < 30; n++) await lab.put(`SEM1/${owner}/run${n}/img`, Buffer.alloc(50_000, n));
    await lab.nightjar('hold', 'destination', 'archive', '--reason', 'until both are there');
    await lab.evening();
    const serve = follow(lab, 'serve');
    await serve.says('evening.next');
    const worker = follow(lab, 'worker');
    await worker.says('worker.started');

    await lab.nightjar('resume', 'destination', 'archive');
    await untilTrue(
      async () => (await delivered(lab, 'mueller')) + (await delivered(lab, 'schmidt')) === 60,
      'all deliveries',
    );
    const codes = [await worker.stop(), await serve.stop()];

    const done = (lines: readonly Line[]): string[] =>
      lines.filter(({ msg }) => msg === 'delivery.done').map(({ batchId }) => String(batchId));
    expect(codes).toEqual([0, 0]);
    expect(done(worker.lines()).length).toBeGreaterThan(0);
    expect(new Set([...done(worker.lines()), ...done(serve.lines())]).size).toBe(60);
    expect(done(worker.lines()).length + done(serve.lines()).length).toBe(60);
    for (const owner of ['mueller', 'schmidt'])
      expect(await treeHashes(join(lab.delivered, owner, 'data'))).toEqual(
        below(`lab/SEM1/${owner}`, await treeHashes(join(lab.share, 'SEM1', owner))),
      );
  });
});
