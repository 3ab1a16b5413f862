import type { DatabaseSync } from 'node:sqlite';
import { IngestError } from '../core/errors.ts';
import { teachChain } from './chain.ts';
import { keepCopy } from './copy-ledger.ts';
import { instanceHolder } from './instance-lock.ts';
import { checkIntegrity } from './integrity.ts';
import { ledgerIn } from './ledger-place.ts';
import { SCHEMA_STEPS } from './schema.ts';

/** The format of a ledger: how many of the schema's steps it has had; 0 = nothing is in it yet. */
export function formatOf(db: DatabaseSync, schema: 'main' | 'disk' = 'main'): number {
  return Number(db.prepare(`PRAGMA ${schema}.user_version`).get()?.['user_version'] ?? 0);
}

/** Throws LEDGER_TOO_NEW. */
export function checkVersion(version: number, file: string): void {
  if (version <= SCHEMA_STEPS.length) return;
  throw new IngestError(
    'LEDGER_TOO_NEW',
    `the ledger ${file} has format ${version}; this Nightjar knows formats up to ${SCHEMA_STEPS.length}`,
    { hint: 'A newer Nightjar wrote it. Install that version again, or a later one; nothing was changed.' },
  );
}

/**
 * Brings the ledger of a state directory to the newest format. One that holds something is checked and copied first, and
 * is left alone while another process runs on it: that one knows the old format only.
 */
export function bringForward(db: DatabaseSync, stateDir: string): void {
  const file = ledgerIn(stateDir);
  const version = formatOf(db);
  checkVersion(version, file);
  if (version === SCHEMA_STEPS.length) return;
  if (version > 0) {
    refuseWhileInUse(stateDir, version);
    checkIntegrity(db, file, 'quick');
    keepCopy(db, stateDir, version);
  }
  takeSteps(db, SCHEMA_STEPS.length);
}

/** Each step whole or not at all; another process may be doing the same. */
export function takeSteps(db: DatabaseSync, upTo: number): void {
  teachChain(db);
  for (const [index, step] of SCHEMA_STEPS.slice(0, upTo).entries()) {
    if (index < formatOf(db)) continue;
    db.exec('BEGIN IMMEDIATE');
    try {
      if (index === formatOf(db)) db.exec(`${step}; PRAGMA user_version = ${index + 1};`);
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
}

function refuseWhileInUse(stateDir: string, version: number): void {
  const holder = instanceHolder(stateDir);
  if (holder === undefined) return;
  throw new IngestError(
    'LEDGER_LOCKED',
    `the ledger has format ${version} and would be brought to ${SCHEMA_STEPS.length}, but ${holder} is running on it`,
    {
      hint: 'Stop the older Nightjar first (systemctl stop nightjar); the new one brings the ledger forward when it starts.',
      context: { holder },
    },
  );
}
