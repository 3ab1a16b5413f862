import { systemClock } from '../../src/core/clock.ts';
import { Secret } from '../../src/core/secret.ts';
import { createNomad } from '../../src/destinations/nomad/nomad.ts';
import { nomadOptions } from '../../src/destinations/nomad/options.ts';
import { withLog } from '../../src/destinations/with-log.ts';
import { createHttpClient } from '../../src/http/http-client.ts';
import {
  type Generation,
  type NomadServer,
  startNomadServer,
  type UserName,
} from '../support/nomad-server.ts';
import { type DestinationHarness, destinationContract } from './destination.contract.ts';

const userOf = (owner: string): UserName => (owner === 'bob' ? 'bob' : 'alice');

/** `reads`: with a token that may read too, an app token of v1.3 and a personal access token of 1.4. */
type Way = {
  readonly generation: Generation;
  readonly configured: 'auto' | Generation;
  readonly reads: boolean;
};

async function start({ generation, configured, reads }: Way): Promise<DestinationHarness> {
  const server = await startNomadServer({ generation });
  const tokens = new Map((['alice', 'bob'] as const).map((user) => [user, tokenFor(server, user, reads)]));
  const tokenOf = (owner: string): string => tokens.get(owner === 'bob' ? 'bob' : 'alice') ?? '';
  const http = createHttpClient({ userAgent: 'nightjar-test', clock: systemClock, stallMs: 10_000 });
  const options = nomadOptions.parse({ kind: 'nomad', base_url: server.url, generation: configured });
  const polling = { firstMs: 5, longestMs: 50, totalMs: 5_000 };
  return {
    destination: createNomad(options, { http, clock: systemClock, polling }),
    call: (owner, signal) => ({ token: new Secret(tokenOf(owner)), signal }),
    delivered: async (owner) => {
      await server.worker.idle();
      const files = new Map<string, Buffer>();
      for (const upload of server.uploads()) {
        if (upload.mainAuthor !== server.userId(userOf(owner))) continue;
        for (const [name, bytes] of await server.filesOf(upload.id)) files.set(name, bytes);
      }
      return files;
    },
    secrets: [...tokens.values()],
    [Symbol.asyncDispose]: async () => {
      await http.close();
      await server.close();
    },
  };
}

function tokenFor(server: NomadServer, user: UserName, reads: boolean): string {
  if (!reads) return server.tokenOf(user);
  if (server.generation === 'v1.3') return server.appToken(user, 3600);
  const scopes = ['uploads:write', 'uploads:read'];
  return server.pats.create(server.userId(user), { name: 'nightjar', scopes }).raw;
}

const WAYS: readonly (readonly [string, Way])[] = [
  ['nomad v1.3, upload token', { generation: 'v1.3', configured: 'auto', reads: false }],
  ['nomad v1.4, upload token', { generation: 'v1.4', configured: 'auto', reads: false }],
  ['nomad v1.3, app token', { generation: 'v1.3', configured: 'v1.3', reads: true }],
  ['nomad v1.4, personal access token', { generation: 'v1.4', configured: 'v1.4', reads: true }],
];

for (const [name, way] of WAYS)
  destinationContract(`${name}, logged,`, async () => {
    const harness = await start(way);
    return { ...harness, destination: withLog(harness.destination, () => undefined, systemClock) };
  });
