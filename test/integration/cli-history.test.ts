import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { BEGINNING, hashOfEvent } from '../../src/ledger/chain.ts';
import { recordEvent } from '../../src/ledger/events.ts';
import { openDatabase } from '../../src/ledger/open-database.ts';
import { cliLab } from '../support/cli-lab.ts';
import { seedLedger } from '../support/seed-ledger.ts';

const SEEDS = [
  { dir: 'SEM1/mueller/run_1', to: 'verified' },
  { dir: 'SEM1/mueller/run_2', to: 'held' },
] as const;

type Line = {
  no: number;
  at: number;
  batch: string | null;
  what: string;
  detail: string;
  digest: string | null;
  hash: string;
};
const linesOf = (out: string): Line[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

describe('nightjar history', () => {
  it('tells everything, one line an event, oldest first', async () => {
    await using lab = await cliLab();
    const [first] = lab.inLedger((ledger) => seedLedger(ledger, SEEDS));

    const { out, code } = await lab.run('history');

    expect(code).toBe(0);
    const whats = out.split('\n').map((line) => line.split('  ')[3]);
    expect(whats.slice(0, 3)).toEqual(['run.started', 'batch.planned', 'batch.queued']);
    expect(out).toContain(`${first?.id}  delivery.verified  each was read back`);
    expect(out).toContain('run.finished  r-');
  });

  it('of a file tells what happened to the batch that has it, and to no other', async () => {
    await using lab = await cliLab();
    const plans = lab.inLedger((ledger) => seedLedger(ledger, SEEDS));

    const { out } = await lab.run('history', '--json', 'SEM1/mueller/run_2/a.tif');

    const lines = linesOf(out);
    expect(new Set(lines.map(({ batch }) => batch))).toEqual(new Set([plans[1]?.id]));
    expect(lines.at(-1)).toMatchObject({ what: 'delivery.held' });
  });

  it('of a directory tells of every batch below it, and of one that lies above it', async () => {
    await using lab = await cliLab();
    const plans = lab.inLedger((ledger) =>
      seedLedger(ledger, [
        ...SEEDS,
        { dir: 'SEM1/mueller/run_3/day_1', dataset: 'SEM1/mueller/run_3', to: 'planned' },
      ]),
    );

    const all = linesOf((await lab.run('history', '--json', 'SEM1/mueller')).out);
    const inner = linesOf((await lab.run('history', '--json', 'SEM1/mueller/run_3/day_1')).out);

    expect(new Set(all.map(({ batch }) => batch))).toEqual(new Set(plans.map(({ id }) => id)));
    expect(new Set(inner.map(({ batch }) => batch))).toEqual(new Set([plans[2]?.id]));
  });

  it('of a path tells what people decided of it', async () => {
    await using lab = await cliLab({ 'SEM1/mueller/run_1/a.tif': 'a' });
    lab.inLedger((ledger) => seedLedger(ledger, SEEDS));
    await lab.run('exclude', 'SEM1/mueller/run_2', '--reason', 'a test of the pump', '--yes');

    const { out } = await lab.run('history', 'SEM1/mueller/run_2');

    expect(out).toContain('a test of the pump');
  });

  it('of one batch tells only that, and refuses a batch that is not there', async () => {
    await using lab = await cliLab();
    const [plan] = lab.inLedger((ledger) => seedLedger(ledger, SEEDS));

    const { out } = await lab.run('history', '--json', plan?.id ?? '');
    const none = await lab.run('history', `b-${'0'.repeat(32)}`);

    expect(new Set(linesOf(out).map(({ batch }) => batch))).toEqual(new Set([plan?.id]));
    expect(none.code).toBe(64);
  });

  it('--since leaves out what was before', async () => {
    await using lab = await cliLab();
    lab.inLedger((ledger) => seedLedger(ledger, SEEDS, Date.now() - 5 * 86_400_000));

    expect((await lab.run('history', '--since', '2d')).out).toBe('Nothing is recorded since then.\n');
    expect((await lab.run('history', 'SEM1/mueller/run_1', '--since', '2d')).out).toContain(
      'leave out --since',
    );
    expect((await lab.run('history', 'SEM1/never')).out).toContain(
      'no batch has that id, and none has or had a file there. Whether it was seen: nightjar explain SEM1/never',
    );
    expect((await lab.run('history', '--since', '6d')).out).toContain('batch.planned');
  });

  it('named with what it does not take points to its own help', async () => {
    await using lab = await cliLab();

    expect((await lab.run('history', '--yes')).err).toContain('(nightjar history --help says what it takes)');
    expect((await lab.run('audit', 'verify', '--yes')).err).toContain('(nightjar audit verify --help');
    expect((await lab.run('histroy')).err).toContain('(nightjar --help lists the commands)');
  });

  it('--json is enough to compute the chain without Nightjar', async () => {
    await using lab = await cliLab();
    lab.inLedger((ledger) => seedLedger(ledger, SEEDS));
    const lines = linesOf((await lab.run('history', '--json')).out);

    let before: Uint8Array = BEGINNING;
    for (const { hash, digest, ...line } of lines) {
      before = hashOfEvent(before, { ...line, digest: digest === null ? null : Buffer.from(digest, 'hex') });
      expect(Buffer.from(before).toString('hex')).toBe(hash);
    }

    expect(lines.length).toBeGreaterThan(5);
  });
});

describe('nightjar audit verify', () => {
  it('says that all fits, with the head to be noted', async () => {
    await using lab = await cliLab();
    lab.inLedger((ledger) => seedLedger(ledger, SEEDS));

    const said = await lab.run('audit', 'verify');
    const json = await lab.json('audit', 'verify');

    expect(said).toMatchObject({ code: 0 });
    expect(said.out).toContain(`Head: ${String(json['head'])}`);
    expect(json).toMatchObject({ format: 1, batches: 2, noted: null });
  });

  it('takes a head that was noted before more happened', async () => {
    await using lab = await cliLab();
    lab.inLedger((ledger) => seedLedger(ledger, SEEDS));
    const { head, events } = await lab.json('audit', 'verify');
    more(lab.stateDir);

    const said = await lab.run('audit', 'verify', '--head', String(head).slice(0, 16));

    expect(said.out).toContain(`Up to event ${String(events)} it is the history whose head was noted.`);
  });

  it('ends with 78 and the first row that does not fit', async () => {
    await using lab = await cliLab();
    lab.inLedger((ledger) => seedLedger(ledger, SEEDS));
    {
      using db = new DatabaseSync(join(lab.stateDir, 'ledger.db'));
      db.exec("DROP TRIGGER event_is_not_changed; UPDATE event SET detail = 'x' WHERE no = 3");
    }

    const said = await lab.run('audit', 'verify', '--json');

    expect(said.code).toBe(78);
    expect(JSON.parse(said.err)).toMatchObject({ error: { code: 'HISTORY_BROKEN', context: { row: 3 } } });
  });

  it('ends with 78 when the noted head is in no event, and with 64 when it is no head', async () => {
    await using lab = await cliLab();
    lab.inLedger((ledger) => seedLedger(ledger, SEEDS));

    expect((await lab.run('audit', 'verify', '--head', 'f'.repeat(64))).code).toBe(78);
    expect((await lab.run('audit', 'verify', '--head', 'last week')).code).toBe(64);
  });
});

function more(stateDir: string): void {
  using db = openDatabase(stateDir);
  recordEvent(db, { at: 1, what: 'pause.lifted', detail: 'owner mueller' });
}
