import { type Clock, systemClock } from '../../src/core/clock.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Destination } from '../../src/destinations/destination.ts';
import { createNomad } from '../../src/destinations/nomad/nomad.ts';
import { nomadOptions } from '../../src/destinations/nomad/options.ts';
import { createHttpClient, type HttpClient, type HttpRequest } from '../../src/http/http-client.ts';
import { type Deliverer, deliverInto } from './deliver-into.ts';
import { type Fault, type Generation, type NomadServer, startNomadServer } from './nomad-server.ts';

const POLLING = { firstMs: 2, longestMs: 10, totalMs: 20_000, busyMs: 200 };

export type NomadDeliverer = Deliverer & {
  readonly server: NomadServer;
  readonly destination: Destination;
  /** How the end of processing is waited for, in deliveries from here on. */
  readonly polling: { totalMs: number; firstMs: number };
  /** The token of every delivery from here on; at first alice's upload token. */
  token: string;
  /** Where a request goes that is asked from here on. */
  reroute: (asked: HttpRequest) => HttpRequest;
  /** How many parcels the server was sent. */
  readonly parcels: () => number;
  /** A fault for the first so many parcels only. */
  readonly onParcels: (fault: Fault, times?: number) => void;
};

const isParcel = (request: { method: string; headers: Record<string, unknown> }): boolean =>
  request.method === 'PUT' && request.headers['content-type'] === 'application/zip';

/** Deliveries on a real ledger into a NOMAD on loopback. */
export async function deliverIntoNomad(
  generation: Generation,
  block: object = {},
  bounds: { readonly stallMs?: number; readonly answerMs?: number; readonly clock?: Clock } = {},
): Promise<NomadDeliverer> {
  const polling = { ...POLLING };
  const server = await startNomadServer({ generation });
  const client = { userAgent: 'nightjar-test', clock: systemClock, stallMs: 5_000, ...bounds };
  const real = createHttpClient(client);
  const http: HttpClient = { ...real, request: async (asked) => await real.request(made.reroute(asked)) };
  const options = nomadOptions.parse({ kind: 'nomad', base_url: server.url, ...block });
  const nomad = createNomad(options, { http, clock: systemClock, polling });
  const lab = await deliverInto(
    () => nomad,
    () => new Secret(made.token),
  );
  const dispose = lab[Symbol.asyncDispose];
  const made: NomadDeliverer = Object.assign(lab, {
    server,
    destination: nomad,
    polling,
    reroute: (asked: HttpRequest): HttpRequest => asked,
    token: server.tokenOf('alice'),
    parcels: () => server.requests.filter(isParcel).length,
    onParcels: (fault: Fault, times = Number.POSITIVE_INFINITY) => {
      let left = times;
      server.fault = (request) => {
        if (!isParcel(request) || left === 0) return undefined;
        left -= 1;
        return fault;
      };
    },
    [Symbol.asyncDispose]: async () => {
      await http.close();
      await server.close();
      await dispose();
    },
  });
  return made;
}
