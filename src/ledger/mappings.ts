import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { textOf } from './batch-row.ts';
import { recordEvent } from './events.ts';
import { ledgerError } from './ledger-error.ts';
import { ledgerIn, readOnlyUri } from './ledger-place.ts';
import { inTransaction } from './transaction.ts';

/** A folder mapping that counts, or once did: its text, when it was accepted, and by whom. */
export type AcceptedMapping = {
  readonly no: number;
  readonly at: number;
  /** "anna on labserver", or the process that took it over by itself. */
  readonly by: string;
  readonly reason: string | undefined;
  readonly text: string;
};

/** The accepted folder mappings; the newest is in force, also across restarts. */
export function createMappings(db: DatabaseSync) {
  return {
    /** The mapping that was accepted last; undefined before the first. */
    newest: (): AcceptedMapping | undefined => newestIn(db),
    newestNo: (): number => Number(db.prepare('SELECT max(no) AS no FROM mapping').get()?.['no'] ?? 0),
    accept: (mapping: Omit<AcceptedMapping, 'no'>): void =>
      inTransaction(db, () => {
        const { at, by, reason, text } = mapping;
        db.prepare('INSERT INTO mapping (at, by, reason, text) VALUES (?, ?, ?, ?)').run(
          at,
          by,
          reason ?? null,
          text,
        );
        const detail = reason === undefined ? by : `${by}: ${reason}`;
        recordEvent(db, { at, what: 'mapping.accepted', detail });
      }),
    /** Runs `work` so that nothing of the ledger can change while it looks and decides. */
    deciding: <T>(work: () => T): T => inTransaction(db, work),
  };
}

function newestIn(db: DatabaseSync): AcceptedMapping | undefined {
  const row = db.prepare('SELECT * FROM mapping ORDER BY no DESC LIMIT 1').get();
  if (row === undefined) return undefined;
  return {
    no: Number(row['no']),
    at: Number(row['at']),
    by: String(row['by']),
    reason: textOf(row['reason']),
    text: String(row['text']),
  };
}

/** The accepted mapping of a state directory, without making or bringing forward its ledger; undefined: none. */
export function acceptedMappingIn(stateDir: string): AcceptedMapping | undefined {
  const file = ledgerIn(stateDir);
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
  try {
    using db = new DatabaseSync(readOnlyUri(file), { readOnly: true });
    const table = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'mapping'").get();
    return table === undefined ? undefined : newestIn(db);
  } catch (error) {
    throw ledgerError(error, `read the ledger ${file}`);
  }
}
