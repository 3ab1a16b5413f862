import { systemClock } from '../../src/core/clock.ts';
import { Secret } from '../../src/core/secret.ts';
import { createNomad } from '../../src/destinations/nomad/nomad.ts';
import { nomadOptions } from '../../src/destinations/nomad/options.ts';
import { withLog } from '../../src/destinations/with-log.ts';
import { createHttpClient } from '../../src/http/http-client.ts';
import { type Generation, startNomadServer, type UserName } from '../support/nomad-server.ts';
import { type DestinationHarness, destinationContract } from './destination.contract.ts';

const userOf = (owner: string): UserName => (owner === 'bob' ? 'bob' : 'alice');

async function start(generation: Generation, configured: 'auto' | Generation): Promise<DestinationHarness> {
  const server = await startNomadServer({ generation });
  const http = createHttpClient({ userAgent: 'nightjar-test', clock: systemClock, stallMs: 10_000 });
  const options = nomadOptions.parse({ kind: 'nomad', base_url: server.url, generation: configured });
  const polling = { firstMs: 5, longestMs: 50, totalMs: 5_000 };
  return {
    destination: createNomad(options, { http, clock: systemClock, polling }),
    call: (owner, signal) => ({ token: new Secret(server.tokenOf(userOf(owner))), signal }),
    delivered: async (owner) => {
      await server.worker.idle();
      const files = new Map<string, Buffer>();
      for (const upload of server.uploads()) {
        if (upload.mainAuthor !== server.userId(userOf(owner))) continue;
        for (const [name, bytes] of await server.filesOf(upload.id)) files.set(name, bytes);
      }
      return files;
    },
    secrets: [server.tokenOf('alice'), server.tokenOf('bob')],
    [Symbol.asyncDispose]: async () => {
      await http.close();
      await server.close();
    },
  };
}

destinationContract('nomad v1.3', async () => await start('v1.3', 'auto'));
destinationContract('nomad v1.4, logged,', async () => {
  const harness = await start('v1.4', 'v1.4');
  return { ...harness, destination: withLog(harness.destination, () => undefined, systemClock) };
});
