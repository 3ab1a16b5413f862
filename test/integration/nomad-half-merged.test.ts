import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Batch } from '../../src/core/model.ts';
import { deliverIntoNomad, type NomadDeliverer } from '../support/deliver-into-nomad.ts';

let lab: NomadDeliverer;
beforeEach(async () => {
  lab = await deliverIntoNomad('v1.3');
});
afterEach(async () => await lab[Symbol.asyncDispose]());

const upload = () => lab.server.uploads()[0];
const tifsThere = async (): Promise<string[]> =>
  [...(await lab.server.filesOf(upload()?.id ?? '')).keys()].filter((path) => path.endsWith('.tif'));

/** v1.3 merges file by file in an order of its own: the manifest may be there before the rest fails. */
async function mergeManifest({ share, id }: Batch): Promise<void> {
  const dir = join(upload()?.dir ?? '', 'raw', share, '.nightjar');
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, `${id}.json`), '{}');
}

/** A person drops a file into the upload on the platform's page, and its process ends well. */
async function addByHand(): Promise<void> {
  const answer = await fetch(
    `${lab.server.url}/uploads/${upload()?.id}/raw/?file_name=note.txt&token=${lab.token}`,
    { method: 'PUT', headers: { 'content-type': 'application/octet-stream' }, body: 'hello' },
  );
  expect(answer.status).toBe(200);
  await lab.server.worker.idle();
  expect(upload()?.status).toBe('SUCCESS');
}

it.each(['only accepted', 'without an answer'])(
  'a parcel %s of which the platform merged a part and its manifest is not confirmed by the process of somebody else, and sent again',
  async (how) => {
    const batch = lab.plan('SEM1/a', { 'a.tif': 'first', 'b.tif': 'second' });
    lab.server.worker.failNext('SoftTimeLimitExceeded()', 1);
    if (how === 'only accepted') {
      lab.server.worker.hold('running');
      lab.polling.totalMs = 50;
    } else lab.onParcels({ kind: 'answer-lost' }, 1);
    await lab.deliver(batch.id);
    lab.server.fault = undefined;
    lab.server.worker.release();
    await lab.server.worker.idle();
    lab.polling.totalMs = 20_000;
    await mergeManifest(batch);
    await addByHand();
    expect(await tifsThere()).toHaveLength(1);

    await lab.lookAgain();
    await lab.deliverAll();

    expect(lab.ledger.batches.head(batch.id).state).toBe('confirmed');
    expect(await tifsThere()).toHaveLength(2);
  },
);
