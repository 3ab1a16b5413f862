import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BatchId } from '../../src/core/ids.ts';
import { deliverIntoNomad, type NomadDeliverer } from '../support/deliver-into-nomad.ts';
import type { Generation } from '../support/nomad-server.ts';

/** The server takes `*.archive.yaml` for an entry: without one, nothing can be published. */
const DATA = { 'run.archive.yaml': 'data: {}', 'x.tif': 'x' };
const RULE = { apart: 'open data', publish: true } as const;

describe.each<Generation>(['v1.3', 'v1.4'])('a batch that is published at a NOMAD of %s', (generation) => {
  let lab: NomadDeliverer;

  beforeEach(async () => {
    lab = await deliverIntoNomad(generation);
    lab.token = lab.server.appToken('alice', 3600);
  });
  afterEach(async () => await lab[Symbol.asyncDispose]());

  const isPublic = (): readonly boolean[] => lab.server.uploads().map((one) => one.publishTime !== null);
  const asked = (): number =>
    lab.server.requests.filter(({ path }) => path.endsWith('/action/publish')).length;
  const told = (id: BatchId): readonly string[] =>
    lab.ledger
      .history(id)
      .flatMap(({ what, detail }) =>
        /publish/.test(what) || /published/.test(detail) ? [`${what}: ${detail}`] : [],
      );
  const known = (id: BatchId): string | undefined => lab.ledger.publications.of(id)?.state;

  /** One delivered and confirmed batch that is to be published. */
  async function delivered(dir = 'SEM1/a', files: Record<string, string> = DATA): Promise<BatchId> {
    const { id } = lab.plan(dir, files, RULE);
    await lab.deliverAll();
    expect(['confirmed', 'verified']).toContain(lab.ledger.batches.head(id).state);
    return id;
  }

  it('is so only after it was confirmed, with its embargo, and once', async () => {
    lab.metadata = { ...lab.metadata, coauthors: ['bob'], embargoMonths: 12 };
    const { id } = lab.plan('SEM1/a', DATA, RULE);
    lab.server.fault = ({ method, headers }) => {
      if (method !== 'PUT' || headers['content-type'] !== 'application/zip') return undefined;
      lab.server.worker.hold('running');
      lab.polling.totalMs = 50;
      return undefined;
    };
    await lab.deliverAll();
    lab.server.fault = undefined;
    lab.polling.totalMs = 20_000;
    expect(lab.ledger.batches.head(id).state).toBe('accepted');
    await lab.publish();
    expect([asked(), ...isPublic()]).toEqual([0, false]);

    lab.server.worker.release();
    await lab.server.worker.idle();
    await lab.lookAgain();
    await lab.publish();
    await lab.publish();

    expect([asked(), ...isPublic()]).toEqual([1, true]);
    expect(lab.server.uploads()[0]?.embargoLength).toBe(12);
    expect(told(id)).toEqual([
      expect.stringMatching(/^batch\.publishing: asking for .* closed for 12 months$/),
      expect.stringMatching(/^batch\.published: .* is published$/),
    ]);
    expect(lab.events.at(-1)).toMatchObject({ name: 'batch.published', batch: { id } });
  });

  it('is looked for after an answer that was lost, and not asked for a second time', async () => {
    const id = await delivered();
    lab.server.fault = ({ path }) => (path.endsWith('/publish') ? { kind: 'answer-lost' } : undefined);
    await lab.publish();
    lab.server.fault = undefined;
    expect(known(id)).toBe('publishing');
    await lab.server.worker.idle();

    await lab.publish();

    expect([known(id), asked(), ...isPublic()]).toEqual(['published', 1, true]);
  });

  it('is asked for by the next evening when the process was killed between the record and the request', async () => {
    const id = await delivered();
    lab.ledger.publications.save(id, undefined, { state: 'publishing', said: 'x', at: 1 });

    await lab.publish();

    expect([known(id), asked(), ...isPublic()]).toEqual(['published', 1, true]);
  });

  it('waits for a platform that fails, and is tried again', async () => {
    const id = await delivered();
    lab.server.fault = ({ path }) =>
      path.endsWith('/publish') ? { kind: 'answer', status: 503 } : undefined;
    await lab.publish();
    expect([known(id), ...isPublic()]).toEqual(['publishing', false]);
    lab.server.fault = undefined;

    await lab.publish();

    expect([known(id), ...isPublic()]).toEqual(['published', true]);
  });

  it('is delivered and not published with a token that may not, and told once, until there is one that may', async () => {
    const good = lab.token;
    lab.token = lab.server.tokenOf('alice');
    const id = await delivered();
    await lab.publish();
    await lab.publish();
    expect([known(id), asked(), ...isPublic()]).toEqual(['waiting', 0, false]);
    expect(told(id)).toEqual([expect.stringMatching(/^batch\.not-published: .*uploads:publish/)]);
    expect(lab.ledger.publications.since(Date.now() + 60_000)).toMatchObject([{ batch: id }]);

    lab.token = good;
    await lab.publish();

    expect([known(id), ...isPublic()]).toEqual(['published', true]);
  });

  it('is found published where its owner was faster, and is not asked for again', async () => {
    const id = await delivered();
    const upload = lab.server.uploads()[0]?.id ?? '';
    lab.server.publish(upload);

    await lab.publish();

    expect([known(id), asked(), ...isPublic()]).toEqual(['published', 0, true]);
    expect(told(id)).toEqual([expect.stringMatching(/^batch\.published: .* is published$/)]);
  });

  it('is not where the configuration stopped asking for it after it was planned', async () => {
    lab.mayPublish = false;
    const id = await delivered();
    await lab.publish();
    expect([known(id), asked(), ...isPublic()]).toEqual(['waiting', 0, false]);
    expect(lab.ledger.publications.of(id)?.said).toContain('does not ask for it any more');
  });

  // The older generation has no personal access tokens.
  const scopesThatPublish = generation === 'v1.4' ? ['uploads:publish'] : [];
  it.each(scopesThatPublish)('is not published with a personal access token without %s', async (scope) => {
    const scopes = ['uploads:write', 'uploads:read'];
    lab.token = lab.server.pats.create(lab.server.userId('alice'), { name: 'x', scopes }).raw;
    const id = await delivered();

    await lab.publish();

    expect([known(id), ...isPublic()]).toEqual(['waiting', false]);
    expect(lab.ledger.publications.of(id)?.said).toContain(scope);
  });

  it('is not where anything else is in its upload, or the configuration asks for it no more', async () => {
    const id = await delivered();
    lab.mayPublish = false;
    await lab.publish();
    expect([known(id), asked()]).toEqual(['waiting', 0]);
    lab.mayPublish = true;
    const upload = lab.server.uploads()[0]?.id ?? '';
    const answer = await fetch(`${lab.server.url}/uploads/${upload}/raw/lab?file_name=mine.txt`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${lab.token}`, 'content-type': 'text/plain' },
      body: 'by hand',
    });
    expect(answer.status).toBe(200);
    await lab.server.worker.idle();

    await lab.publish();
    await lab.publish();

    expect([known(id), asked(), ...isPublic()]).toEqual(['refused', 0, false]);
    expect(lab.ledger.publications.of(id)?.said).toContain('lab/mine.txt');
  });

  it('is not where its pieces had to go into one upload', async () => {
    lab.server.worker.failNext('OSError: no luck');
    lab.plan('SEM1/a', DATA, RULE);
    await lab.deliverAll();
    const halves = lab.ledger.publications.due();
    expect(halves).toHaveLength(2);

    await lab.publish();

    expect([...halves.map(known), asked()]).toEqual(['refused', 'refused', 0]);
    expect(lab.ledger.publications.of(halves[0] as BatchId)?.said).toContain('more than this batch');
  });

  it('is told in the words of a platform that refuses it for good, and others go on', async () => {
    const id = await delivered('SEM1/a', { 'x.tif': 'x' });
    const other = await delivered('SEM1/b');

    await lab.publish();
    await lab.publish();

    expect([known(id), known(other)]).toEqual(['refused', 'published']);
    expect(asked()).toBe(2);
    expect(lab.ledger.publications.of(id)?.said).toContain('without any resulting entries');
  });

  it('is published anew when its published upload is lost and it is put back', async () => {
    const id = await delivered();
    await lab.publish();
    lab.server.removeUpload(lab.server.uploads()[0]?.id ?? '');
    await lab.audit();
    expect(lab.ledger.batches.head(id).error?.code).toBe('EVIDENCE_GONE');
    lab.ledger.batches.requeue(id, lab.clock.now());
    await lab.deliverAll();
    expect([known(id), ...isPublic()]).toEqual([undefined, false]);

    await lab.publish();

    expect([known(id), ...isPublic()]).toEqual(['published', true]);
  });

  it('shares its upload with nothing: not with a late file, another batch, or what finds no room elsewhere', async () => {
    const first = await delivered();
    await lab.publish();
    const late = lab.plan('SEM1/a', { 'late.archive.yaml': 'data: {}' }, { ...RULE, follows: first });
    lab.plan('SEM1/c', DATA, { apart: RULE.apart });
    lab.plan('SEM1/b', DATA, RULE);
    await lab.deliverAll();
    const names = lab.server.uploads().map(({ name }) => name);
    expect(new Set(names).size).toBe(4);
    expect(names.filter((name) => name?.includes(', b-'))).toHaveLength(3);
    lab.server.unpublishedLimit = 1;

    const [full, open] = [
      lab.plan('SEM1/d', DATA, RULE),
      lab.plan('SEM1/e', DATA, { apart: RULE.apart, plannedAt: 1 }),
    ];
    await lab.deliverAll();

    expect(lab.ledger.batches.head(full.id)).toMatchObject({
      state: 'held',
      error: { code: 'QUOTA_EXCEEDED' },
    });
    expect(lab.ledger.containers.ofBatch(open.id)?.name).not.toContain(', b-');
    await lab.publish();
    expect([known(first), known(late.id)]).toEqual(['published', 'published']);
  });
});
