import { closeSync, existsSync, openSync, readdirSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { SCHEMA_STEPS } from '../../src/ledger/schema.ts';
import { cliLab } from '../support/cli-lab.ts';
import { makeOldLedger, stateOf } from '../support/old-ledger.ts';

const NEWEST = SCHEMA_STEPS.length;
const TREE = { 'SEM1/mueller/run/a.tif': 'aaaa' };

describe('nightjar ledger backup', () => {
  it('copies the ledger and says how large the copy is', async () => {
    await using lab = await cliLab(TREE);
    lab.inLedger((ledger) => ledger.runs.start(1, undefined));
    const target = join(lab.dir, 'copy.db');

    const said = await lab.run('ledger', 'backup', target);

    expect(said).toMatchObject({ code: 0, err: '' });
    expect(said.out).toContain(`${target}: `);
    expect(stateOf(target)).toMatchObject({ format: NEWEST, whole: 'ok' });
  });

  it('answers as JSON with the file, its bytes and its format', async () => {
    await using lab = await cliLab(TREE);
    lab.inLedger(() => undefined);
    const target = join(lab.dir, 'copy.db');

    const said = await lab.json('ledger', 'backup', target);

    expect(said).toEqual({ format: 1, file: target, bytes: statSync(target).size, ledgerFormat: NEWEST });
  });

  it('never writes to a share', async () => {
    await using lab = await cliLab(TREE);
    lab.inLedger(() => undefined);

    const said = await lab.run('ledger', 'backup', join(lab.share.root, 'SEM1', 'copy.db'));

    expect(said).toMatchObject({
      code: 64,
      err: expect.stringContaining('never writes to a share') as string,
    });
    expect(existsSync(join(lab.share.root, 'SEM1', 'copy.db'))).toBe(false);
  });

  it('into a directory that is not there says so', async () => {
    await using lab = await cliLab(TREE);
    lab.inLedger(() => undefined);

    const said = await lab.run('ledger', 'backup', join(lab.dir, 'none', 'copy.db'));

    expect(said).toMatchObject({ code: 64, err: expect.stringContaining(join(lab.dir, 'none')) as string });
  });
});

describe('nightjar ledger check', () => {
  it('says that a ledger is whole, and of one of an older format what the next start does', async () => {
    await using lab = await cliLab(TREE);
    makeOldLedger(lab.stateDir, NEWEST - 1, 3);

    const said = await lab.run('ledger', 'check');

    expect(said).toMatchObject({ code: 0 });
    expect(said.out).toContain(`format ${NEWEST - 1}; the next start brings it to ${NEWEST}`);
    expect(said.out).toContain('Every page, row and index is whole.');
  });

  it('ends with the code for a configuration that a person must repair when the ledger is damaged', async () => {
    await using lab = await cliLab(TREE);
    lab.inLedger(() => undefined);
    writeFileSync(
      join(lab.stateDir, 'ledger.db'),
      'this is no ledger any more, whoever wrote it '.repeat(99),
    );

    const said = await lab.run('ledger', 'check');

    expect(said).toMatchObject({ code: 78, err: expect.stringContaining('LEDGER_CORRUPT') as string });
  });
});

describe('nightjar ledger migrate', () => {
  it('tries it on a copy with --dry-run, and then does it', async () => {
    await using lab = await cliLab(TREE);
    const file = makeOldLedger(lab.stateDir, 1, 3);

    const dry = await lab.json('ledger', 'migrate', '--dry-run');
    expect(stateOf(file).format).toBe(1);
    const done = await lab.run('ledger', 'migrate');

    expect(dry).toMatchObject({ format: 1, dryRun: true, from: 1, to: NEWEST });
    expect(dry['adds']).toEqual(expect.arrayContaining(['table gone', 'column batch.follows']));
    expect(done.out).toContain(`from format 1 to ${NEWEST}`);
    expect(stateOf(file)).toMatchObject({ format: NEWEST, events: 3, whole: 'ok' });
    expect(readdirSync(lab.stateDir)).toContain('ledger-format-1.db');
  });

  it('has nothing to do to a ledger of the newest format', async () => {
    await using lab = await cliLab(TREE);
    lab.inLedger(() => undefined);

    const said = await lab.run('ledger', 'migrate');

    expect(said).toMatchObject({ code: 0, out: expect.stringContaining('nothing to do') as string });
  });
});

describe('nightjar check', () => {
  it('says of a ledger of an older format what the next start does, and changes nothing', async () => {
    await using lab = await cliLab(TREE);
    const file = makeOldLedger(lab.stateDir, NEWEST - 1, 3);

    const said = await lab.run('check');

    expect(said.out).toContain(`format ${NEWEST - 1}; the next start copies it and brings it to ${NEWEST}`);
    expect(stateOf(file).format).toBe(NEWEST - 1);
  });

  it('finds a ledger that is damaged', async () => {
    await using lab = await cliLab(TREE);
    ruin(makeOldLedger(lab.stateDir, NEWEST, 5000));

    const said = await lab.run('check');

    expect(said).toMatchObject({
      code: 78,
      out: expect.stringMatching(/ledger .* (is damaged|malformed)/) as string,
    });
  });
});

describe('a start on a damaged ledger', () => {
  it.each([['run'], ['serve']])(
    '%s ends at once, with code and cure, before anything is looked at',
    async (command) => {
      await using lab = await cliLab(TREE);
      makeOldLedger(lab.stateDir, NEWEST, 5000);
      ruin(join(lab.stateDir, 'ledger.db'));

      const said = await lab.run(command);

      expect(said.code).toBe(78);
      expect(said.err).toContain('LEDGER_CORRUPT');
      expect(said.err).toContain('docs/operations.md#backup');
      expect(existsSync(join(lab.stateDir, 'redis'))).toBe(false);
    },
  );
});

/** Cuts the table of events off: its root page is all zeros. */
function ruin(file: string): void {
  using db = new DatabaseSync(file);
  const row = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'event'").get();
  const page = Number(db.prepare('PRAGMA page_size').get()?.['page_size']);
  db.close();
  const fd = openSync(file, 'r+');
  writeSync(fd, Buffer.alloc(page), 0, page, (Number(row?.['rootpage']) - 1) * page);
  closeSync(fd);
}
