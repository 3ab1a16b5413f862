import { existsSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Comparison } from '../../src/cli/demo/compare-accounts.ts';
import { type Misdeed, startDemoPlatform } from '../../src/cli/demo/demo-platform.ts';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { startLab } from '../support/lab.ts';

type Shown = Comparison & {
  readonly report: RunReport;
  readonly seed: number;
  readonly misdeeds: readonly Misdeed[];
};

describe('nightjar demo --misbehave', () => {
  it('brings every file to its owner exactly once or names why it is kept back, and its exit code is honest', async () => {
    await using lab = await startLab();
    // Started as root it reads the share as nobody, who has to come through here.
    await chmod(lab.root, 0o755);

    const said = await lab.nightjar('demo', '--misbehave', '--json', join(lab.root, 'demo'));

    const shown = JSON.parse(said.out) as Shown;
    expect(shown.wrong).toEqual([]);
    expect(shown.delivered + shown.kept.length).toBe(43);
    expect(shown.delivered).toBeGreaterThan(0);
    expect(shown.kept.filter(({ why }) => why === '')).toEqual([]);
    expect(shown.misdeeds.length).toBeGreaterThan(3);
    expect(shown.report.balanced).toBe(true);
    expect(said.code).toBe(shown.kept.length === 0 ? 0 : 3);
  });

  it('refuses a seed that is none, and one without --misbehave, with an example of what it takes in its help', async () => {
    await using lab = await startLab();

    const refused = await lab.nightjar('demo', '--misbehave', '--seed', 'seven', join(lab.root, 'demo'));
    const help = await lab.nightjar('demo', '--help');

    const alone = await lab.nightjar('demo', '--seed', '7', join(lab.root, 'demo'));

    expect([refused.code, alone.code]).toEqual([64, 64]);
    expect(alone.err).toContain('Add --misbehave');
    expect(refused.err).toContain('whole number');
    expect(existsSync(join(lab.root, 'demo'))).toBe(false);
    expect(help.out).toContain('nightjar demo --misbehave --seed 7');
  });

  it('says where the platform comes from when it is installed without it', async () => {
    const wish = { seed: 1, generation: 'v1.4', users: ['alice'], onMisdeed: () => undefined } as const;

    await expect(startDemoPlatform(wish, '/nowhere/misbehaving-nomad.ts')).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('from a checkout'),
    });
  });
});
