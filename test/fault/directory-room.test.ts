import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { liftCured } from '../../src/app/lift-cured.ts';
import { type BatchId, destinationName, ownerId } from '../../src/core/ids.ts';
import { createDirectory } from '../../src/destinations/directory/directory.ts';
import { deliverInto } from '../support/deliver-into.ts';
import { smallDisk } from '../support/small-disk.ts';

const MIB = 2 ** 20;
const signal = new AbortController().signal;

it('a batch that is larger than what is free waits for room alone, and the batches of others that fit go', async (context) => {
  await using disk = await smallDisk(context, 'size=6m');
  const filler = join(disk.root, 'filler');
  await writeFile(filler, Buffer.alloc(3 * MIB, 1));
  const destination = createDirectory({ root: join(disk.root, 'copies'), verify: 'hash' });
  await using lab = await deliverInto(
    () => destination,
    () => undefined,
  );
  const at = destinationName('archive');
  const plan = (owner: string, bytes: number) =>
    lab.plan(`SEM1/${owner}`, { 'x.tif': 'x'.repeat(bytes) }, { destination: at, owner: ownerId(owner) });
  const [large, small] = [plan('ada', 4 * MIB), plan('bob', 1000)];
  const state = ({ id }: { id: BatchId }) => lab.ledger.batches.head(id).state;
  const lift = async () =>
    await liftCured({ ...lab, destination: () => destination }, async () => undefined, signal);

  await lab.deliverAll();
  await lift();

  expect(lab.ledger.batches.head(large.id)).toMatchObject({ state: 'held', error: { code: 'DISK_FULL' } });
  expect([state(small), ...lab.ledger.pauses.inForce(lab.clock.now())]).toEqual(['verified']);

  await rm(filler);
  await lift();
  await lab.deliverAll();

  expect(state(large)).toBe('verified');
});
