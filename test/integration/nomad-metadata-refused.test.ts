import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { deliverIntoNomad } from '../support/deliver-into-nomad.ts';

const THEIRS = 'comment: mine\n';

it.each([
  ['v1.3', 401, 'stays as it is'],
  ['v1.4', 403, 'stays as it is'],
  // What became of ours nobody knows: it may be the one that is there.
  ['v1.4', 504, 'is replaced'],
] as const)(
  'somebody’s metadata file in an upload of %s, where ours was answered %i before, %s',
  async (generation, status, outcome) => {
    await using lab = await deliverIntoNomad(generation);
    lab.metadata = { coauthors: [], reviewers: [], references: [], comment: 'ours' };
    const batch = lab.plan('SEM1/a', { 'x.tif': 'x' });
    lab.server.fault = ({ method, query }) =>
      method === 'PUT' && query.get('file_name') === 'nomad.yaml' ? { kind: 'answer', status } : undefined;
    await lab.deliver(batch.id);
    lab.server.fault = undefined;
    const [upload] = lab.server.uploads();
    await writeFile(join(upload?.dir ?? '', 'raw', 'nomad.yaml'), THEIRS);

    lab.ledger.batches.requeue(batch.id, lab.clock.now());
    await lab.deliver(batch.id);

    const isLeft = String((await lab.server.filesOf(upload?.id ?? '')).get('nomad.yaml')) === THEIRS;
    expect(isLeft).toBe(outcome === 'stays as it is');
    expect(lab.events.some(({ name }) => name === 'container.not-described')).toBe(isLeft);
    expect(lab.ledger.batches.head(batch.id).state).toBe('confirmed');
  },
);
