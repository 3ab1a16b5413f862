import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CHAIN_EVENTS } from '../../src/ledger/chain.ts';
import { takeSteps } from '../../src/ledger/migrate.ts';
import { SCHEMA_STEPS } from '../../src/ledger/schema.ts';

/** The format before events were chained. */
export const UNCHAINED = SCHEMA_STEPS.indexOf(CHAIN_EVENTS);

/** A ledger as a Nightjar of that format left it, with so many events in it. */
export function makeOldLedger(stateDir: string, format: number, events: number): string {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const file = join(stateDir, 'ledger.db');
  using db = new DatabaseSync(file);
  db.exec('PRAGMA journal_mode = WAL');
  takeSteps(db, Math.min(format, UNCHAINED));
  db.exec(`
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${events})
    INSERT INTO event (at, what, detail) SELECT i, 'scan.accepted', 'lab: by anna, number ' || i FROM n;
  `);
  takeSteps(db, format);
  return file;
}

/** What `PRAGMA user_version` and the number of events are, asked of the file itself. */
export function stateOf(file: string): { format: number; events: number; whole: string } {
  using db = new DatabaseSync(file, { readOnly: true });
  return {
    format: Number(db.prepare('PRAGMA user_version').get()?.['user_version']),
    events: Number(db.prepare('SELECT count(*) AS n FROM event').get()?.['n']),
    whole: String(db.prepare('PRAGMA integrity_check').get()?.['integrity_check']),
  };
}
