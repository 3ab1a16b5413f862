import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startLab } from '../support/lab.ts';

const isRoot = process.getuid?.() === 0;

describe('a full disk under the state directory', () => {
  it('stops a run with DISK_FULL, and with room again everything goes', async (context) => {
    if (!isRoot) return context.skip('mounting a small file system needs root');
    await using lab = await startLab();
    for (let n = 0; n < 400; n++)
      await lab.put(`SEM1/mueller/dataset-with-a-long-name-${n}/image.tif`, `image ${n}`);
    const state = join(lab.root, 'state');
    await mkdir(state);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=180k,mode=0700', 'tmpfs', state]);
    try {
      const full = await lab.nightjar('run', '--json');
      execFileSync('mount', ['-o', 'remount,size=64m', state]);
      const report = await lab.evening();

      expect(full.code).toBe(75);
      expect(full.err).toContain('DISK_FULL');
      expect(report).toMatchObject({ outcome: 'done', balanced: true });
      expect(report.buckets.delivered.files + report.buckets.unchanged.files).toBe(400);
    } finally {
      execFileSync('umount', ['--lazy', state]);
    }
  });
});
