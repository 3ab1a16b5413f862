import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import type { Lab } from '../support/lab.ts';
import { nomadLab } from '../support/nomad-lab.ts';
import { type NomadServer, startNomadServer } from '../support/nomad-server.ts';

const DAY_MS = 86_400_000;

/** A lab whose two batches were accepted two days ago, as a platform leaves them that is slower than the wait for it. */
async function acceptedLab(nomad: NomadServer): Promise<Lab> {
  const lab = await nomadLab(nomad);
  await lab.put('SEM1/mueller/gold/x.tif', 'gold');
  await lab.put('SEM1/mueller/gold/y.tif', 'more gold');
  await lab.put('SEM1/schmidt/steel/x.tif', 'steel');
  await lab.put('SEM1/schmidt/steel/y.tif', 'more steel');
  await lab.evening();
  // The wait is half an hour: what it leaves in the ledger is written there instead.
  const db = new DatabaseSync(join(lab.root, 'state/ledger.db'));
  db.prepare("UPDATE batch SET state = 'accepted', changed_at = changed_at - ?").run(2 * DAY_MS + 60_000);
  db.close();
  return lab;
}

const isParcel = (request: { method: string; headers: Record<string, unknown> }): boolean =>
  request.method === 'PUT' && request.headers['content-type'] === 'application/zip';

describe.each(['v1.3', 'v1.4'] as const)('an evening after NOMAD %s only accepted', (generation) => {
  it('confirms what is there, sends again what is not, and tells both', async () => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await acceptedLab(nomad);
    const bobs = nomad.uploads().find(({ name }) => name?.includes('schmidt'));
    await rm(join(bobs?.dir ?? '', 'raw/lab'), { recursive: true });
    const sent = nomad.requests.filter(isParcel).length;

    const { deliveries, stillAccepted } = await lab.evening();

    const told = deliveries.map(
      ({ owner, evidence, acceptedAt }) =>
        `${owner} ${evidence}${acceptedAt === undefined ? '' : ', accepted before'}`,
    );
    expect(told.toSorted()).toEqual(['mueller confirmed, accepted before', 'schmidt confirmed']);
    expect(stillAccepted).toBeUndefined();
    expect(nomad.requests.filter(isParcel).length - sent).toBe(1);
    const files = await nomad.filesOf(bobs?.id ?? '');
    expect([...files.keys()].filter((path) => path.endsWith('.tif'))).toHaveLength(2);
  });

  it('tells of what nobody can say anything of yet, in the report and in why', async () => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await acceptedLab(nomad);
    nomad.worker.hold('running');
    const upload = nomad.uploads().find(({ name }) => name?.includes('mueller'));
    const answer = await fetch(
      `${nomad.url}/uploads/${upload?.id}/raw/other/?${tokenQuery(nomad)}&file_name=a.txt`,
      {
        method: 'PUT',
        headers: { 'Upload-Token': nomad.tokenOf('alice'), Accept: 'application/json' },
        body: 'the work of somebody else',
      },
    );
    expect(answer.status).toBe(200);

    const said = await lab.nightjar('run');

    expect(said.out).toContain('Accepted, and not confirmed yet');
    expect(said.out).toContain('accepted 2 days ago, nomad has not said that it unpacked it');
    const why = await lab.nightjar('why', 'SEM1/mueller/gold');
    expect(why.out).toContain('accepted 2 days ago, nomad has not said that it unpacked it');
    nomad.worker.release();
  });
});

const tokenQuery = (nomad: NomadServer): string =>
  new URLSearchParams({ token: nomad.tokenOf('alice') }).toString();
