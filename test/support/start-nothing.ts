/** Run by test/fault/no-process.test.ts where the machine starts no process: prints how each part of Nightjar fails. */
import { tmpdir } from 'node:os';
import { openDataPipe } from '../../src/batch/data-pipe.ts';
import { systemClock as clock } from '../../src/core/clock.ts';
import { IngestError } from '../../src/core/errors.ts';
import { shareName } from '../../src/core/ids.ts';
import { findRedis } from '../../src/queue/redis-process.ts';
import { DEFAULT_MARKER, proveShare } from '../../src/share/prove-share.ts';
import { scanShare } from '../../src/share/scan-share.ts';
import { startPacker } from './open-parcel.ts';
import { planShare } from './plan-share.ts';

const root = process.argv[2] ?? tmpdir();
const target = { name: shareName('lab'), root, marker: DEFAULT_MARKER };
const { signal } = new AbortController();

const parts: Record<string, () => unknown> = {
  redis: () => findRedis(),
  proof: () => proveShare(target, { deadlineMs: 30_000, clock, signal }),
  look: async () => {
    const { looks } = scanShare(target, { stallMs: 30_000, clock, signal });
    for await (const _ of looks);
  },
  pipe: () => openDataPipe(root),
};
/** Where the pipe could still be made. */
const afterPipe: typeof parts = {
  reader: async () => {
    await using packer = await startPacker();
    const { stream } = await packer.content(planShare(root), root).parcel(signal);
    for await (const _ of stream);
  },
};

const said: Record<string, unknown> = {};
for (const [name, start] of Object.entries(process.argv[3] === 'after-pipe' ? afterPipe : parts)) {
  try {
    await start();
    said[name] = 'started';
  } catch (thrown) {
    said[name] =
      thrown instanceof IngestError ? [thrown.code, thrown.disposition, thrown.message] : String(thrown);
  }
}
process.stdout.write(JSON.stringify(said));
