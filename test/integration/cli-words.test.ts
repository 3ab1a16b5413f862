import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/core/model.ts';
import { type CliLab, cliLab } from '../support/cli-lab.ts';
import { problemLines } from '../support/config-files.ts';
import { entry, look, SHARE } from '../support/ledger-fixture.ts';
import { seedLedger } from '../support/seed-ledger.ts';

/** What one run saw, by directory. */
function seen(lab: CliLab, dirs: Readonly<Record<string, readonly Entry[]>>): void {
  lab.inLedger((ledger) => {
    const run = ledger.runs.start(Date.now(), undefined);
    const looks = Object.entries(dirs).map(([dir, entries]) => look(dir, entries));
    ledger.looks.record(SHARE, looks, Date.now(), run.no);
    ledger.runs.finish(run.no, Date.now(), 'done', '{}');
  });
}

describe('why', () => {
  it('says of helper files and shortcuts what they are, and what to do if they are data', async () => {
    await using lab = await cliLab();
    seen(lab, {
      'SEM1/mueller/run1': [entry('Thumbs.db'), { ...entry('latest'), kind: 'symlink' }],
    });

    const { out } = await lab.run('why');

    expect(out).toContain('a shortcut (symbolic link)');
    expect(out).toContain('Put the file itself there');
    expect(out).toContain("ignored by 'Thumbs.db'");
    expect(out).toContain('take it off the list `ignore` in folders.yaml');
  });

  it('of a path that no look has seen says exactly that and what to do, and reassures nobody', async () => {
    await using lab = await cliLab();
    seen(lab, { 'SEM1/mueller/run1': [entry('a.tif')] });

    const said = await lab.run('why', 'SEM1/mueler/run1');
    const json = await lab.json('why', 'SEM1/mueler/run1');

    expect(said.out).toContain('No look has seen anything at lab:SEM1/mueler/run1');
    expect(said.out).toContain('nightjar plan');
    expect(said.out).not.toContain('delivered');
    expect(json).toMatchObject({ seen: false, causes: [] });
    expect(await lab.json('why', 'SEM1/mueller')).toMatchObject({ seen: true });
  });
});

describe('codes', () => {
  it('stand in the findings of check, so that their page is found', async () => {
    await using lab = await cliLab({}, { marker: false });

    const said = await lab.run('check');
    const { findings } = (await lab.json('check')) as { findings: { about: string; code?: string }[] };

    expect(findings.find(({ about }) => about === 'share lab')?.code).toBe('SHARE_NOT_PROVEN');
    expect(said.out).toContain('(SHARE_NOT_PROVEN)');
  });

  it('stand in the notes of plan and of the report', async () => {
    await using lab = await cliLab({ 'SEM1/mueller/run1/a.tif': 'a' });
    lab.inLedger((ledger) =>
      seedLedger(ledger, [{ dir: 'SEM1/mueller/old', to: 'held', code: 'TARGET_CONFLICT' }]),
    );

    const report = (await lab.json('run')) as unknown as { notes: { code?: string }[] };
    const { out } = await lab.run('run');

    expect(report.notes.map(({ code }) => code)).toContain('TARGET_CONFLICT');
    expect(out).toContain('(TARGET_CONFLICT)');
  });
});

describe('explain', () => {
  it('finds a name with bytes outside UTF-8 as a shell hands it over, and shows it in one form', async () => {
    await using lab = await cliLab();
    seen(lab, { 'SEM1/mueller/K\udcf6rner': [entry('a\udce4.tif')], 'SEM1/mueller/run1': [entry('x')] });

    const text = await lab.json('explain', 'SEM1/mueller/K\ufffdrner/a\ufffd.tif');
    const shown = await lab.json('explain', String.raw`SEM1/mueller/K\xf6rner/a\xe4.tif`);

    expect(text).toMatchObject({ kind: 'file', path: String.raw`SEM1/mueller/K\xf6rner/a\xe4.tif` });
    expect(text['assignment']).toMatchObject({ dataset: String.raw`SEM1/mueller/K\xf6rner` });
    expect({ ...shown, tonight: '' }).toEqual({ ...text, tonight: '' });
  });
});

describe('a typing error in a template', () => {
  it.each(['onwer', 'ower', 'Owner'])('{%s} is asked about', (part) => {
    const lines = problemLines(
      'state_dir: /s\nshares: { lab: { root: /mnt/lab } }\ndestinations: { a: { kind: directory, root: /srv/a } }\n',
      `rules: [{ match: "{instrument}/{${part}}/**" }]\nowners: { ada: {} }\ncollector: {}\n`,
    );

    expect(lines.join('\n')).toContain('did you mean "{owner}"?');
  });
});

describe('check', () => {
  it('prints each cure once', async () => {
    await using lab = await cliLab();
    await writeFile(join(lab.dir, 'folders.yaml'), 'rules: [{ match: 3, ownr: x }, { mtch: 4 }]\n');

    const { out } = await lab.run('check');

    expect(out.match(/PROBLEM/g)?.length).toBeGreaterThan(2);
    expect(out.match(/→/g)).toHaveLength(1);
  });

  it('names the line to remove from a token file with more than one', async () => {
    await using lab = await cliLab();
    const platform = '{ plat: { kind: nomad, base_url: "http://127.0.0.1:1/api/v1" }, archive:';
    await writeFile(lab.config, (await readFile(lab.config, 'utf8')).replace('{ archive:', platform));
    await appendFile(lab.config, 'default_destination: plat\n');
    await mkdir(join(lab.dir, 'tokens'));
    const tokens = { mueller: 'abc.def\n\n# made in May\n', collector: 'x y\n' };
    for (const [name, text] of Object.entries(tokens))
      await writeFile(join(lab.dir, 'tokens', name), text, { mode: 0o600 });
    await writeFile(
      join(lab.dir, 'folders.yaml'),
      'rules: [{ match: "{instrument}/{owner}/{dataset}/**" }]\nowners: { mueller: { nomad: { token: mueller } } }\ncollector: { nomad: { token: collector } }\n',
    );

    const { out } = await lab.run('check');

    expect(out).toContain(`Remove lines 2 and 3 of ${join(lab.dir, 'tokens', 'mueller')}`);
    expect(out).toContain(`Remove the space from line 1 of ${join(lab.dir, 'tokens', 'collector')}`);
    expect(out).not.toContain('abc.def');
  });
});

describe('run', () => {
  it('says of the second look that it is only at what may still change', async () => {
    await using lab = await cliLab({ 'SEM1/mueller/run1/a.tif': 'a', 'TEM/service/x': 'x' });

    const { err } = await lab.run('run');

    expect(err).toContain('looking again at lab, only where files had not settled');
    expect(err).toMatch(/1 file there, 1 B/);
  });
});

describe('requeue --path', () => {
  it('points to why where a rule holds the files, which are in no batch', async () => {
    await using lab = await cliLab();
    seen(lab, { 'TEM/service': [entry('log.txt')] });

    const { out } = await lab.run('requeue', '--path', 'TEM/service');

    expect(out).toContain('No batch matches.');
    expect(out).toContain('1 file there is in no batch: nightjar why lab:TEM/service says what keeps it');
  });
});

describe('a directory destination that is not where it was', () => {
  it('is told with the two ways out', async () => {
    const { diskError } = await import('../../src/destinations/directory/disk-error.ts');
    const thrown = Object.assign(new Error('no such file'), { code: 'ENOENT' });

    const { code, hint } = diskError(thrown, 'open /srv/archive');

    expect(code).toBe('DESTINATION_UNUSABLE');
    expect(hint).toContain('moved, renamed or unmounted');
    expect(hint).toContain('`root` of the destination in nightjar.yaml');
  });
});
