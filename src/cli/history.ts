import type { Workspace } from '../app/workspace.ts';
import { batchId } from '../core/ids.ts';
import { jsonOf } from '../core/plain-output.ts';
import { printable, quoted } from '../core/share-path.ts';
import type { HistoryLine } from '../ledger/audit.ts';
import type { HistoryFilter } from '../ledger/history.ts';
import { askedPath, seenPath } from './asked-path.ts';
import type { GlobalOptions } from './context.ts';
import { EXIT } from './exit-code.ts';
import { optionsOf } from './open.ts';
import { openToRead } from './open-to-read.ts';
import { parseWhen } from './parse-when.ts';
import type { AddCommand } from './run-cli.ts';

type HistoryOptions = GlobalOptions & { readonly since?: string };

export const addHistory: AddCommand = (program, context, finish) => {
  program
    .command('history')
    .argument('[what]', 'a batch id, or a file or directory; default: everything')
    .option('--since <time>', 'only from then on: 2d, 2026-11-20, "2026-11-20 18:00"')
    .description(
      'What happened, oldest first: to a file or directory, to a batch, or at all. One line an event.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar history SEM1/mueller/run_17/img_001.tif\n  nightjar history b-0123456789abcdef0123456789abcdef\n  nightjar history --since 30d --json > november.jsonl\n\nWith --json each event is an object on a line of its own, with its hash: `nightjar audit verify` says whether the\nhistory is as it was recorded.',
    )
    .action(async (what: string | undefined, _options, command) => {
      const options = optionsOf<HistoryOptions>(command);
      await using workspace = await openToRead(context, options);
      const since =
        options.since === undefined ? undefined : parseWhen(options.since, context.clock.now(), 'ago');
      const about = { ...filterOf(workspace, what), ...(since === undefined ? {} : { since }) };
      let events = 0;
      for (const line of workspace.ledger.historyOn(about)) {
        context.out.write(`${options.json === true ? jsonOf(historyJson(line)) : textOf(line)}\n`);
        events += 1;
      }
      if (events === 0 && options.json !== true) context.out.write(`${nothingOf(what, since)}\n`);
      finish(EXIT.done);
    });
};

function nothingOf(what: string | undefined, since: number | undefined): string {
  const then = since === undefined ? '' : ' since then';
  if (what === undefined) return `Nothing is recorded${then}.`;
  const of = `Nothing is recorded of ${printable(what)}${then}`;
  if (since !== undefined) return `${of}: leave out --since for what was before.`;
  return `${of}: no batch has that id, and none has or had a file there. Whether it was seen: nightjar explain ${quoted(what)}`;
}

const BATCH_ID = /^b-[0-9a-f]{32}$/;

function filterOf({ ledger, config }: Workspace, what: string | undefined): HistoryFilter {
  if (what === undefined) return {};
  if (BATCH_ID.test(what)) return { batches: new Set([ledger.batches.head(batchId(what)).id]) };
  const { share, path } = seenPath(ledger, askedPath(what, config.shares, process.cwd()));
  return { batches: new Set(ledger.batchesAbout(share.name, path)), path };
}

/** The fields that the hash covers, and the hash. */
function historyJson({ no, at, batch, what, detail, digest, hash }: HistoryLine): object {
  return { no, at, batch, what, detail, digest: digest === null ? null : hexOf(digest), hash: hexOf(hash) };
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function textOf({ no, at, batch, what, detail }: HistoryLine): string {
  const when = new Date(at).toLocaleString('sv-SE');
  return [when, `#${no}`, batch ?? '-', what, printable(detail)].join('  ').trimEnd();
}
