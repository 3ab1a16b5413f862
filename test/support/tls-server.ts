import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

/** A TLS server on loopback with a certificate of its own, which this process trusts until it is closed. */
export async function startTlsServer(
  listener: RequestListener,
): Promise<{ readonly url: string; readonly certificate: string } & AsyncDisposable> {
  const dir = mkdtempSync(join(tmpdir(), 'nightjar-tls-'));
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1'],
      ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
    ],
    { stdio: 'ignore' },
  );
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, listener);
  const before = getCACertificates('default');
  setDefaultCACertificates([...before, readFileSync(cert, 'utf8')]);
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  return {
    certificate: readFileSync(cert, 'utf8'),
    url: `https://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    [Symbol.asyncDispose]: async () => {
      setDefaultCACertificates(before);
      server.closeAllConnections();
      const { promise: closed, resolve: end } = Promise.withResolvers<void>();
      server.close(() => end());
      await closed;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
