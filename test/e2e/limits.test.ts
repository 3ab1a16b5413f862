import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startLab } from '../support/lab.ts';
import { startNomadServer } from '../support/nomad-server.ts';

const FOLDERS = `rules:
  - match: "{instrument}/{owner}/{dataset}/**"
owners:
  mueller: { nomad: { token: alice } }
  schmidt: { nomad: { token: bob } }
collector: { nomad: { token: collector } }
`;

it('a platform meets one delivery at a time where its block says so, from somebody who says who it is', async () => {
  await using nomad = await startNomadServer();
  await using lab = await startLab({
    folders: FOLDERS,
    destinations: `  nomad: { kind: nomad, base_url: ${JSON.stringify(nomad.url)}, max_parallel: 1, bandwidth: [{ limit: 50 MB/s }] }`,
    deliveries: 'concurrency: 8',
    extra: 'credentials: { dir: tokens }\ncontact: nightjar@lab.example.org',
  });
  await mkdir(join(lab.root, 'tokens'), { mode: 0o700 });
  for (const user of ['alice', 'bob', 'collector'] as const)
    await writeFile(join(lab.root, 'tokens', user), nomad.tokenOf(user), { mode: 0o600 });
  for (const owner of ['mueller', 'schmidt', 'guest']) await lab.put(`SEM1/${owner}/gold/a.tif`, owner);

  const report = await lab.evening();

  expect(report).toMatchObject({ outcome: 'done', buckets: { delivered: { files: 3 } } });
  const inOrder = nomad.requests.flatMap(({ path }) => /^\/uploads\/([\w-]{22})\//.exec(path)?.[1] ?? []);
  const visits = inOrder.filter((id, at) => id !== inOrder[at - 1]);
  expect(visits).toHaveLength(3);
  const agents = new Set(nomad.requests.map(({ headers }) => headers['user-agent']));
  expect([...agents]).toEqual([expect.stringMatching(/^nightjar\/\S+ \(\+nightjar@lab\.example\.org\)$/)]);
});
