import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createServer } from 'node:tls';
import { expect, it } from 'vitest';
import { makeCertificate } from '../support/make-certificate.ts';

const at = (path: string): string => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);

/** Connects once with a password, and says why it could not. */
const program = (url: string, ca: string | undefined): string => `
  import { connectRedis } from ${at('queue/connect-redis.ts')};
  import { Secret } from ${at('core/secret.ts')};
  const target = { url: ${JSON.stringify(url)}, password: new Secret('hunter22'), ca: ${JSON.stringify(ca)} };
  const link = connectRedis(target, {
    waitForRedis: true,
    onError: (error) => { process.stdout.write(error.message); link.abandon(); },
  });`;

it('a Redis whose certificate nobody trusts hears no password, also where the environment switches the check off', async () => {
  const heard: string[] = [];
  const certificate = makeCertificate();
  const server = createServer(certificate, (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (bytes) => {
      heard.push(bytes.toString('latin1'));
      server.emit('heard');
      socket.destroy();
    });
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `rediss://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const connected = async (env: Readonly<Record<string, string>>, ca?: string): Promise<string> => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program(url, ca)], { env });
    const said = text(child.stdout);
    await Promise.race([once(child, 'exit'), once(server, 'heard')]);
    child.kill('SIGKILL');
    return await said;
  };

  expect(await connected({ NODE_TLS_REJECT_UNAUTHORIZED: '0' })).toMatch(/certificate/);
  expect(heard).toEqual([]);

  await connected({}, certificate.cert);
  expect(heard.join('')).toContain('hunter22');
  server.close();
});
