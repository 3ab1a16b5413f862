import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { Secret } from '../../src/core/secret.ts';
import { createNomad } from '../../src/destinations/nomad/nomad.ts';
import { nomadOptions } from '../../src/destinations/nomad/options.ts';
import { createHttpClient } from '../../src/http/http-client.ts';
import { contentOf } from '../support/content.ts';
import { type Generation, startNomadServer } from '../support/nomad-server.ts';

const PLAN = { owner: 'alice', files: { 'SEM1/run/a.tif': 'first', 'SEM1/run/b/c.tif': 'second' } };

/** The requests of the first batch of a start, as the table for the operator in docs/nomad.md has them. */
async function trafficOf(generation: Generation, isReader: boolean): Promise<string[]> {
  await using server = await startNomadServer({ generation });
  const http = createHttpClient({ userAgent: 'nightjar-test', clock: systemClock });
  const polling = { firstMs: 300, longestMs: 300, totalMs: 30_000 };
  const options = nomadOptions.parse({ kind: 'nomad', base_url: server.url });
  const nomad = createNomad(options, { http, clock: systemClock, polling });
  const token = isReader ? server.appToken('alice', 3600) : server.tokenOf('alice');
  const call = { token: new Secret(token), signal: new AbortController().signal };
  const content = contentOf(PLAN);
  const container = await nomad.open('n', call);
  await nomad.send(container, content, call);
  await server.worker.idle();
  await nomad.close(container, content, call);
  await http.close();
  const [upload] = server.uploads();
  return server.requests.map(({ method, path, query }) => {
    const shown = path.replace(upload?.id ?? '', 'U').replace(/[0-9a-f]{12}$/, 'NEW');
    return `${method} ${shown}${query.has('copy_or_move') ? ' onto itself' : ''}`;
  });
}

describe('what a platform sees of one batch', () => {
  it.each<Generation>(['v1.3', 'v1.4'])(
    'is at %s what docs/nomad.md tells its operator',
    async (generation) => {
      expect(await trafficOf(generation, false)).toEqual([
        'GET /openapi.json',
        'POST /uploads',
        'POST /uploads/U/raw-create-dir/.nightjar-status/NEW',
        'PUT /uploads/U/raw/lab',
        'POST /uploads/U/raw-create-dir/.nightjar-status/NEW',
        'PUT /uploads/U/raw/lab/.nightjar onto itself',
      ]);
    },
  );

  it.each<Generation>(['v1.3', 'v1.4'])(
    'leaves nothing at %s but the data, with a token that may read',
    async (generation) => {
      expect(await trafficOf(generation, true)).toEqual([
        'GET /openapi.json',
        'POST /uploads',
        'GET /uploads/U',
        'PUT /uploads/U/raw/lab',
        'GET /uploads/U',
        'PUT /uploads/U/raw/lab/.nightjar onto itself',
        'GET /uploads/U/rawdir/lab/SEM1/run',
        'GET /uploads/U/rawdir/lab/SEM1/run/b',
      ]);
    },
  );
});
