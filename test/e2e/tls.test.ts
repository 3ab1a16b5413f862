import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { LAUNCHER } from '../support/lab.ts';
import { nomadLab } from '../support/nomad-lab.ts';
import { startNomadServer } from '../support/nomad-server.ts';
import { startTlsServer } from '../support/tls-server.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

it('a certificate of nobody we trust ends it before the token goes out, also where the environment switches the check off', async () => {
  await using nomad = await startNomadServer({ generation: 'v1.4' });
  const heard: string[] = [];
  await using tls = await startTlsServer((asked, answer) => {
    heard.push(`${asked.method} ${asked.url}`);
    const { method = 'GET', headers } = asked;
    void fetch(`${nomad.origin}${asked.url}`, { method, headers: tokenIn(headers) }).then(async (said) =>
      answer.writeHead(said.status).end(await said.text()),
    );
  });
  const url = nomad.url.replace(nomad.origin, tls.url);
  await using lab = await nomadLab({ ...nomad, url });
  const ca = join(lab.root, 'lab-ca.pem');
  await writeFile(ca, tls.certificate);
  const checked = async (...program: string[]): Promise<string> => {
    const child = lab.startProgram('env', ...program, 'token', 'check', 'mueller');
    if (child.stdout === null) throw new Error('it says nothing');
    return await text(child.stdout);
  };

  for (const program of [[LAUNCHER], [process.execPath, MAIN]]) {
    const refused = await checked('NODE_TLS_REJECT_UNAUTHORIZED=0', ...program);

    expect(refused).toContain('certificate');
    expect(heard).toEqual([]);
  }

  const taken = await checked(`NODE_EXTRA_CA_CERTS=${ca}`, LAUNCHER);

  expect(taken).toContain('takes the upload token');
  expect(heard.length).toBeGreaterThan(1);
});

function tokenIn(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const token = headers['upload-token'];
  return { accept: 'application/json', ...(typeof token === 'string' ? { 'upload-token': token } : {}) };
}
