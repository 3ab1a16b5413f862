import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { ledgerError } from './ledger-error.ts';

type Method = (...args: readonly unknown[]) => unknown;
type Rows = ReturnType<StatementSync['iterate']>;
/** The method of that name, which says in our words what SQLite says, and does nothing any more once there was damage. */
type Guarded = (of: object, name: string) => Method;

/**
 * From now on this connection says what SQLite says as ours (LEDGER_CORRUPT, DISK_FULL, …), and from the first damage that
 * it meets nothing is read or written through it: what a damaged ledger says decides nothing, and writing may damage more.
 * The answer is aborted then, with the LEDGER_CORRUPT as its reason.
 */
export function guardLedger(db: DatabaseSync): AbortSignal {
  const damage = new AbortController();
  const told = (thrown: unknown): unknown => {
    const error = ledgerError(thrown, `use the ledger ${db.location() ?? 'in memory'}`);
    if (error.code === 'LEDGER_CORRUPT') damage.abort(error);
    return error.code === 'UNEXPECTED' ? thrown : error;
  };
  const guarded: Guarded = (of, name) => {
    const method = Reflect.get(of, name) as Method;
    return (...args) => {
      // What was begun before the damage was met is taken back.
      if (args[0] !== 'ROLLBACK') damage.signal.throwIfAborted();
      try {
        return Reflect.apply(method, of, args);
      } catch (thrown) {
        throw told(thrown);
      }
    };
  };
  const prepare = guarded(db, 'prepare');
  Object.assign(db, {
    exec: guarded(db, 'exec'),
    prepare: (sql: string) => guardStatement(prepare(sql) as StatementSync, guarded),
  });
  return damage.signal;
}

function guardStatement(statement: StatementSync, guarded: Guarded): StatementSync {
  const iterate = guarded(statement, 'iterate');
  return Object.assign(statement, {
    run: guarded(statement, 'run'),
    get: guarded(statement, 'get'),
    all: guarded(statement, 'all'),
    // Read row by row, most of it is read after the call.
    iterate: (...args: readonly unknown[]) => {
      const rows = iterate(...args) as Rows;
      return Object.assign(rows, { next: guarded(rows, 'next') });
    },
  });
}
