import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import type { ControlLook, FoundControl } from '../../src/core/control.ts';
import { encodeListing } from '../../src/core/listing.ts';
import type { DirLook } from '../../src/core/model.ts';
import type { SharePath } from '../../src/core/share-path.ts';
import { copyLedger, type Ledger } from '../../src/ledger/open-ledger.ts';
import { SCHEMA_STEPS } from '../../src/ledger/schema.ts';
import { entry, look, SHARE, tempLedger } from '../support/ledger-fixture.ts';

const found = (text: string, more: Partial<FoundControl> = {}): FoundControl => ({
  ...{ name: '.nightjar.yaml', size: text.length, mtimeNs: 5n, content: Buffer.from(text) },
  ...more,
});
const told = (dir: string, what?: FoundControl): ControlLook => ({
  dir: dir as SharePath,
  ...(what === undefined ? {} : { found: what }),
});
const lookWith = (dir: string, ...controls: ControlLook[]): DirLook => ({
  ...look(dir, [entry('a.tif')]),
  controls,
});
const unknown = (dir: string, ...controls: ControlLook[]): DirLook => ({
  ...lookWith(dir, ...controls),
  listing: encodeListing([
    { name: '', kind: 'unreadable-dir', size: 0, mtimeNs: 0n, ctimeNs: 0n, ino: 0n, error: 'EIO' },
  ]),
});

function record(ledger: Ledger, ...looks: DirLook[]): Record<string, string> {
  const gathered = ledger.controls.gather(SHARE);
  gathered.add(looks);
  gathered.save(1000);
  return inForce(ledger);
}
const inForce = (ledger: Ledger): Record<string, string> =>
  Object.fromEntries(
    ledger.controls
      .all(SHARE)
      .map(({ dir, found: one }) => [dir, one.problem ?? Buffer.from(one.content ?? []).toString('utf8')]),
  );

describe('the control files that the ledger keeps', () => {
  it('are those of the last look, and go when a look at the directory finds none', async () => {
    await using fixture = await tempLedger();
    const { ledger } = fixture;

    expect(record(ledger, lookWith('run', told('run', found('hold: a'))))).toEqual({ run: 'hold: a' });
    expect(record(ledger, lookWith('run', told('run', found('hold: b'))))).toEqual({ run: 'hold: b' });
    expect(record(ledger, lookWith('run'))).toEqual({});
  });

  it('stay when their directory could not be looked at: unknown is not gone (trap 1)', async () => {
    await using fixture = await tempLedger();
    const { ledger } = fixture;
    record(ledger, lookWith('run', told('run', found('hold: a'))));

    expect(record(ledger, unknown('run'))).toEqual({ run: 'hold: a' });
    expect(record(ledger, lookWith('other'))).toEqual({ run: 'hold: a' });
  });

  it('stay when the file is listed and yet not there', async () => {
    await using fixture = await tempLedger();
    const { ledger } = fixture;
    record(ledger, lookWith('run', told('run', found('hold: a'))));

    expect(record(ledger, lookWith('run', told('run')))).toEqual({ run: 'hold: a' });
  });

  it('do not change before the walk is proven: a walk that is thrown away concludes nothing (trap 3)', async () => {
    await using fixture = await tempLedger();
    const { ledger } = fixture;
    record(ledger, lookWith('run', told('run', found('hold: a'))));

    ledger.controls.gather(SHARE).add([lookWith('run')]);

    expect(inForce(ledger)).toEqual({ run: 'hold: a' });
  });

  it('stay as they were read when the file went to tape; one that changed there is a problem', async () => {
    await using fixture = await tempLedger();
    const { ledger } = fixture;
    record(ledger, lookWith('run', told('run', found('hold: a'))));
    const { content: _, ...stub } = found('hold: a', { problem: 'on tape', offline: true });

    expect(record(ledger, lookWith('run', told('run', stub)))).toEqual({ run: 'hold: a' });
    expect(record(ledger, lookWith('run', told('run', { ...stub, mtimeNs: 6n })))).toEqual({
      run: 'on tape',
    });
  });

  it('are taken on the way to another directory, but a misspelt one is not undone there', async () => {
    await using fixture = await tempLedger();
    const { ledger } = fixture;
    const below = (what: FoundControl): DirLook => lookWith('run/sub', told('run', what));

    expect(record(ledger, below(found('hold: a')))).toEqual({ run: 'hold: a' });
    expect(record(ledger, unknown('run/sub', told('run', found('hold: b'))))).toEqual({ run: 'hold: b' });
    record(ledger, lookWith('run', told('run', found('x', { name: '.nightjar.yml', problem: 'misspelt' }))));
    expect(record(ledger, below(found('ready: true')))).toMatchObject({ run: 'misspelt' });
  });
});

describe('a copy of a ledger of an earlier format', () => {
  it('has what that one had; what came later is empty', async () => {
    await using fixture = await tempLedger();
    fixture.ledger.close();
    const file = join(fixture.stateDir, 'ledger.db');
    const old = new DatabaseSync(`${file}.old`);
    old.exec(`${SCHEMA_STEPS[0] ?? ''}; PRAGMA user_version = 1;`);
    old.exec("INSERT INTO share (name, identity) VALUES ('lab', 'x')");
    old.exec(`VACUUM INTO '${file}.copy'`);
    old.close();
    const { renameSync } = await import('node:fs');
    renameSync(`${file}.copy`, file);

    const copy = copyLedger(fixture.stateDir);

    expect(copy.identities.find(SHARE)).toBe('x');
    expect(copy.controls.all(SHARE)).toEqual([]);
    copy.close();
  });
});
