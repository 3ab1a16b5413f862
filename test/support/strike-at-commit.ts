/**
 * Loaded into a Nightjar process of a test (NODE_OPTIONS=--import): at one of its commits to the ledger it gets a signal.
 * State is written before each side effect, so the commits are the boundaries of all steps. STRIKE is the Strike as JSON.
 */
import { appendFileSync, existsSync, unlinkSync, writeFileSync } from 'node:fs';
import { DatabaseSync, StatementSync } from 'node:sqlite';

/** One signal at one commit. */
export type Strike = {
  /** The first commit of a transaction that wrote this (a part of its SQL and values), or the commit of this number. */
  readonly at: string | number;
  /** `before`: the transaction never counts, and whatever was done since the commit before it has been done. */
  readonly when: 'before' | 'after';
  /** `block`: the event loop stands still, and all else of the process goes on, until there is the file `<log>.go`, which it takes away. */
  readonly signal: NodeJS.Signals | 'block';
};
type Method = (...args: readonly unknown[]) => unknown;
export type Strikes = {
  readonly strikes: readonly Strike[];
  /** Gets a line for each commit. */
  readonly log: string;
};

const { strikes, log } = JSON.parse(process.env['STRIKE'] ?? '{"strikes":[],"log":"/dev/null"}') as Strikes;
const left = [...strikes];
let commits = 0;
let written: string[] = [];

const isOfLedger = (db: DatabaseSync): boolean => db.location()?.endsWith('/ledger.db') === true;

function strike({ signal }: Strike): void {
  if (signal !== 'block') return void process.kill(process.pid, signal);
  writeFileSync(`${log}.blocked`, '');
  while (!existsSync(`${log}.go`)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  unlinkSync(`${log}.go`);
}

/** Does `commit` between what is to come before it and after it. Strikes come in their order. */
function commitWith<T>(commit: () => T): T {
  commits += 1;
  const text = written.join('; ').replaceAll(/\s+/g, ' ');
  written = [];
  const [next] = left;
  const isIt =
    typeof next?.at === 'number' ? next.at === commits : next !== undefined && text.includes(next.at);
  if (isIt) left.shift();
  appendFileSync(log, `${commits} ${text.slice(0, 300)}\n`);
  if (isIt && next?.when === 'before') strike(next);
  const result = commit();
  if (isIt && next?.when === 'after') strike(next);
  return result;
}

const exec = Reflect.get(DatabaseSync.prototype, 'exec') as Method;
const prepare = Reflect.get(DatabaseSync.prototype, 'prepare') as Method;
const run = Reflect.get(StatementSync.prototype, 'run') as Method;
const origins = new WeakMap<object, { readonly db: DatabaseSync; readonly sql: string }>();
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function execStruck(this: DatabaseSync, ...args: readonly unknown[]): unknown {
  if (!isOfLedger(this) || args[0] !== 'COMMIT') return Reflect.apply(exec, this, args);
  return commitWith(() => Reflect.apply(exec, this, args));
}

function prepareNoted(this: DatabaseSync, ...args: readonly unknown[]): unknown {
  const statement = Reflect.apply(prepare, this, args) as StatementSync;
  origins.set(statement, { db: this, sql: textOf(args[0]) });
  return statement;
}

function runStruck(this: StatementSync, ...values: readonly unknown[]): unknown {
  const origin = origins.get(this);
  if (origin === undefined || !isOfLedger(origin.db)) return Reflect.apply(run, this, values);
  written.push([origin.sql, ...values.map(textOf)].join(' '));
  if (origin.db.isTransaction) return Reflect.apply(run, this, values);
  return commitWith(() => Reflect.apply(run, this, values));
}

Object.assign(DatabaseSync.prototype, { exec: execStruck, prepare: prepareNoted });
Object.assign(StatementSync.prototype, { run: runStruck });
