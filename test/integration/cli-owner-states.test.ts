import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startLab } from '../support/lab.ts';

const FOLDERS = `rules:
  - match: "{instrument}/{owner}/{dataset}/**"
owners:
  mueller: { opt_out: { until: 2099-12-31, reason: patent pending, instruments: [SEM1] } }
  chen: { leaves: { on: 2020-01-01, successor: weber } }
  schmidt: { leaves: { on: 2020-01-01, collector_after: 30d } }
  weber: {}
  klein: { paused: { reason: sabbatical } }
collector: {}
`;

describe('owners’ states', () => {
  it('trap 21: hold or hand over what they say, in the report, why, plan and explain alike, and it balances', async () => {
    await using lab = await startLab({ folders: FOLDERS });
    for (const owner of ['mueller', 'chen', 'schmidt', 'klein', 'wbeer'])
      await lab.put(`SEM1/${owner}/run/a.tif`, owner);
    await lab.put('TEM/mueller/run/a.tif', 'not opted out here');

    const planned = JSON.parse((await lab.nightjar('plan', '--batches', '--json')).out) as Record<
      string,
      unknown
    >;
    const report = await lab.evening();
    const why = await lab.nightjar('why');
    const explained = await lab.nightjar('explain', 'SEM1/chen/run/a.tif');

    expect(planned).toMatchObject({
      stays: { held: { files: 2 } },
      notes: expect.arrayContaining([expect.objectContaining({ code: 'OPTED_OUT', owner: 'mueller' })]),
    });
    expect(report).toMatchObject({ balanced: true, outcome: 'attention', buckets: { held: { files: 2 } } });
    expect(report.notes.map(({ code, where }) => [code, where])).toEqual(
      expect.arrayContaining([
        ['OPTED_OUT', 'SEM1/mueller/run/a.tif'],
        ['PAUSED', 'SEM1/klein/run/a.tif'],
      ]),
    );
    expect(report.deliveries.map(({ owner, dataset }) => `${owner} ${dataset}`).toSorted()).toEqual([
      'collector SEM1/schmidt/run',
      'collector SEM1/wbeer',
      'mueller TEM/mueller/run',
      'weber SEM1/chen/run',
    ]);
    expect(why.out).toContain('mueller opted out until 2099-12-31: patent pending');
    expect(why.out).toContain('take opt_out out of owner mueller');
    expect(explained.out).toContain('weber (rule 1: chen left on 2020-01-01, the successor is weber)');
  });

  it('are of the day in the schedule’s own time zone', async () => {
    const day = (zone: string): string => new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format();
    const [east, west] = ['Pacific/Kiritimati', 'Pacific/Pago_Pago'];
    const folders = FOLDERS.replace('2099-12-31', day(west));

    await using inEast = await startLab({
      folders,
      extra: `schedule: { evening: "20:00", timezone: ${east} }`,
    });
    await using inWest = await startLab({
      folders,
      extra: `schedule: { evening: "20:00", timezone: ${west} }`,
    });
    const [first, second] = [
      await inEast.nightjar('explain', 'SEM1/mueller/run/a.tif'),
      await inWest.nightjar('explain', 'SEM1/mueller/run/a.tif'),
    ];

    expect(first.out).not.toContain('opted out');
    expect(second.out).toContain('opted out');
  });
});

describe('an owner without a token that can be used', () => {
  const folders = `rules:
  - match: "open/{owner}/**"
    without_token: collector
  - match: "{instrument}/{owner}/**"
owners:
  mueller: {}
  chen: { nomad: { token: chen } }
  weber: { nomad: { token: weber } }
collector: { nomad: { token: collector } }
`;
  const destinations = '  nomad: { kind: nomad, base_url: "http://127.0.0.1:9/api/v1" }';

  it('has their data held with the cure, unless the rule says that the collector gets it', async () => {
    await using lab = await startLab({ folders, destinations });
    const tokens = join(lab.root, 'tokens');
    await mkdir(tokens, { mode: 0o700 });
    await writeFile(join(tokens, 'chen'), '', { mode: 0o600 });
    await writeFile(join(tokens, 'weber'), 'abc');
    await chmod(join(tokens, 'weber'), 0o644);
    for (const owner of ['mueller', 'chen', 'weber']) await lab.put(`SEM1/${owner}/a.tif`, owner);
    await lab.put('open/chen/a.tif', 'b');

    const planned = JSON.parse((await lab.nightjar('plan', '--batches', '--json')).out) as {
      notes: { owner: string; code?: string; reason: string }[];
      batches: { owner: string; code?: string }[];
    };
    const explained = await lab.nightjar('explain', 'SEM1/weber/a.tif');

    expect(
      planned.notes.filter(({ code }) => code === 'NO_TOKEN').map(({ owner, reason }) => [owner, reason]),
    ).toEqual([
      ['chen', expect.stringContaining('is empty')],
      ['mueller', expect.stringContaining('has no token for nomad')],
      ['weber', expect.stringContaining('can be used by other people')],
    ]);
    expect(planned.batches).toMatchObject([{ owner: 'collector', code: 'NO_TOKEN' }]);
    expect(explained.out).toContain('chmod 600');
  });
});
