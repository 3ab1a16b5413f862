import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { imagesIn } from '../support/images-in.ts';
import { LAUNCHER } from '../support/lab.ts';
import { nomadLab } from '../support/nomad-lab.ts';
import { startNomadServer } from '../support/nomad-server.ts';
import { startRedis } from '../support/start-redis.ts';

/** Debian's `libfaketime`: the evening's process and its readers have their time from a file. */
const LIBRARY = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime/libfaketimeMT.so.1`;
const canSetClock = existsSync(LIBRARY);
if (!canSetClock)
  console.log('left out: setting the clock of an evening in the middle of it needs libfaketime');

it.skipIf(!canSetClock).each(['+5h', '-5h'])(
  'an evening during which the clock of its processes is set by %s brings each file once, and so does the next at the right time',
  async (by) => {
    await using nomad = await startNomadServer({ generation: 'v1.3' });
    await using redis = await startRedis(); // redis-server does not start with that library
    const url = `redis://127.0.0.1:${await redis.listen()}`;
    await using lab = await nomadLab(nomad, { block: 'join: dataset', extra: `redis: { url: "${url}" }` });
    await lab.put('SEM1/mueller/gold/img.tif', 'the bytes of gold');
    await lab.put('SEM1/schmidt/silver/img.tif', 'the bytes of silver');
    const time = join(lab.root, 'time');
    writeFileSync(time, '+0\n');
    let isSet = false;
    nomad.fault = ({ method, headers }) => {
      if (method === 'PUT' && headers['content-type'] !== undefined) {
        writeFileSync(time, `${by}\n`);
        isSet = true;
      }
      return undefined;
    };

    const withTime = ['env', `LD_PRELOAD=${LIBRARY}`, `FAKETIME_TIMESTAMP_FILE=${time}`] as const;
    const fresh = ['FAKETIME_NO_CACHE=1', 'FAKETIME_DONT_FAKE_MONOTONIC=1'];

    const said = await lab.run(...withTime, ...fresh, LAUNCHER, 'run', '--json');
    const told = await lab.run(...withTime, ...fresh, process.execPath, '-p', 'Date.now()');
    await lab.put('SEM1/mueller/iron/img.tif', 'the bytes of iron');
    const after = await lab.evening();

    expect(isSet).toBe(true);
    expect(Math.abs(Number(told.out) - Date.now())).toBeGreaterThan(4 * 3_600_000);
    expect(JSON.parse(said.out) as RunReport).toMatchObject({ outcome: 'done', balanced: true });
    expect(after).toMatchObject({ outcome: 'done', balanced: true });
    expect(await imagesIn(nomad)).toEqual(
      ['mueller/gold', 'mueller/iron', 'schmidt/silver'].map((dataset) => `lab/SEM1/${dataset}/img.tif`),
    );
  },
);
