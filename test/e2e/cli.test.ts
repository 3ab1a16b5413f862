import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const LAUNCHER = fileURLToPath(new URL('../../src/nightjar', import.meta.url));

type Ended = { readonly code: number; readonly out: string; readonly err: string };

/** Runs the launcher as a person does, in a process of its own. */
function nightjar(cwd: string, ...argv: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(LAUNCHER, argv, { cwd, env: { PATH: process.env['PATH'], HOME: cwd } }, (error, out, err) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, out, err });
    });
  });
}

describe('the command line', () => {
  it('takes a new administrator from init to a delivered evening and back', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'nj-e2e-'));
    try {
      const [share, out] = [join(dir, 'share'), join(dir, 'out')];
      await mkdir(join(share, 'SEM1/mueller/run1'), { recursive: true });
      await mkdir(out);
      await writeFile(join(share, 'SEM1/mueller/run1/a.tif'), 'pixels');
      const run = (...argv: string[]) => nightjar(dir, ...argv);

      expect(await run('init', '--share', share, '--destination', out)).toMatchObject({ code: 0 });
      const config = join(dir, 'nightjar.yaml');
      const text = await readFile(config, 'utf8');
      await writeFile(
        config,
        text
          .replace(/^state_dir: \S+/m, `state_dir: ${join(dir, 'state')}`)
          .replace(/^settle: \S+/m, 'settle: 1s'),
      );

      expect(await run('check')).toMatchObject({ code: 78, out: expect.stringContaining('touch ') });
      await writeFile(join(share, '.nightjar-share'), '');
      expect(await run('check')).toMatchObject({ code: 0 });
      expect(await run('plan')).toMatchObject({ code: 0, out: expect.stringMatching(/mueller +→ archive/) });
      const ran = await run('run');
      expect(ran).toMatchObject({ code: 0, out: expect.stringContaining('It balances.') });
      const noted = /Head of the history: ([0-9a-f]{64})/.exec(ran.out)?.[1];
      expect(await run('audit', 'verify', '--head', noted ?? '')).toMatchObject({ code: 0 });

      const explained = await run('explain', 'SEM1/mueller/run1/a.tif', '--json');
      expect(JSON.parse(explained.out)).toMatchObject({ file: { state: 'verified' } });
      expect((await run('status')).out).toContain('1 delivered');
      const again = await run('requeue', '--path', 'SEM1/mueller', '--state', 'delivered', '--yes');
      expect(again).toMatchObject({ code: 0, out: expect.stringContaining('Requeued 1 batch') });
      expect(await run('run')).toMatchObject({ code: 0 });
      expect((await run('plan')).out).toContain('nothing new');
      expect(await run('requeue')).toMatchObject({ code: 64, out: '' });
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
});
