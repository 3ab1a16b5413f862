import { readFileSync } from 'node:fs';
import { readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { type CliLab, cliLab } from '../support/cli-lab.ts';
import { seedLedger } from '../support/seed-ledger.ts';
import { treeHashes } from '../support/tree-hashes.ts';

const OLD = new Date('2026-11-01T10:00:00Z');
const TREE = { 'SEM1/mueller/run1/a.tif': { content: 'aaaa', mtime: OLD } };
const NO_WAIT = { settle: '0s' };

const folders = (lab: CliLab): string => join(lab.dir, 'folders.yaml');

async function edit(lab: CliLab, change: (text: string) => string): Promise<void> {
  await writeFile(folders(lab), change(readFileSync(folders(lab), 'utf8')));
}

const GIVE_RUN1_TO_CHEN = (text: string): string =>
  text.replace('rules:\n', 'rules:\n  - { match: "SEM1/mueller/run1/**", owner: chen }\n');

const evening = async (lab: CliLab): Promise<RunReport> => (await lab.json('run')) as unknown as RunReport;

/** A lab whose first evening has delivered run1 for mueller, and whose mapping would now give it to chen. */
async function movedLab(): Promise<CliLab> {
  const lab = await cliLab(TREE, NO_WAIT);
  expect((await evening(lab)).outcome).toBe('done');
  await edit(lab, GIVE_RUN1_TO_CHEN);
  return lab;
}

const delivered = async (lab: CliLab): Promise<string[]> =>
  [...(await treeHashes(lab.destination)).keys()]
    .filter((path) => path.includes('/data/'))
    .map((path) => path.replace(/_addenda\/[^/]+/, '_addenda/X'))
    .sort();

describe('a mapping that would move delivered data', () => {
  it('trap 22: is not used: a run goes on with the accepted one, says so, and ends with 3', async () => {
    await using lab = await movedLab();
    await lab.share.put({
      'SEM1/mueller/run1/a.tif': { content: 'version 2', mtime: new Date('2026-11-02T10:00:00Z') },
      'SEM1/mueller/run1/late.tif': { content: 'late', mtime: OLD },
    });

    const said = await lab.run('run');

    expect(said.code).toBe(3);
    expect(said.err).toContain('MAPPING_NOT_ACCEPTED');
    expect(said.out).toContain('MAPPING_NOT_ACCEPTED');
    expect(said.out).toContain('nightjar accept-mapping');
    expect(await delivered(lab)).toEqual([
      'mueller/data/_addenda/X/lab/SEM1/mueller/run1/a.tif',
      'mueller/data/lab/SEM1/mueller/run1/a.tif',
      'mueller/data/lab/SEM1/mueller/run1/late.tif',
    ]);
  });

  it('once accepted: what is delivered stays, new versions and late files go to the new owner', async () => {
    await using lab = await movedLab();
    const accepted = await lab.json('accept-mapping', '--yes', '--reason', 'it was chen’s run');
    await lab.share.put({
      'SEM1/mueller/run1/a.tif': { content: 'version 2', mtime: new Date('2026-11-02T10:00:00Z') },
      'SEM1/mueller/run1/late.tif': { content: 'late', mtime: OLD },
    });

    const report = await evening(lab);

    expect(accepted).toMatchObject({
      accepted: true,
      moves: { files: 1 },
      by: expect.stringContaining(' on '),
    });
    expect(report.outcome).toBe('done');
    expect(report).not.toHaveProperty('mapping');
    expect(await delivered(lab)).toEqual([
      'chen/data/_addenda/X/lab/SEM1/mueller/run1/a.tif',
      'chen/data/lab/SEM1/mueller/run1/late.tif',
      'mueller/data/lab/SEM1/mueller/run1/a.tif',
    ]);
    expect((await lab.json('status'))['mapping']).toMatchObject({ acceptedBy: accepted['by'] });
    expect(await lab.json('accept-mapping', '--yes')).toMatchObject({ nothingToDo: true });
  });

  it('is asked about once: a later change that moves nothing more is taken over', async () => {
    await using lab = await cliLab();
    const text = readFileSync(folders(lab), 'utf8');
    lab.inLedger((ledger) => {
      seedLedger(ledger, [{ dir: 'SEM1/mueller/run1', to: 'verified' }]);
      ledger.mappings.accept({ at: Date.now(), by: 'the test', reason: undefined, text });
    });
    await edit(lab, GIVE_RUN1_TO_CHEN);
    const refused = await lab.json('status');
    await lab.run('accept-mapping', '--yes');
    await edit(lab, (accepted) => `# weekly edit\n${accepted}`);

    const status = await lab.json('status');

    expect(refused['mapping']).toHaveProperty('problem');
    expect(status['mapping']).not.toHaveProperty('problem');
  });

  it('counts as undone when the old text is back', async () => {
    await using lab = await movedLab();
    await edit(lab, (text) => text.replace(/ {2}- \{ match: "SEM1\/mueller.*\n/, ''));

    expect((await evening(lab)).outcome).toBe('done');
    expect((await lab.json('status'))['mapping']).not.toHaveProperty('problem');
  });

  it('stops the start when no mapping was ever accepted, until it is: an upgrade moves nothing unseen', async () => {
    await using lab = await movedLab();
    using db = new DatabaseSync(join(lab.stateDir, 'ledger.db'));
    db.exec('DELETE FROM mapping');

    const refused = await lab.run('run');
    const accepted = await lab.run('accept-mapping', '--yes');
    const after = await lab.run('run');

    expect(refused).toMatchObject({ code: 78, out: '' });
    expect(refused.err).toContain('MAPPING_NOT_ACCEPTED');
    expect([accepted.code, after.code]).toEqual([0, 0]);
  });
});

describe('a mapping that would move delivered data, when only asked about', () => {
  let lab: CliLab;
  beforeAll(async () => {
    lab = await movedLab();
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  it('is told of by status, plan, why, check and explain, which all go by the accepted one', async () => {
    const status = await lab.json('status');
    const explained = await lab.json('explain', 'SEM1/mueller/run1/new.tif');
    const texts = await Promise.all(
      ['status', 'plan', 'why', 'explain SEM1/mueller/run1/a.tif', 'check'].map((words) =>
        lab.run(...words.split(' ')),
      ),
    );

    expect(status['mapping']).toMatchObject({ problem: { code: 'MAPPING_NOT_ACCEPTED' } });
    expect(explained['assignment']).toMatchObject({ owner: 'mueller' });
    for (const { out, err } of texts) expect(out + err).toContain('MAPPING_NOT_ACCEPTED');
    expect(texts.at(-1)?.code).toBe(78);
  });

  it('is only previewed without --yes: nothing changes, exit code 3', async () => {
    const said = await lab.run('accept-mapping');

    expect(said.code).toBe(3);
    expect(said.out).toMatch(/lab:SEM1\/mueller\/run1 +mueller → chen +1 file/);
    expect(said.out).toContain('Nothing was changed');
    expect((await lab.json('status'))['mapping']).toHaveProperty('problem');
  });
});

describe('a mapping that moves nothing', () => {
  it('is taken over by a run, without a question, and is in force from then on', async () => {
    await using lab = await cliLab(TREE, NO_WAIT);
    await evening(lab);
    await edit(lab, (text) =>
      text.replace('rules:\n', 'rules:\n  - { match: "SEM1/mueller/run9/**", owner: chen }\n'),
    );

    const explained = await lab.json('explain', 'SEM1/mueller/run9/x.tif');
    const said = await lab.run('run');

    expect(explained['assignment']).toMatchObject({ owner: 'chen' });
    expect(said.code).toBe(0);
    expect(said.err).toContain('the changed folders.yaml is in force');
    const texts = lab.inLedger((ledger) => ledger.mappings.newest()?.text);
    expect(texts).toBe(await readFile(folders(lab), 'utf8'));
  });
});

describe('a folders.yaml that cannot be used', () => {
  let lab: CliLab;
  beforeAll(async () => {
    lab = await cliLab(TREE, NO_WAIT);
    await evening(lab);
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  it.each([
    ['not YAML', 'rules: [\n'],
    ['an unknown owner', 'rules: [{ match: "a/**", owner: nobody }]\ncollector: {}\n'],
    [
      'a rule without effect',
      'rules: [{ match: "{a}/**", owner: m }, { match: "b/**", hold: x }]\nowners: { m: {} }\ncollector: {}\n',
    ],
  ])('(%s) leaves the accepted one in force; the run says so and ends with 3', async (what, text) => {
    const run = `SEM1/mueller/${what.replaceAll(' ', '-')}`;
    await lab.share.put({ [`${run}/b.tif`]: { content: what, mtime: OLD } });
    await writeFile(folders(lab), text);

    const said = await lab.run('run');
    const status = await lab.json('status');
    const explained = await lab.json('explain', 'SEM1/mueller/run3/x.tif');

    expect(said.code).toBe(3);
    expect(said.out).toContain('CONFIG_INVALID');
    expect(await delivered(lab)).toContain(`mueller/data/lab/${run}/b.tif`);
    expect(status['mapping']).toMatchObject({ problem: { code: 'CONFIG_INVALID' } });
    expect(explained['assignment']).toMatchObject({ owner: 'mueller' });
    expect(await lab.run('accept-mapping', '--yes')).toMatchObject({ code: 78 });
    expect(await lab.run('check')).toMatchObject({ code: 78 });
  });

  it('ends with 78 when there is no accepted one to go on with', async () => {
    await using fresh = await cliLab(TREE, NO_WAIT);
    await writeFile(folders(fresh), 'rules: [\n');

    expect(await fresh.run('run')).toMatchObject({ code: 78, out: '' });
  });

  it('and a nightjar.yaml that cannot be used ends with 78, whatever was accepted', async () => {
    const good = await readFile(lab.config);
    await writeFile(lab.config, 'shares: [\n');
    await utimes(lab.config, OLD, OLD);

    const said = await lab.run('status');
    await writeFile(lab.config, good);

    expect(said).toMatchObject({ code: 78, out: '' });
  });
});
