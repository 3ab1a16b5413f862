import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { runCaptured } from '../support/cli-lab.ts';
import { holdOpen } from '../support/hold-open.ts';
import { MINUTE, watchedLab } from '../support/watched-lab.ts';

const folders = (complete: string, match = '{instrument}/{owner}/{dataset}/**'): string => `
rules:
  - match: "${match}"
    settle: 10m
    complete: ${complete}
owners:
  mueller: {}
collector: {}
`;
const RUN = 'SEM1/mueller/run_17';

describe('a dataset whose rule asks for more than quiet', () => {
  it('stays until its companion is there, however long it is quiet, and then goes after two equal looks', async () => {
    await using at = await watchedLab(folders('{ companions: { "*.mrc": "*.xml" } }'));
    await at.put({ [`${RUN}/scan.mrc`]: 'data', [`${RUN}/notes.txt`]: 'notes' });
    await at.look();
    at.clock.advance(24 * 60 * MINUTE);
    await at.look();

    expect(at.ready()).toEqual([]);

    await at.put({ [`${RUN}/scan.xml`]: '<x/>' });
    await at.look();
    expect(at.ready()).toEqual([]);
    at.clock.advance(10 * MINUTE);
    await at.look();
    expect(at.ready()).toEqual([`${RUN}/notes.txt`, `${RUN}/scan.mrc`, `${RUN}/scan.xml`]);
  });

  it('is not sent early by its marker: two equal looks are needed all the same', async () => {
    await using at = await watchedLab(folders('{ marker: done }'));
    await at.put({ [`${RUN}/a.tif`]: 'a', [`${RUN}/done`]: '' });
    await at.look();

    expect(at.ready()).toEqual([]);
  });

  it('looks at files that are never sent, and at those that were sent before', async () => {
    await using at = await watchedLab(folders('{ marker: "*.done", absent: "~$*" }'));
    await at.put({ [`${RUN}/a.tif`]: 'a', [`${RUN}/run.done`]: '', [`${RUN}/~$notes.docx`]: '' });
    await at.look();
    at.clock.advance(10 * MINUTE);
    await at.look();
    expect(at.ready()).toEqual([]);

    await rm(at.lab.share.path(`${RUN}/~$notes.docx`));
    await at.look();
    expect(at.plan()).toEqual([`${RUN}/a.tif`, `${RUN}/run.done`]);

    await at.put({ [`${RUN}/late.tif`]: 'late' });
    await at.look();
    at.clock.advance(10 * MINUTE);
    await at.look();
    expect(at.ready()).toEqual([`${RUN}/late.tif`]);
  });

  it('is judged by itself: what another dataset has or lacks does not matter', async () => {
    await using at = await watchedLab(folders('{ marker: done }'));
    await at.put({ [`${RUN}/a.tif`]: 'a', [`${RUN}.1/b.tif`]: 'b', [`${RUN}.1/done`]: '' });
    await at.look();
    at.clock.advance(10 * MINUTE);
    await at.look();

    expect(at.ready()).toEqual([`${RUN}.1/b.tif`, `${RUN}.1/done`]);
  });

  it('waits for the number of files in its own name', async () => {
    await using at = await watchedLab(
      folders('{ count: { "*.tif": "{frames}" } }', '{instrument}/{owner}/{dataset}_{frames:number}/**'),
    );
    await at.put({ 'SEM1/mueller/run_2/1.tif': '1', 'SEM1/mueller/run_1/1.tif': '1' });
    await at.look();
    at.clock.advance(10 * MINUTE);
    await at.look();

    expect(at.ready()).toEqual(['SEM1/mueller/run_1/1.tif']);
  });

  it('waits in the collector too when the name of its owner has a typing error', async () => {
    await using at = await watchedLab(folders('{ marker: done }'));
    await at.put({ 'SEM1/muler/run_17/a.tif': 'a', 'SEM1/muler/run_18/done': '' });
    await at.look();
    at.clock.advance(20 * MINUTE);
    await at.look();

    expect(at.ready()).toEqual([]);
    expect((await at.lab.run('why')).out).toContain('run_17 waits for its marker file done (rule 1)');
  });
});

describe('a file that must not be open in another program', () => {
  it('keeps its dataset until a later evening finds it closed, and why says so', async () => {
    await using at = await watchedLab(folders('{ closed: "*.czi" }'));
    await at.put({ [`${RUN}/a.czi`]: 'a', [`${RUN}/b.txt`]: 'b' });
    await at.look();
    {
      await using _ = await holdOpen(at.lab.share.path(`${RUN}/a.czi`));
      at.clock.advance(10 * MINUTE);
      await at.look();
    }
    expect(at.ready()).toEqual([]);
    expect((await at.lab.run('why')).out).toMatch(
      /run_17 waits because a\.czi was open in another program when it was tried \(rule 1\), since \d\d:50:00; the next evening tries again\./,
    );

    at.clock.advance(24 * 60 * MINUTE);
    await at.look();
    expect(at.ready()).toEqual([`${RUN}/a.czi`, `${RUN}/b.txt`]);
  });

  it('is not opened while its dataset waits for something else', async () => {
    await using at = await watchedLab(folders('{ closed: "*.czi", marker: done }'));
    await at.put({ [`${RUN}/a.czi`]: 'a' });
    await using _ = await holdOpen(at.lab.share.path(`${RUN}/a.czi`));
    await at.look();
    at.clock.advance(10 * MINUTE);
    await at.look();

    expect((await at.lab.run('why')).out).toContain('run_17 waits for its marker file done (rule 1), since');
  });
});

describe('why, plan and explain', () => {
  it('say in one sentence what it waits for, since when, and when it can go', async () => {
    await using at = await watchedLab(folders('{ companions: { "*.mrc": "*.xml" } }'));
    await at.put({ [`${RUN}/scan.mrc`]: 'data' });
    await at.look();
    at.clock.advance(60 * MINUTE);
    await at.look();

    const why = (await at.lab.run('why')).out;
    const explained = (await at.lab.run('explain', `${RUN}/scan.mrc`)).out;
    const json = await at.lab.json('why');

    expect(why).toMatch(
      /\n {4}run_17 waits for scan\.xml, the companion of scan\.mrc \(rule 1\), since \d\d:40:00; it can go in the evening after that file appears\.\n/,
    );
    expect(why).toContain('nightjar explain lab:SEM1/mueller/run_17');
    expect(json).toMatchObject({
      causes: expect.arrayContaining([
        expect.objectContaining({
          ...{ bucket: 'notSettled', where: RUN },
          sentence: expect.stringContaining('scan.xml, the companion of scan.mrc'),
        }),
      ]),
    });
    expect(explained).toContain('Complete     when every *.mrc has its *.xml (rule 1)');
    expect(explained).toContain('Nothing yet: run_17 waits for scan.xml');
  });

  it('say of a dataset that is not quiet in which evening it can go at the earliest', async () => {
    await using at = await watchedLab(folders('{ absent: "*.lck" }'), { extra: 'settle_wait: 5m\n' });
    await at.put({ [`${RUN}/scan.mrc`]: 'data' });
    await at.look();

    expect((await at.lab.run('why')).out).toMatch(
      /scan\.mrc has not yet looked the same for 10m, since \d\d:40:00; it can go in the evening of (\d{4}-\d\d-\d\d )?20:00:00 at the earliest\.\n/,
    );
  });

  it('plan says the same of what stays', async () => {
    await using at = await watchedLab(folders('{ marker: "*.done" }'));
    await at.put({ [`${RUN}/scan.mrc`]: 'data' });

    const { out } = await runCaptured(['--config', at.lab.config, 'plan']);

    expect(out).toContain('not settled: lab:SEM1/mueller/run_17 (mueller), 1 file');
    expect(out).toContain('run_17 waits for its marker file *.done (rule 1); it can go in the evening after');
  });
});
