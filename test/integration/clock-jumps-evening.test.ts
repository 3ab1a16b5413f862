import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type EngineEvent, startEngine } from '../../src/app/engine.ts';
import { openWorkspace } from '../../src/app/workspace.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createHttpClient } from '../../src/http/http-client.ts';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { cliLab } from '../support/cli-lab.ts';
import { type JumpingClock, jumpingClock } from '../support/jumping-clock.ts';
import { startNomadServer } from '../support/nomad-server.ts';

const HOUR = 3_600_000;
const FOLDERS = `rules: [{ match: "{instrument}/{owner}/{dataset}/**" }]
owners: { mueller: { nomad: { token: mueller } } }
collector: { nomad: { token: collector } }
`;

/** An evening of the daemon's own parts, by the clock of a test. */
async function evening(
  file: string,
  clock: JumpingClock,
  emit: (event: EngineEvent) => void = () => undefined,
): Promise<RunReport> {
  const http = createHttpClient({ userAgent: 'test', clock });
  try {
    const config = loadConfig({ env: {}, home: '/nonexistent', file });
    using workspace = openWorkspace(config, { clock, http });
    await using engine = await startEngine(workspace, { clock, env: {}, emit, holder: 'the test' });
    return await engine.runEvening(undefined, new AbortController().signal);
  } finally {
    await http.close();
  }
}

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
    nomad.fault = ({ method, path }) => {
      if (method === 'POST' && path === '/uploads') jumpAt('open');
      // Each meets an outage or a retry on the way, so that there is a time to wait for.
      else if (method === 'PUT' && jumpAt('send')) return { kind: 'answer', status: 503 };
      else if (method === 'GET' && jumped.has('send') && jumpAt('close'))
        return { kind: 'answer', status: 502 };
      return undefined;
    };

    const first = await evening(lab.config, clock, ({ name }) => {
      if (name === 'batch.planned') jumpAt('plan');
    });
    const second = await evening(lab.config, clock);

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
