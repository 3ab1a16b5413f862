import { describe, expect, it } from 'vitest';
import { renamed, safeName } from '../../src/core/safe-name.ts';
import { cliLab } from '../support/cli-lab.ts';
import { entry, look, SHARE } from '../support/ledger-fixture.ts';
import { seedLedger } from '../support/seed-ledger.ts';

const RUN = 'SEM1/mueller/Probe: 3';
const DIR = safeName('Probe: 3');
const COLON = 'Windows does not allow ":" in a name';
const NEWLINE = 'it has a control character, such as a newline';

/** A share with hazards that a run has looked at, and nothing planned. */
async function looked() {
  const lab = await cliLab();
  lab.inLedger((ledger) => {
    const run = ledger.runs.start(Date.now() - 60_000, undefined);
    const looks = [look(RUN, [entry('a\nb'), entry('c')]), look('SEM1/chen/x', [entry('d'), entry('D')])];
    ledger.looks.record(SHARE, looks, Date.now() - 50_000, run.no);
    ledger.runs.finish(run.no, Date.now() - 1000, 'done', '{}');
  });
  return lab;
}

const MUELLER = {
  owner: 'mueller',
  names: [
    { share: 'lab', path: `${RUN}/`, as: `${DIR}/`, hazard: COLON, files: 2 },
    { share: 'lab', path: `${RUN}/a\\nb`, as: safeName('a\nb'), hazard: NEWLINE, files: 1 },
  ],
  moreFiles: 0,
};
const CHEN = {
  owner: 'chen',
  names: [{ path: 'SEM1/chen/x/d', as: renamed('d', 0), files: 1 }],
  moreFiles: 0,
};

describe('names that change', () => {
  it('trap 16: are told by plan before anything goes, by owner', async () => {
    await using lab = await cliLab({
      [`${RUN}/a\nb`]: '1',
      [`${RUN}/c`]: '2',
      'SEM1/chen/x/d': '3',
      'SEM1/chen/x/D': '4',
    });

    const plan = await lab.json('plan');
    const { out } = await lab.run('plan');

    expect(plan).toMatchObject({ names: [CHEN, MUELLER], stays: { rejected: { files: 0 } } });
    expect(out).toContain('Delivered under safe names, by owner');
    expect(out).toContain(`lab:${RUN}/ → ${DIR}/ (2 files): ${COLON}`);
    expect(out).toContain(`lab:${RUN}/a\\nb → ${safeName('a\nb')}: ${NEWLINE}`);
    expect(out).toContain(
      `lab:SEM1/chen/x/d → ${renamed('d', 0)}: another name in its directory differs only`,
    );
  });

  it('are told by why, in so far as it is asked about', async () => {
    await using lab = await looked();

    expect(await lab.json('why')).toMatchObject({ names: [CHEN, MUELLER] });
    expect(await lab.json('why', '--owner', 'mueller')).toMatchObject({ names: [MUELLER] });
    expect((await lab.run('why', 'SEM1/chen')).out).toContain(`lab:SEM1/chen/x/d → ${renamed('d', 0)}`);
    expect(await lab.json('why', `${RUN}/c`)).toMatchObject({ names: [{ names: [{ files: 1 }] }] });
  });

  it('are told by explain, of a file and of a directory', async () => {
    await using lab = await looked();

    const file = await lab.json('explain', `${RUN}/a\\nb`);
    const { out } = await lab.run('explain', `${RUN}/a\\nb`);

    expect(file).toMatchObject({
      file: {
        as: `SEM1/mueller/${DIR}/${safeName('a\nb')}`,
        names: [
          { path: `${RUN}/`, as: `${DIR}/`, hazard: COLON },
          { path: `${RUN}/a\\nb`, as: safeName('a\nb'), hazard: NEWLINE },
        ],
      },
    });
    expect(out).toContain(`  Name   ${RUN}/a\\nb → ${safeName('a\nb')}: ${NEWLINE}`);
    expect(await lab.json('explain', 'SEM1/mueller')).toMatchObject({ names: [MUELLER] });
    expect((await lab.run('explain', 'SEM1/mueller')).out).toContain(`lab:${RUN}/ → ${DIR}/`);
  });

  it('are not told of what an older version planned under its own name', async () => {
    await using lab = await cliLab();
    lab.inLedger((ledger) => seedLedger(ledger, [{ dir: RUN, to: 'planned', names: ['a:b'] }]));

    const file = await lab.json('explain', `${RUN}/a:b`);

    expect(file['file']).not.toHaveProperty('as');
    expect(await lab.json('why')).toMatchObject({ names: [] });
  });

  it('are listed in part, and counted beyond', async () => {
    await using lab = await cliLab();
    lab.inLedger((ledger) => {
      const run = ledger.runs.start(Date.now() - 60_000, undefined);
      const entries = Array.from({ length: 120 }, (_, n) => entry(`${n}:`));
      ledger.looks.record(SHARE, [look('SEM1/chen/x', entries)], Date.now() - 50_000, run.no);
      ledger.runs.finish(run.no, Date.now() - 1000, 'done', '{}');
    });

    const { out } = await lab.run('why');

    expect(out.match(/ → /g)).toHaveLength(20);
    expect(out).toContain('… and 80 more names: --json has more');
    expect(out).toContain('… and 20 more files with such names');
  });
});
