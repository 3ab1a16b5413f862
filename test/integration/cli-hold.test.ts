import { describe, expect, it } from 'vitest';
import { cliLab } from '../support/cli-lab.ts';
import { seedLedger } from '../support/seed-ledger.ts';

describe('nightjar hold and resume', () => {
  it('hold, list and resume an owner, by an alias too', async () => {
    await using lab = await cliLab();
    lab.inLedger((ledger) => seedLedger(ledger, [{ dir: 'SEM1/mueller/run', to: 'planned' }]));

    const held = await lab.json('hold', 'owner', 'jm', '--reason', 'account moves', '--until', '2d');
    const listed = await lab.run('hold');
    const why = await lab.json('why', '--owner', 'mueller');
    const resumed = await lab.json('resume', 'owner', 'mueller');
    const after = await lab.run('hold');

    expect(held).toMatchObject({ held: { kind: 'owner', name: 'mueller' }, waitingBatches: 1 });
    expect(listed.out).toContain('owner mueller: account moves');
    expect(why).toMatchObject({
      causes: [{ bucket: 'held', help: expect.stringContaining('resume owner mueller') }],
    });
    expect(resumed).toMatchObject({ lifted: true });
    expect(after.out).toBe('Nothing is on hold.\n');
  });

  it('say that nothing was on hold instead of failing', async () => {
    await using lab = await cliLab();

    expect(await lab.run('resume', 'destination', 'archive')).toMatchObject({
      code: 0,
      out: expect.stringContaining('were not on hold'),
    });
  });

  it('end a pause whose name is configured no more', async () => {
    await using lab = await cliLab();
    const gone = { kind: 'owner', name: 'gone', reason: 'left', since: 1 } as const;
    lab.inLedger(({ pauses }) => pauses.put({ ...gone, until: undefined, code: undefined }));

    expect(await lab.json('resume', 'owner', 'gone')).toMatchObject({ lifted: true });
  });

  it.each([
    [['hold', 'owner', 'mueler', '--reason', 'x'], 'Did you mean mueller?'],
    [['hold', 'destination', 'archiv', '--reason', 'x'], 'Did you mean archive?'],
    [['hold', 'instrument', 'SEM2', '--reason', 'x'], 'Did you mean SEM1?'],
    [['hold', 'person', 'mueller', '--reason', 'x'], 'owner, instrument, destination'],
    [['hold', 'owner', 'mueller'], 'a reason'],
    [['hold', 'owner', 'mueller', '--reason', ' '], 'a reason'],
    [['hold', 'owner', 'mueller', '--reason', 'x', '--until', '2020-01-01'], 'in the past'],
    [['resume', 'owner', 'chem'], 'Did you mean chen?'],
  ])('refuse %j as usage, and hold nothing', async (argv, text) => {
    await using lab = await cliLab();
    lab.inLedger((ledger) => seedLedger(ledger, []));

    const answer = await lab.run(...argv);

    expect(answer.code).toBe(64);
    expect(answer.err).toContain(text);
    expect(lab.inLedger(({ pauses }) => pauses.inForce(0))).toEqual([]);
  });

  it('tell a failure as one JSON object with --json', async () => {
    await using lab = await cliLab();

    const answer = await lab.run('--json', 'hold', 'owner', 'nobody', '--reason', 'x');

    expect(answer.out).toBe('');
    expect(JSON.parse(answer.err)).toMatchObject({
      error: { code: 'USAGE', disposition: 'operator', hint: expect.stringContaining('Known') },
    });
  });
});
