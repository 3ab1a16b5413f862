import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { LAUNCHER } from '../support/lab.ts';
import { nomadLab } from '../support/nomad-lab.ts';
import { startNomadServer } from '../support/nomad-server.ts';
import type { Strike } from '../support/strike-at-commit.ts';

const PRELOAD = fileURLToPath(new URL('../support/strike-at-commit.ts', import.meta.url));
const FOLDERS = `rules:
  - { name: Open, match: "{instrument}/{owner}/{dataset}/**", publish: true }
owners:
  mueller: { nomad: { token: mueller } }
collector: { nomad: { token: collector } }
`;

it('kill -9 before publishing is asked for, and again before its answer is recorded: it is asked for once', async () => {
  await using nomad = await startNomadServer({ generation: 'v1.4' });
  const tokens = { mueller: nomad.appToken('alice', 3600) };
  await using lab = await nomadLab(nomad, { folders: FOLDERS, tokens, block: 'publish: irreversible' });
  await lab.put('SEM1/mueller/gold/run.archive.yaml', 'data: {}');
  const asked = (): number => nomad.requests.filter(({ path }) => path.endsWith('/publish')).length;
  const struck = async (strike: Omit<Strike, 'signal'>): Promise<unknown> => {
    const STRIKE = JSON.stringify({
      strikes: [{ ...strike, signal: 'SIGKILL' }],
      log: join(lab.root, 'commits'),
    });
    const env = [`NODE_OPTIONS=--import=${PRELOAD}`, `STRIKE=${STRIKE}`];
    const child = lab.startProgram('env', ...env, LAUNCHER, 'run');
    child.stdout?.resume();
    child.stderr?.resume();
    const [, signal] = (await once(child, 'exit')) as unknown[];
    return signal;
  };

  expect(await struck({ at: 'batch.publishing', when: 'after' })).toBe('SIGKILL');
  expect([asked(), nomad.uploads()[0]?.publishTime]).toEqual([0, null]);
  expect(await struck({ at: 'batch.published', when: 'before' })).toBe('SIGKILL');
  expect(asked()).toBe(1);
  const report = await lab.evening();

  expect(asked()).toBe(1);
  expect(nomad.uploads()).toMatchObject([{ publishTime: expect.any(String) }]);
  expect(report.publications).toMatchObject([{ state: 'published' }]);
  const history = await lab.nightjar('history', 'SEM1/mueller/gold');
  expect(history.out.match(/batch\.published/g)).toHaveLength(1);
});
