import { createServer } from 'node:https';
import { createServer as createTcpServer, type Server } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DeliveryEvent } from '../../src/delivery/delivery-event.ts';
import { deliverIntoNomad, type NomadDeliverer } from '../support/deliver-into-nomad.ts';
import { type Certificate, makeCertificate } from '../support/make-certificate.ts';

const DAY = 86_400_000;
const TRUSTED = makeCertificate();

async function portOf(server: Server): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('a platform of which nothing is reached', () => {
  const before = getCACertificates('default');
  let server: Server | undefined;

  beforeEach(() => setDefaultCACertificates([...before, TRUSTED.cert]));
  afterEach(() => {
    setDefaultCACertificates(before);
    server?.close();
    server = undefined;
  });

  async function at(
    base_url: string,
  ): Promise<{ lab: NomadDeliverer; said: string; events: DeliveryEvent[] }> {
    const lab = await deliverIntoNomad('v1.4', { base_url, generation: 'v1.4' }, { stallMs: 2_000 });
    const batch = lab.plan('SEM1/a', { 'a.tif': 'a' });
    // Twice: a container that nobody was asked for is never in doubt.
    await lab.deliver(batch.id);
    await lab.deliver(batch.id);
    const { state, error } = lab.ledger.batches.head(batch.id);
    return { lab, said: `${state} ${error?.code}: ${error?.message.split(': ').at(-1)}`, events: lab.events };
  }
  const tls = async (certificate: Certificate, options: object = {}): Promise<string> => {
    server = createServer({ ...certificate, ...options }, (_, response) => response.end('{}'));
    server.on('tlsClientError', () => undefined);
    return `https://127.0.0.1:${await portOf(server)}/nomad-oasis/api/v1`;
  };

  it.each<[string, () => Promise<string>, string]>([
    ['its name is unknown', async () => 'https://nomad.invalid/api/v1', 'the name is not known (DNS)'],
    [
      'nothing listens there',
      async () => {
        const free = createTcpServer();
        const port = await portOf(free);
        free.close();
        return `http://127.0.0.1:${port}/api/v1`;
      },
      'nothing listens at that address and port',
    ],
    [
      'its certificate is self-signed',
      async () => await tls(makeCertificate()),
      'its TLS certificate is self-signed',
    ],
    [
      'its certificate has expired',
      async () => {
        const old = makeCertificate({ from: new Date(Date.now() - 9 * DAY), to: new Date(Date.now() - DAY) });
        setDefaultCACertificates([...before, old.cert]);
        return await tls(old);
      },
      'its TLS certificate has expired',
    ],
    [
      'its certificate begins tomorrow',
      async () => {
        const early = makeCertificate({ from: new Date(Date.now() + DAY) });
        setDefaultCACertificates([...before, early.cert]);
        return await tls(early);
      },
      'its TLS certificate is not valid yet, by the clock of this host',
    ],
    [
      'its certificate is for another name',
      async () => {
        const other = makeCertificate({ name: 'DNS:elsewhere.example' });
        setDefaultCACertificates([...before, other.cert]);
        return await tls(other);
      },
      'its TLS certificate is for another name',
    ],
    [
      'it speaks an old TLS alone',
      async () =>
        await tls(TRUSTED, { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' }),
      'it speaks no version of TLS that this program does',
    ],
    [
      'it has no cipher for us',
      async () => await tls(TRUSTED, { maxVersion: 'TLSv1.2', ciphers: 'PSK' }),
      'it refused the TLS handshake',
    ],
    [
      'it does not speak TLS',
      async () => {
        server = createTcpServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
        return `https://127.0.0.1:${await portOf(server)}/api/v1`;
      },
      'it does not speak TLS',
    ],
  ])('since %s is tried again in words, and no container of it is in doubt', async (_, where, words) => {
    const { lab, said, events } = await at(await where());

    expect(said).toBe(`planned DESTINATION_UNREACHABLE: ${words}`);
    expect(events.map(({ name }) => name)).not.toContain('container.doubtful');
    await lab[Symbol.asyncDispose]();
  });
});
