import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backupLedger } from '../../src/ledger/ledger-file.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { SCHEMA_STEPS } from '../../src/ledger/schema.ts';
import { makeOldLedger, stateOf, UNCHAINED } from '../support/old-ledger.ts';
import { untilTrue } from '../support/until.ts';

const EVENTS = 150_000;
const LEDGER_MODULE = fileURLToPath(new URL('../../src/ledger/', import.meta.url));

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nightjar-ledger-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const sizeOf = (name: string): number => statSync(join(dir, name), { throwIfNoEntry: false })?.size ?? 0;
const names = (part: string): string[] => readdirSync(dir).filter((name) => name.includes(part));

/** Does `work` in a process of its own and kills that one as soon as the claim holds; true when it had not ended before. */
async function killedWhen(claim: () => boolean, work: string): Promise<boolean> {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', work], { stdio: 'ignore' });
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
  await untilTrue(() => claim() || child.exitCode !== null, 'the middle of the work');
  child.kill('SIGKILL');
  const [, signal] = await ended;
  return signal === 'SIGKILL';
}

describe('a process killed in the middle of', () => {
  it('bringing a ledger forward leaves the old ledger whole, and the next start brings it forward', async () => {
    const file = makeOldLedger(dir, UNCHAINED, EVENTS);
    const work = `(await import('${LEDGER_MODULE}open-ledger.ts')).openLedger('${dir}').close()`;
    // A change larger than SQLite's cache is written to the log long before it counts.
    const inTheMiddle = (): boolean =>
      names('ledger-format-').length > 0 && sizeOf('ledger.db-wal') > 2_000_000;

    expect(await killedWhen(inTheMiddle, work)).toBe(true);
    expect(sizeOf('ledger.db-wal')).toBeGreaterThan(2_000_000);
    expect(stateOf(file)).toEqual({ format: UNCHAINED, events: EVENTS, whole: 'ok' });
    openLedger(dir).close();

    expect(stateOf(file)).toEqual({ format: SCHEMA_STEPS.length, events: EVENTS, whole: 'ok' });
    expect(stateOf(join(dir, `ledger-format-${UNCHAINED}.db`))).toMatchObject({
      format: UNCHAINED,
      whole: 'ok',
    });
    expect(names('ledger-format-')).toHaveLength(1);
  });

  it('the copy before that leaves the old ledger whole and no copy that is not', async () => {
    const file = makeOldLedger(dir, UNCHAINED, EVENTS);
    const work = `(await import('${LEDGER_MODULE}open-ledger.ts')).openLedger('${dir}').close()`;

    expect(await killedWhen(() => names('.partial-').length > 0, work)).toBe(true);
    expect(names('ledger-format-').filter((name) => name.endsWith('.db'))).toEqual([]);
    expect(stateOf(file)).toEqual({ format: UNCHAINED, events: EVENTS, whole: 'ok' });
    openLedger(dir).close();

    expect(names('ledger-format-')).toEqual([`ledger-format-${UNCHAINED}.db`]);
    expect(stateOf(file)).toMatchObject({ format: SCHEMA_STEPS.length, whole: 'ok' });
  });

  it('a backup leaves no file of that name, and the next backup removes what was left', async () => {
    const file = makeOldLedger(dir, UNCHAINED, EVENTS);
    const target = join(dir, 'copy.db');
    const work = `(await import('${LEDGER_MODULE}ledger-file.ts')).backupLedger('${dir}', '${target}')`;

    expect(await killedWhen(() => names('.partial-').length > 0, work)).toBe(true);
    expect(existsSync(target)).toBe(false);
    expect(names('.partial-').length).toBeGreaterThan(0);
    backupLedger(dir, target);

    expect(stateOf(target)).toEqual({ format: UNCHAINED, events: EVENTS, whole: 'ok' });
    expect(stateOf(file)).toEqual({ format: UNCHAINED, events: EVENTS, whole: 'ok' });
    expect(names('.partial-')).toEqual([]);
  });
});
