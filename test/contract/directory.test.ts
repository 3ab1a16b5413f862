import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import { Secret } from '../../src/core/secret.ts';
import { createDirectory } from '../../src/destinations/directory/directory.ts';
import { withLog } from '../../src/destinations/with-log.ts';
import { readTree } from '../support/read-tree.ts';
import { type DestinationHarness, destinationContract } from './destination.contract.ts';

const TOKEN = 'kept-from-every-log-and-error';

async function start(verify: 'hash' | 'size'): Promise<DestinationHarness & { readonly root: string }> {
  const parent = await mkdtemp(join(tmpdir(), 'nightjar-directory-'));
  const root = join(parent, 'copies');
  return {
    root,
    destination: createDirectory({ root, verify }),
    call: (_, signal) => ({ token: new Secret(TOKEN), signal }),
    delivered: async (owner) => await readTree(join(root, owner, 'data')),
    secrets: [TOKEN],
    [Symbol.asyncDispose]: async () => await rm(parent, { recursive: true, force: true }),
  };
}

destinationContract('directory, compared by hash,', async () => await start('hash'));
destinationContract('directory, compared by size,', async () => await start('size'));
destinationContract('directory that is logged', async () => {
  const harness = await start('hash');
  return { ...harness, destination: withLog(harness.destination, () => undefined, systemClock) };
});
