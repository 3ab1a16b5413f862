import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startLab } from '../support/lab.ts';

describe('a mapping', () => {
  it('with a rule that can never decide is refused with its place, before anything goes out', async () => {
    await using lab = await startLab({
      folders: `rules:
  - match: "AFM/**"
    owner: mueller
  - match: "AFM/service/**"
    hold: "ask the manager"
owners: { mueller: {} }
collector: {}
`,
    });
    await lab.put('AFM/service/log', 'must be held');

    const said = await lab.nightjar('run');
    const checked = await lab.nightjar('check');

    expect(said).toMatchObject({ code: 78 });
    expect(said.err).toMatch(/folders\.yaml:4: rule 2 can never decide/);
    expect(checked).toMatchObject({ code: 78 });
    expect(checked.out).toContain('rule 2 can never decide');
  });
});

describe('what Nightjar writes to', () => {
  it('is refused when a link leads it into a share', async () => {
    await using lab = await startLab();
    await lab.put('SEM1/mueller/a/1', 'one');
    await mkdir(join(lab.share, 'delivered-here'));
    await rm(lab.delivered, { recursive: true });
    await symlink(join(lab.share, 'delivered-here'), lab.delivered);

    const said = await lab.nightjar('run', '--json');

    expect(said.code).toBe(78);
    expect(said.err).toContain('CONFIG_INVALID');
    expect(await readdir(join(lab.share, 'delivered-here'))).toEqual([]);
  });

  it('is never a folder with something else in it, for the demo', async () => {
    await using lab = await startLab();
    const dir = await mkdtemp(join(tmpdir(), 'nightjar-not-a-demo-'));
    await writeFile(join(dir, 'nightjar.yaml'), 'mine');

    const said = await lab.nightjar('demo', dir);

    expect(said).toMatchObject({ code: 64 });
    expect(await readdir(dir)).toEqual(['nightjar.yaml']);
    await rm(dir, { recursive: true });
  });
});
