import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/core/model.ts';
import { type CliLab, cliLab } from '../support/cli-lab.ts';
import { entry, look, SHARE } from '../support/ledger-fixture.ts';
import { seedLedger } from '../support/seed-ledger.ts';

const against = async (lab: CliLab, folders: string): Promise<string> => {
  const file = join(lab.dir, 'new-folders.yaml');
  await writeFile(file, folders);
  return file;
};

/** The lab's own mapping, but for what `change` makes of it. */
const changed = async (lab: CliLab, change: (text: string) => string): Promise<string> =>
  against(lab, change(readFileSync(join(lab.dir, 'folders.yaml'), 'utf8')));

const GIVE_RUN1_TO_CHEN = (text: string): string =>
  text.replace('rules:\n', 'rules:\n  - { match: "SEM1/mueller/run1/**", owner: chen }\n');

type Answer = {
  readonly changes: readonly Record<string, unknown>[];
  readonly moves: { readonly files: number; readonly bytes: number };
  readonly owners: Record<string, { readonly before: object; readonly after: object }>;
};

const ask = async (lab: CliLab, file: string): Promise<Answer> =>
  (await lab.json('plan', '--against', file)) as Answer;

/** What a later run saw, by directory. */
function lookAgain(lab: CliLab, dirs: Readonly<Record<string, readonly Entry[]>>): void {
  lab.inLedger((ledger) => {
    const run = ledger.runs.start(Date.now(), undefined);
    const looks = Object.entries(dirs).map(([dir, entries]) => look(dir, entries));
    ledger.looks.record(SHARE, looks, Date.now(), run.no);
    ledger.runs.finish(run.no, Date.now(), 'done', '{}');
  });
}

describe('nightjar plan --against', () => {
  it('trap 22: says which delivered data would move to whom, where it lies, and ends with 3', async () => {
    await using lab = await cliLab();
    lab.inLedger((ledger) => seedLedger(ledger, [{ dir: 'SEM1/mueller/run1', to: 'verified' }]));

    const file = await changed(lab, GIVE_RUN1_TO_CHEN);
    const { changes, moves } = await ask(lab, file);
    const said = await lab.run('plan', '--against', file);

    expect(changes).toEqual([
      {
        share: 'lab',
        where: 'SEM1/mueller/run1',
        moves: true,
        from: { kind: 'owned', owner: 'mueller', destination: 'archive' },
        to: { kind: 'owned', owner: 'chen', destination: 'archive' },
        files: 2,
        bytes: 2000,
        delivered: { files: 2, bytes: 2000, places: [expect.any(String)] },
      },
    ]);
    expect(moves).toEqual({ files: 2, bytes: 2000 });
    expect(said.code).toBe(3);
    expect(said.out).toMatch(/lab:SEM1\/mueller\/run1 +mueller → chen +2 files/);
    expect(said.out).toContain('Delivered data would belong to somebody else');
    expect(said.out).toContain('nightjar accept-mapping');
  });

  it('moves nothing, and ends with 0, when only data changes hands that was not delivered', async () => {
    await using lab = await cliLab();
    lab.inLedger((ledger) =>
      seedLedger(ledger, [
        { dir: 'SEM1/mueller/run1', to: 'held' },
        { dir: 'SEM1/mueller/run2', to: 'verified' },
      ]),
    );

    const file = await changed(lab, GIVE_RUN1_TO_CHEN);
    const { changes, moves, owners } = await ask(lab, file);

    expect(moves).toEqual({ files: 0, bytes: 0 });
    expect(changes).toMatchObject([
      { moves: false, files: 2, where: 'SEM1/mueller/run1', delivered: { files: 0 } },
    ]);
    expect(owners).toEqual({
      chen: { before: { files: 0, bytes: 0 }, after: { files: 2, bytes: 2000 } },
      mueller: { before: { files: 4, bytes: 4000 }, after: { files: 2, bytes: 2000 } },
    });
    expect((await lab.run('plan', '--against', file)).code).toBe(0);
  });

  it('says what would become owned, held, excluded or the collector’s', async () => {
    await using lab = await cliLab();
    lab.inLedger((ledger) =>
      seedLedger(ledger, [
        { dir: 'SEM1/mueller/run1', to: 'planned' },
        { dir: 'SEM1/chen/run2', to: 'planned' },
        { dir: 'SEM1/novak/run3', owner: 'collector', to: 'planned' },
      ]),
    );
    lookAgain(lab, {
      'SEM1/mueller/run1': [entry('a.tif')],
      'SEM1/chen/run2': [entry('a.tif')],
      'SEM1/novak/run3': [entry('a.tif')],
      'SEM1/chen/run4': [entry('x.tif')],
      'TEM/service': [entry('log.txt')],
    });

    const file = await against(
      lab,
      `rules:
  - { match: "SEM1/mueller/**", hold: "wait for the paper" }
  - { match: "SEM1/chen/run4/**", exclude: "alignment" }
  - { match: "SEM1/novak/**", owner: novak }
  - { match: "TEM/service/**", owner: novak }
owners: { novak: {} }
collector: {}
`,
    );
    const { changes } = await ask(lab, file);

    const kinds = changes.map(({ where, from, to }) => [where, sideOf(from), sideOf(to)]);
    expect(kinds).toEqual([
      ['SEM1/chen', 'chen', 'collector'],
      ['SEM1/chen/run4', 'chen', 'excluded'],
      ['SEM1/mueller/run1', 'mueller', 'held'],
      ['SEM1/novak', 'collector', 'novak'],
      ['TEM/service', 'held', 'novak'],
    ]);
  });

  it('counts another account of the same owner as a move, and a renamed token of the same account not', async () => {
    const nomad = (account: string): string => `
rules: [{ match: "{instrument}/{owner}/{dataset}/**" }]
owners: { mueller: { nomad: ${account} } }
collector: { nomad: { token: collector } }
`;
    await using lab = await cliLab();
    const platform = '{ plat: { kind: nomad, base_url: "http://127.0.0.1:1/api/v1" }, archive:';
    const config = readFileSync(lab.config, 'utf8').replace('{ archive:', platform);
    await writeFile(lab.config, `${config}default_destination: plat\n`);
    await writeFile(join(lab.dir, 'folders.yaml'), nomad('{ user_id: ada-1, token: mueller }'));
    lab.inLedger((ledger) =>
      seedLedger(ledger, [{ dir: 'SEM1/mueller/run1', to: 'verified', destination: 'plat' }]),
    );

    const other = await ask(lab, await against(lab, nomad('{ user_id: bob-2, token: mueller }')));
    const renamed = await ask(lab, await against(lab, nomad('{ user_id: ada-1, token: mueller-2027 }')));

    expect(other.moves.files).toBe(2);
    expect(other.changes).toMatchObject([
      { moves: true, from: { owner: 'mueller', account: 'ada-1' }, to: { account: 'bob-2' } },
    ]);
    expect(renamed).toMatchObject({ moves: { files: 0 }, changes: [] });
  });

  it('trap 1, trap 2: delivered data below a directory that the last look could not list counts', async () => {
    await using lab = await cliLab();
    lab.inLedger((ledger) => seedLedger(ledger, [{ dir: 'SEM1/mueller/run1', to: 'verified' }]));
    lookAgain(lab, { 'SEM1/mueller': [{ ...entry('run1'), kind: 'unreadable-dir', error: 'EACCES' }] });

    const { moves } = await ask(lab, await changed(lab, GIVE_RUN1_TO_CHEN));

    expect(moves.files).toBe(2);
  });

  it('counts a new version of a delivered file: it would lie in another account than the first', async () => {
    await using lab = await cliLab();
    lab.inLedger((ledger) => seedLedger(ledger, [{ dir: 'SEM1/mueller/run1', to: 'verified' }]));
    lookAgain(lab, { 'SEM1/mueller/run1': [entry('a.tif', 99, 7), entry('late.tif')] });

    const { moves, changes } = await ask(lab, await changed(lab, GIVE_RUN1_TO_CHEN));

    expect(moves).toEqual({ files: 1, bytes: 99 });
    expect(changes).toMatchObject([
      { moves: true, files: 1, delivered: { files: 1 } },
      { moves: false, files: 1, delivered: { files: 0 } },
    ]);
  });

  it('trap 7, trap 16: tells of names outside UTF-8 and of NFC and NFD twins apart', async () => {
    await using lab = await cliLab();
    const [raw, nfc, nfd] = ['K\udcf6rner', 'K\u00f6', 'Ko\u0308'];
    lab.inLedger((ledger) =>
      seedLedger(ledger, [
        { dir: `SEM1/mueller/${raw}`, to: 'verified' },
        { dir: `SEM1/mueller/${nfc}`, to: 'verified' },
        { dir: `SEM1/mueller/${nfd}`, to: 'verified' },
      ]),
    );

    const rule = `rules:\n  - { match: "SEM1/mueller/${nfd}/**", owner: chen }\n`;
    const twin = await ask(lab, await changed(lab, (text) => text.replace('rules:\n', rule)));
    const all = await ask(lab, await changed(lab, (text) => text.replace('mueller: {', 'maier: {')));

    expect(twin.changes).toMatchObject([{ where: `SEM1/mueller/${nfd}`, files: 2 }]);
    expect(all.changes.map(({ where }) => where)).toContain(String.raw`SEM1/mueller`);
    expect(all.moves.files).toBe(6);
  });

  it('writes nothing anywhere, and does not need the share', async () => {
    await using lab = await cliLab();
    lab.inLedger((ledger) => seedLedger(ledger, [{ dir: 'SEM1/mueller/run1', to: 'verified' }]));
    await lab.share.remove('.nightjar-share');
    const file = await changed(lab, GIVE_RUN1_TO_CHEN);
    const before = fingerprint(lab.dir);

    const said = await lab.run('plan', '--against', file);

    expect(said).toMatchObject({ code: 3, err: '' });
    expect(said.out).toContain('Nothing was written');
    expect(fingerprint(lab.dir)).toEqual(before);
  });

  it('names every problem of a mapping that cannot be read, by its own file, and ends with 78', async () => {
    await using lab = await cliLab();

    const said = await lab.run('plan', '--against', await against(lab, 'rules: [{ match: "a/**" }]\n'));
    const missing = await lab.run('plan', '--against', join(lab.dir, 'nowhere.yaml'));

    expect(said).toMatchObject({ code: 78, out: '' });
    expect(said.err).toContain('new-folders.yaml:1');
    expect(missing.code).toBe(78);
    expect(missing.err).toContain('expected a file, found none');
  });

  it('says so when no look has seen anything yet', async () => {
    await using lab = await cliLab();

    const said = await lab.run('plan', '--against', join(lab.dir, 'folders.yaml'));

    expect(said.code).toBe(0);
    expect(said.out).toContain('has never been looked at');
  });
});

function sideOf(side: unknown): string {
  const { kind, owner } = side as { kind: string; owner?: string };
  return owner ?? kind;
}

function fingerprint(dir: string): string[] {
  return ['', ...readdirSync(dir, { recursive: true, encoding: 'utf8' })].sort().map((name) => {
    const { mtimeNs, size } = statSync(join(dir, name), { bigint: true });
    const isFile = statSync(join(dir, name)).isFile();
    const hash = isFile
      ? createHash('sha256')
          .update(readFileSync(join(dir, name)))
          .digest('hex')
      : '';
    return [name, size, mtimeNs, hash].join(' ');
  });
}
