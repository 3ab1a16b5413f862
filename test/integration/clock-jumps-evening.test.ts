import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cliLab } from '../support/cli-lab.ts';
import { engineEvening } from '../support/engine-evening.ts';
import { jumpingClock } from '../support/jumping-clock.ts';
import { startNomadServer } from '../support/nomad-server.ts';

const HOUR = 3_600_000;
const FOLDERS = `rules: [{ match: "{instrument}/{owner}/{dataset}/**" }]
owners: { mueller: { nomad: { token: mueller } } }
collector: { nomad: { token: collector } }
`;

it.each([
  ['ahead', 9 * HOUR],
  ['back', -9 * HOUR],
])(
  'a clock that first jumps %s by hours, and at each step again, loses and doubles nothing in an evening, nor makes it wait',
  async (_first, hours) => {
    const clock = jumpingClock();
    await using nomad = await startNomadServer();
    await using lab = await cliLab(
      { 'SEM1/mueller/a/1.tif': 'one', 'SEM1/mueller/b/2.tif': 'two' },
      {
        folders: FOLDERS,
        settle: '0s',
        destinations: `{ nomad: { kind: nomad, base_url: "${nomad.url}", join: dataset } }`,
        extra:
          'credentials: { dir: tokens }\ndeliveries: { retry_first: 50ms, retry_max: 100ms, probe_first: 50ms, probe_max: 100ms }',
      },
    );
    mkdirSync(join(lab.dir, 'tokens'), { mode: 0o700 });
    writeFileSync(join(lab.dir, 'tokens/mueller'), nomad.tokenOf('alice'), { mode: 0o600 });
    const jumped = new Set<string>();
    const jumpAt = (step: string): boolean => {
      if (jumped.has(step)) return false;
      clock.jump(jumped.size % 2 === 0 ? hours : -1.5 * hours);
      jumped.add(step);
      return true;
    };
    let isSent = false;
    nomad.fault = ({ method, path }) => {
      if (method === 'POST' && path === '/uploads') jumpAt('open');
      // It meets an outage on the way, so that there is a time to wait for.
      else if (method === 'PUT' && jumpAt('send')) return { kind: 'answer', status: 503 };
      else if (method === 'POST' && isSent) jumpAt('close');
      isSent ||= method === 'PUT';
      return undefined;
    };

    const first = await engineEvening(lab.config, clock, ({ name }) => {
      if (name === 'batch.planned') jumpAt('plan');
    });
    const second = await engineEvening(lab.config, clock);

    expect([...jumped].toSorted()).toEqual(['close', 'open', 'plan', 'send']);
    expect(first).toMatchObject({ outcome: 'done', balanced: true });
    expect(first.buckets.delivered.files).toBe(2);
    expect(first.deliveries).toHaveLength(2);
    expect(new Set(first.deliveries.map(({ evidence }) => evidence))).toEqual(new Set(['confirmed']));
    expect(second).toMatchObject({ balanced: true, deliveries: [] });
    expect(second.buckets.unchanged.files).toBe(2);
    const [upload, ...others] = nomad.uploads();
    const files = [...(await nomad.filesOf(upload?.id ?? '')).keys()].filter((path) => path.endsWith('.tif'));
    expect(files.toSorted()).toEqual(['lab/SEM1/mueller/a/1.tif', 'lab/SEM1/mueller/b/2.tif']);
    expect(others).toEqual([]);
  },
);
