import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { type CliLab, cliLab } from '../support/cli-lab.ts';
import { entry, look, SHARE } from '../support/ledger-fixture.ts';
import { seedLedger } from '../support/seed-ledger.ts';
import { treeHashes } from '../support/tree-hashes.ts';

const OLD = new Date('2026-11-01T10:00:00Z');
const at = (content: string, mtime = OLD) => ({ content, mtime });
const evening = async (lab: CliLab): Promise<RunReport> => (await lab.json('run')) as unknown as RunReport;
const delivered = async (lab: CliLab): Promise<string[]> =>
  [...(await treeHashes(lab.destination)).keys()]
    .filter((path) => path.includes('/data/') && !path.startsWith('chen/'))
    .map((path) => path.replace(/_addenda\/[^/]+/, '_addenda/X'))
    .sort();

/** A ledger in which `SEM1/mueler/run1` (a typing error) went to the collector. */
async function collectedLab(): Promise<CliLab> {
  const lab = await cliLab();
  lab.inLedger((ledger) =>
    seedLedger(ledger, [
      { dir: 'SEM1/mueler/run1', dataset: 'SEM1/mueler', owner: 'collector', to: 'verified' },
      { dir: 'SEM1/chen/run2', owner: 'chen', to: 'verified' },
    ]),
  );
  return lab;
}

const claim = (lab: CliLab, ...words: string[]) => lab.run('claim', ...words);

describe('nightjar claim', () => {
  it('delivers the collector’s data again to its owner, leaves the copy, and goes on with what joins', async () => {
    await using lab = await cliLab({
      'SEM1/mueler/run1/a.tif': at('a'),
      'SEM1/mueler/run1/b.tif': at('b'),
      'SEM1/mueler/run1/gone.tif': at('gone'),
      'SEM1/chen/run2/c.tif': at('c'),
    });
    expect((await evening(lab)).outcome).toBe('done');
    await lab.share.put({ 'SEM1/mueler/run1/b.tif': at('b, version 2', new Date('2026-11-02T10:00:00Z')) });
    await lab.share.remove('SEM1/mueler/run1/gone.tif');
    await lab.share.put({ 'SEM1/mueler/run1/late.tif': at('late') });

    const said = await lab.json(
      'claim',
      'SEM1/mueler',
      '--for',
      'mueller',
      '--reason',
      'typing error',
      '--yes',
    );
    const report = await evening(lab);
    const [after, again] = [await delivered(lab), await evening(lab)];
    const explained = await lab.run('explain', 'SEM1/mueler/run1/a.tif');

    expect(said).toMatchObject({ done: true, owner: 'mueller', files: 3, batches: [{ files: 3 }] });
    expect(report.outcome).toBe('done');
    expect(after).toEqual([
      'collector/data/lab/SEM1/mueler/run1/a.tif',
      'collector/data/lab/SEM1/mueler/run1/b.tif',
      'collector/data/lab/SEM1/mueler/run1/gone.tif',
      'mueller/data/lab/SEM1/mueler/run1/a.tif',
      'mueller/data/lab/SEM1/mueler/run1/b.tif',
      'mueller/data/lab/SEM1/mueler/run1/late.tif',
    ]);
    expect([again.outcome, await delivered(lab)]).toEqual(['done', after]);
    expect(explained.out).toContain('claimed from b-');
    expect(explained.out).toContain('typing error');
    const old = (said['batches'] as { batch: string }[])[0]?.batch ?? '';
    const history = lab.inLedger((ledger) => ledger.history(old as never)).map(({ detail }) => detail);
    expect(history.join('\n')).toMatch(/claimed for mueller[\s\S]*delivered again for mueller as b-/);
  });

  it('previews without --yes: what, where it lies, the rule that would do it next time; and changes nothing', async () => {
    await using lab = await collectedLab();

    const said = await claim(lab, 'SEM1/mueler', '--for', 'mueller');

    expect(said).toMatchObject({ code: 0, err: '' });
    expect(said.out).toContain('2 files');
    expect(said.out).toContain('/srv/archive');
    expect(said.out).toContain('- { match: "SEM1/mueler/**", owner: mueller }');
    expect(said.out).toContain('Nothing was changed');
    expect(lab.inLedger((ledger) => ledger.claims.all(SHARE))).toEqual([]);
  });

  it('suggests a rule that, pasted in, moves nothing and gives new data to the owner', async () => {
    await using lab = await collectedLab();
    const said = await lab.json('claim', 'SEM1/mueler', '--for', 'jm', '--yes');
    const folders = join(lab.dir, 'folders.yaml');
    const text = await readFile(folders, 'utf8');
    await writeFile(
      folders,
      text.replace('rules:\n', `rules:\n  ${String((said['rules'] as string[])[0])}\n`),
    );

    const explained = await lab.json('explain', 'SEM1/mueler/run8/x.tif');
    const against = await lab.json('plan', '--against', folders);

    expect(said['owner']).toBe('mueller');
    expect(explained['assignment']).toMatchObject({ owner: 'mueller' });
    expect(against).toMatchObject({ moves: { files: 0 } });
  });

  it('claimed twice is claimed once; for somebody else it is refused', async () => {
    await using lab = await collectedLab();
    await claim(lab, 'SEM1/mueler', '--for', 'mueller', '--yes');

    const again = await lab.json('claim', 'SEM1/mueler', '--for', 'mueller', '--yes');
    const other = await claim(lab, 'SEM1/mueler', '--for', 'chen', '--yes');

    expect(again).toMatchObject({ done: false, files: 0, already: { files: 2 } });
    expect(other).toMatchObject({ code: 64, out: '' });
    expect(other.err).toContain('claimed for mueller');
    expect(lab.inLedger((ledger) => ledger.claims.all(SHARE))).toHaveLength(1);
  });

  it.each([
    ['what was delivered to an owner', ['SEM1/chen', '--for', 'mueller'], 'chen'],
    ['what no look has seen', ['SEM1/nowhere', '--for', 'mueller'], 'nothing'],
    ['an unknown owner', ['SEM1/mueler', '--for', 'muller'], 'Did you mean mueller?'],
    ['the collector', ['SEM1/mueler', '--for', 'collector'], 'collector'],
  ])('refuses %s', async (_what, words, hint) => {
    await using lab = await collectedLab();

    const said = await claim(lab, ...words, '--yes');

    expect(said).toMatchObject({ code: 64, out: '' });
    expect(said.err).toContain(hint);
  });

  it('refuses an owner without a credential, and claims nothing', async () => {
    await using lab = await cliLab();
    const platform = '{ plat: { kind: nomad, base_url: "http://127.0.0.1:1/api/v1" }, archive:';
    await writeFile(lab.config, (await readFile(lab.config, 'utf8')).replace('{ archive:', platform));
    await appendFile(lab.config, 'default_destination: plat\n');
    await writeFile(
      join(lab.dir, 'folders.yaml'),
      'rules: [{ match: "{instrument}/{owner}/{dataset}/**" }]\nowners: { mueller: { nomad: { token: mueller } } }\ncollector: { nomad: { token: collector } }\n',
    );
    lab.inLedger((ledger) =>
      seedLedger(ledger, [
        { dir: 'SEM1/mueler/run1', owner: 'collector', destination: 'plat', to: 'verified' },
      ]),
    );

    const said = await claim(lab, 'SEM1/mueler', '--for', 'mueller', '--yes');

    expect(said).toMatchObject({ code: 78, out: '' });
    expect(said.err).toContain('TOKEN_MISSING');
    expect(lab.inLedger((ledger) => ledger.claims.all(SHARE))).toEqual([]);
  });

  it('trap 2: tells apart what is gone and what lies below a directory that could not be listed', async () => {
    await using lab = await collectedLab();
    lab.inLedger((ledger) => {
      const run = ledger.runs.start(Date.now(), undefined);
      const blind = look('SEM1/mueler', [{ ...entry('run1'), kind: 'unreadable-dir', error: 'EACCES' }]);
      ledger.looks.record(SHARE, [blind], Date.now(), run.no);
      ledger.runs.finish(run.no, Date.now(), 'done', '{}');
    });

    const said = await lab.json('claim', 'SEM1/mueler', '--for', 'mueller');

    expect(said).toMatchObject({ files: 2, notSeen: { files: 2 }, vanished: { files: 0 } });
  });

  it('leaves what a rule decides to the rule, also after the claim', async () => {
    await using lab = await collectedLab();
    await claim(lab, 'SEM1/mueler', '--for', 'mueller', '--yes');
    const before = await lab.json('explain', 'SEM1/mueler/run1/late.tif');
    const folders = join(lab.dir, 'folders.yaml');
    const text = await readFile(folders, 'utf8');
    await writeFile(
      folders,
      text.replace('rules:\n', 'rules:\n  - { match: "SEM1/mueler/**", hold: "whose?" }\n'),
    );

    const held = await lab.json('explain', 'SEM1/mueler/run1/late.tif');

    expect(before['assignment']).toMatchObject({ owner: 'mueller', dataset: 'SEM1/mueler' });
    expect(held['assignment']).toMatchObject({ kind: 'held' });
  });
});
