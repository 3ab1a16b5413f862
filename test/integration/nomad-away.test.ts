import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Call, Destination } from '../../src/destinations/destination.ts';
import { createNomad } from '../../src/destinations/nomad/nomad.ts';
import { nomadOptions } from '../../src/destinations/nomad/options.ts';
import { createHttpClient, type HttpClient } from '../../src/http/http-client.ts';
import { contentOf } from '../support/content.ts';
import { type Generation, type NomadServer, startNomadServer } from '../support/nomad-server.ts';

const PLAN = { owner: 'alice', files: { 'SEM1/run/a.tif': 'first', 'SEM1/run/b.tif': 'second' } };

describe.each<Generation>(['v1.3', 'v1.4'])(
  'a NOMAD of %s that goes away after it took a parcel',
  (generation) => {
    let server: NomadServer;
    let http: HttpClient;
    let nomad: Destination;
    let call: Call;

    beforeEach(async () => {
      server = await startNomadServer({ generation });
      http = createHttpClient({ userAgent: 'nightjar-test', clock: systemClock });
      const options = nomadOptions.parse({ kind: 'nomad', base_url: server.url });
      const polling = { firstMs: 5, longestMs: 20, totalMs: 60_000 };
      nomad = createNomad(options, { http, clock: systemClock, polling });
      call = { token: new Secret(server.tokenOf('alice')), signal: new AbortController().signal };
    });
    afterEach(async () => {
      await http.close();
      await server.close();
    });

    it('is told as away instead of being waited for until the wait for its processing is over', async () => {
      const content = contentOf(PLAN);
      const container = await nomad.open('n', call);
      await nomad.send(container, content, call);
      await server.away();

      await expect(nomad.close(container, content, call)).rejects.toMatchObject({
        code: 'DESTINATION_UNREACHABLE',
      });
    });

    it('is asked again where it fails only now and then', async () => {
      const content = contentOf(PLAN);
      const container = await nomad.open('n', call);
      server.worker.hold();
      await nomad.send(container, content, call);
      let asked = 0;
      server.fault = ({ path }) => {
        if (!path.includes('raw-create-dir')) return undefined;
        asked += 1;
        if (asked === 9) server.worker.release();
        return asked % 3 === 0 ? undefined : { kind: 'answer', status: 502 };
      };

      const receipt = await nomad.close(container, content, call);

      expect(receipt.evidence).toBe('confirmed');
      expect(asked).toBeGreaterThanOrEqual(9);
    });
  },
);
