import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Readable } from 'node:stream';
import { tellIfItFails } from './current-test.ts';

/** Of each stream of a child, so many last characters are told. */
const KEPT = 6000;

/** Should the test fail, it tells what the child has said and how it ended. Takes nothing away from whoever reads it. */
export function tellOfChild(child: ChildProcess, words: readonly string[]): void {
  const [out, err] = [keepPassing(child.stdout), keepPassing(child.stderr)];
  const startedAt = performance.now();
  let end = 'runs still';
  child.once('exit', (code, signal) => {
    end = `ended with ${signal ?? code} after ${Math.round(performance.now() - startedAt)} ms`;
  });
  tellIfItFails(() => `$ ${words.join(' ')}: ${end}\n${indented(err())}${indented(out())}`);
}

/** The last of what passes through a stream. Looked at where it comes in: a listener would make the stream flow. */
function keepPassing(stream: Readable | null): () => string {
  let kept = '';
  if (stream === null) return () => kept;
  const push = stream.push.bind(stream);
  stream.push = (piece: Buffer | string | null, encoding?: BufferEncoding): boolean => {
    if (piece !== null) kept = `${kept}${piece.toString()}`.slice(-KEPT);
    return push(piece, encoding);
  };
  return () => kept;
}

/** Should the test fail, it tells where the batches of a lab stood and what happened last; `settle` it before the lab is gone. */
export function tellOfLedger(stateDir: string): { readonly settle: () => void } {
  let last: string | undefined;
  tellIfItFails(() => last ?? ledgerWords(stateDir));
  return {
    settle: () => {
      last ??= ledgerWords(stateDir);
    },
  };
}

function ledgerWords(stateDir: string): string {
  const file = join(stateDir, 'ledger.db');
  if (!existsSync(file)) return `no ledger in ${stateDir}`;
  try {
    using db = new DatabaseSync(file, { readOnly: true });
    const rows = (sql: string): string[] =>
      db
        .prepare(sql)
        .all()
        .map((row) => Object.entries(row).map(worded).join(' '));
    const now = `the ledger in ${stateDir} at ${new Date().toISOString()}:`;
    return `${now}\n${indented([...rows(BATCHES), ...rows(OUTAGES), ...rows(LAST_EVENTS).toReversed()].join('\n'))}`;
  } catch (thrown) {
    return `the ledger in ${stateDir} cannot be read: ${String(thrown)}`;
  }
}

const BATCHES = 'SELECT id, lane, state, attempts, not_before, error FROM batch ORDER BY no DESC LIMIT 20';
const OUTAGES =
  'SELECT destination AS away, code, since AS since_at, probes, probe_at FROM outage WHERE until IS NULL';
/** So many last lines of a lab's history are told. */
const LAST_EVENTS = 'SELECT at, what, batch, detail FROM event ORDER BY no DESC LIMIT 40';

function worded([name, value]: readonly [string, unknown]): string {
  const isTime = name === 'at' || name === 'not_before' || name.endsWith('_at');
  const said = isTime && Number(value) > 0 ? new Date(Number(value)).toISOString() : String(value);
  return ['at', 'what', 'detail'].includes(name) ? said : `${name}=${said}`;
}

const indented = (text: string): string =>
  text === '' ? '' : `${text.trimEnd().replaceAll(/^/gm, '    ')}\n`;
