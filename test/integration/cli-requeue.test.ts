import { describe, expect, it } from 'vitest';
import { sharePath } from '../../src/core/share-path.ts';
import { cliLab } from '../support/cli-lab.ts';
import { SHARE } from '../support/ledger-fixture.ts';
import { seedLedger } from '../support/seed-ledger.ts';

const DAY = 86_400_000;

async function seeded() {
  const lab = await cliLab();
  const [held, rejected, verified, queued, old] = lab.inLedger((ledger) =>
    seedLedger(ledger, [
      { dir: 'SEM1/mueller/held', to: 'held' },
      { dir: 'SEM1/chen/rejected', to: 'rejected', owner: 'chen', code: 'BATCH_REFUSED' },
      { dir: 'SEM1/mueller/done', to: 'verified' },
      { dir: 'SEM1/mueller/queued', to: 'queued' },
      { dir: 'SEM1/chen/old', to: 'held', owner: 'chen', at: Date.now() - 9 * DAY, code: 'QUOTA_EXCEEDED' },
    ]).map(({ id }) => id),
  );
  const stateOf = (id: string | undefined) =>
    lab.inLedger((ledger) => [...ledger.list()].find((head) => head.id === id)?.state);
  return { lab, ids: { held, rejected, verified, queued, old }, stateOf };
}

describe('nightjar requeue', () => {
  it('only previews without --yes, and never does more with --dry-run', async () => {
    const { lab, ids, stateOf } = await seeded();
    await using _ = lab;

    const preview = await lab.run('requeue', '--owner', 'mueller');
    const dry = await lab.run('requeue', '--owner', 'mueller', '--yes', '--dry-run');

    expect(preview.code).toBe(0);
    expect(preview.out).toContain(ids.held);
    expect(preview.out).toContain('TOKEN_REJECTED');
    expect(preview.out).toContain('Nothing was changed: add --yes');
    expect(preview.out).not.toContain(ids.verified);
    expect(dry.out).toContain('Nothing was changed.');
    expect(stateOf(ids.held)).toBe('held');
  });

  it('puts back what all selectors agree on, and nothing else', async () => {
    const { lab, ids, stateOf } = await seeded();
    await using _ = lab;

    const answer = await lab.json('requeue', '--owner', 'chen', '--since', '2d', '--yes');

    expect(answer).toMatchObject({ done: true, requeued: [ids.rejected], skipped: [] });
    expect(stateOf(ids.rejected)).toBe('planned');
    expect(stateOf(ids.old)).toBe('held');
    expect(stateOf(ids.held)).toBe('held');
  });

  it('names no time before which a batch that was put back cannot go', async () => {
    const { lab, ids } = await seeded();
    await using _ = lab;
    await lab.run('requeue', ids.held ?? '', '--yes');

    const told = await lab.json('why', 'SEM1/mueller/held');

    expect(JSON.stringify(told)).toMatch(
      /it failed with TOKEN_REJECTED; put back by a person \(.+?\), since /,
    );
    expect(JSON.stringify(told)).not.toContain('"earliest"');
  });

  it('takes an owner by an alias, a class in any spelling, and a path', async () => {
    const { lab, ids } = await seeded();
    await using _ = lab;

    expect(await lab.json('requeue', '--owner', 'jm')).toMatchObject({ batches: [{ batch: ids.held }] });
    expect(await lab.json('requeue', '--class', 'quota-exceeded')).toMatchObject({
      batches: [{ batch: ids.old }],
    });
    expect(await lab.json('requeue', '--path', 'lab:SEM1/chen')).toMatchObject({
      batches: [{ batch: ids.rejected }, { batch: ids.old }],
    });
  });

  it('sends a delivered batch again only when it is named, and warns', async () => {
    const { lab, ids, stateOf } = await seeded();
    await using _ = lab;

    expect(await lab.json('requeue', '--all')).toMatchObject({ batches: { length: 3 } });
    const answer = await lab.run('requeue', String(ids.verified), '--yes');

    expect(answer.out).toContain('1 batch of these is delivered: it is sent again and replaces');
    expect(stateOf(ids.verified)).toBe('planned');
  });

  it('counts what would be sent again, and names the classes that batches have now instead of all', async () => {
    const { lab } = await seeded();
    await using _ = lab;
    lab.inLedger((ledger) => seedLedger(ledger, [{ dir: 'SEM1/mueller/more', to: 'verified' }]));

    const two = await lab.run('requeue', '--owner', 'mueller', '--state', 'delivered');
    const unknown = await lab.run('requeue', '--class', 'nonsense');
    const none = await lab.run('requeue', '--class', 'NONSENSE', '--state', 'delivered');

    expect(two.out).toContain('2 batches of these are delivered: they are sent again and replace');
    expect(unknown.err).toContain('there is no class of errors called nonsense');
    expect(unknown.err).toContain(
      'Batches that are held or rejected have: BATCH_REFUSED, QUOTA_EXCEEDED, TOKEN_REJECTED.',
    );
    expect(none.err).toContain('No batch that is accepted or confirmed or verified has an error');
  });

  it('skips what is on its way, and says so by its exit code', async () => {
    const { lab, ids, stateOf } = await seeded();
    await using _ = lab;

    const answer = await lab.run('requeue', String(ids.queued), String(ids.held), '--yes');

    expect(answer.code).toBe(3);
    expect(answer.out).toContain(`${ids.queued} is queued`);
    expect(answer.out).toContain('Requeued 1 batch, skipped 1.');
    expect(stateOf(ids.queued)).toBe('queued');
  });

  it('lifts the pause an error made for the lane, and leaves those of people', async () => {
    const { lab, ids } = await seeded();
    await using _ = lab;
    lab.inLedger(({ pauses }) => {
      const pause = { reason: 'x', since: 1, until: undefined };
      pauses.put({ ...pause, kind: 'lane', name: 'archive/mueller', code: 'TOKEN_REJECTED' });
      pauses.put({ ...pause, kind: 'lane', name: 'archive/chen', code: 'TOKEN_REJECTED' });
      pauses.put({ ...pause, kind: 'owner', name: 'mueller', code: undefined });
    });

    const answer = await lab.run('requeue', String(ids.held), '--yes');

    expect(answer.out).toContain('Lifted the pause of lane archive/mueller');
    const left = lab.inLedger(({ pauses }) =>
      pauses.inForce(Date.now()).map(({ kind, name }) => [kind, name]),
    );
    expect(left).toEqual([
      ['lane', 'archive/chen'],
      ['owner', 'mueller'],
    ]);
  });

  it('has a refused file planned again when its path is named', async () => {
    const { lab } = await seeded();
    await using _ = lab;
    const path = sharePath('SEM1/mueller/done/a.tif');
    lab.inLedger(({ looks }) =>
      looks.assign(SHARE, [path], (facts) => ({ ...facts, batch: 0, mark: 'refused' })),
    );

    const why = await lab.run('why', 'SEM1/mueller/done');
    const answer = await lab.json('requeue', '--path', 'SEM1/mueller/done/a.tif', '--yes');

    expect(why.out).toContain('nightjar requeue --path lab:SEM1/mueller/done/a.tif');
    expect(answer).toMatchObject({ done: true, refusedFiles: ['lab:SEM1/mueller/done/a.tif'] });
    expect(lab.inLedger(({ looks }) => looks.find(SHARE, path)?.facts.mark)).toBe('none');
  });

  it.each([
    [['requeue'], 'was not told'],
    [['requeue', '--class', 'TOKEN_REJECT'], 'Did you mean TOKEN_REJECTED?'],
    [['requeue', '--class', 'token-reject'], 'Did you mean TOKEN_REJECTED?'],
    [['requeue', '--owner', 'muller'], 'Did you mean mueller?'],
    [['requeue', '--state', 'reject'], 'Did you mean rejected?'],
    [['requeue', 'b-1'], 'not a batch id'],
    [['requeue', `b-${'0'.repeat(32)}`], 'there is no batch'],
    [['requeue', '--since', 'noon'], 'not a time'],
  ])('refuses %j as usage', async (argv, text) => {
    const { lab } = await seeded();
    await using _ = lab;

    const answer = await lab.run(...argv);

    expect(answer.code).toBe(64);
    expect(answer.err).toContain(text);
  });
});
