import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startLab } from '../support/lab.ts';
import { makeOldLedger, stateOf, UNCHAINED } from '../support/old-ledger.ts';

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

  it('leaves a ledger in its old format when there is no room for the copy before, and goes on when there is', async (context) => {
    if (!isRoot) return context.skip('mounting a small file system needs root');
    await using lab = await startLab();
    const [made, state] = [join(lab.root, 'made'), join(lab.root, 'state')];
    const whole = readFileSync(makeOldLedger(made, UNCHAINED, 20_000));
    await mkdir(state);
    const room = whole.length + 300_000;
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${room},mode=0700`, 'tmpfs', state]);
    try {
      await writeFile(join(state, 'ledger.db'), whole);

      const full = await lab.nightjar('ledger', 'migrate', '--json');
      const start = await lab.nightjar('run', '--json');
      const after = readFileSync(join(state, 'ledger.db'));
      const left = readdirSync(state).filter((name) => name.startsWith('ledger-format'));
      execFileSync('mount', ['-o', 'remount,size=64m', state]);
      const done = await lab.nightjar('ledger', 'migrate');

      expect([full.code, start.code]).toEqual([75, 75]);
      expect(start.err).toContain('DISK_FULL');
      expect(after.equals(whole)).toBe(true);
      expect(left).toEqual([]);
      expect(done.code).toBe(0);
      expect(stateOf(join(state, 'ledger.db'))).toMatchObject({ events: 20_000, whole: 'ok' });
    } finally {
      execFileSync('umount', ['--lazy', state]);
    }
  });
});
