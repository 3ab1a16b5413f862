import { expect, it } from 'vitest';
import { nomadLab } from '../support/nomad-lab.ts';
import { startNomadServer } from '../support/nomad-server.ts';

it('a platform meets one delivery at a time where its block says so, from somebody who says who it is', async () => {
  await using nomad = await startNomadServer();
  await using lab = await nomadLab(nomad, {
    block: 'max_parallel: 1, bandwidth: [{ limit: 50 MB/s }]',
    deliveries: 'concurrency: 8',
    extra: 'contact: nightjar@lab.example.org',
  });
  for (const owner of ['mueller', 'schmidt', 'guest']) await lab.put(`SEM1/${owner}/gold/a.tif`, owner);

  const report = await lab.evening();

  expect(report).toMatchObject({ outcome: 'done', buckets: { delivered: { files: 3 } } });
  const inOrder = nomad.requests.flatMap(({ path }) => /^\/uploads\/([\w-]{22})\//.exec(path)?.[1] ?? []);
  const visits = inOrder.filter((id, at) => id !== inOrder[at - 1]);
  expect(visits).toHaveLength(3);
  const agents = new Set(nomad.requests.map(({ headers }) => headers['user-agent']));
  expect([...agents]).toEqual([expect.stringMatching(/^nightjar\/\S+ \(\+nightjar@lab\.example\.org\)$/)]);
});
