import { refusalOf } from '../app/mapping-in-force.ts';
import type { Workspace } from '../app/workspace.ts';
import { printable } from '../core/share-path.ts';
import { instanceHolder } from '../ledger/instance-lock.ts';
import type { Run } from '../ledger/runs.ts';
import { collectorReport } from '../nightly/report-collector.ts';
import type { RunReport } from '../nightly/run-report.ts';
import { nextEvening } from '../schedule/evenings.ts';
import { answer } from './answer.ts';
import { EXIT } from './exit-code.ts';
import { freeSpace } from './free-space.ts';
import { lookedAt } from './last-look.ts';
import { optionsOf } from './open.ts';
import { openToRead } from './open-to-read.ts';
import { pausesJson } from './render-pauses.ts';
import { lookJson } from './render-shares.ts';
import { renderStatus, type Status } from './render-status.ts';
import { watchesJson } from './render-watches.ts';
import type { AddCommand } from './run-cli.ts';

export const addStatus: AddCommand = (program, context, finish) => {
  program
    .command('status')
    .description(
      'What runs, how the last evening went, what is in flight, held or on hold, and what is next.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar status\n  nightjar status --json\n\nIt asks the ledger; no daemon need run. What is held and why: nightjar why.',
    )
    .action(async (_options, command) => {
      const options = optionsOf(command);
      await using workspace = await openToRead(context, options);
      const status = await lookAround(workspace);
      answer(context, options, statusJson(status), () => renderStatus(status, context.out));
      finish(EXIT.done);
    });
};

async function lookAround({ config, ledger, clock, mapping, reminders }: Workspace): Promise<Status> {
  const now = clock.now();
  const runs = ledger.runs.latest(20);
  const holder = instanceHolder(config.stateDir);
  return {
    now,
    stateDir: config.stateDir,
    freeBytes: await freeSpace(config.stateDir),
    holder,
    lastRun: runs[0],
    lastReport: reportOf(runs.find(({ report }) => report !== undefined)),
    batches: ledger.counts(),
    inFlight: [...ledger.list({ states: ['queued', 'delivering'] })],
    pauses: ledger.pauses.inForce(now),
    mapping: { accepted: mapping.accepted(), refused: refusalOf(mapping.standing(), config) },
    nextEvening: nextEvening(config.schedule, now),
    watches: holder === undefined ? [] : ledger.watches.of(holder),
    shares: config.shares.map(({ name }) => lookedAt(ledger, name)),
    collector: collectorReport(ledger.collected(), mapping.current().mapping.collector.warnAboveBytes),
    reminders: reminders(),
  };
}

function reportOf(run: Run | undefined): RunReport | undefined {
  return run?.report === undefined ? undefined : (JSON.parse(run.report) as RunReport);
}

function statusJson(status: Status): object {
  const { now, stateDir, freeBytes, holder, lastRun, lastReport, nextEvening } = status;
  return {
    format: 1,
    ...{ now, stateDir, freeBytes: freeBytes ?? null, runningAs: holder ?? null },
    lastRun: lastRun === undefined ? null : runJson(lastRun),
    lastReport: lastReport === undefined ? null : reportJson(lastReport),
    batches: Object.fromEntries(
      status.batches.map(({ state, batches, files, bytes }) => [state, { batches, files, bytes }]),
    ),
    inFlight: status.inFlight.map((head) => ({
      ...{ batch: head.id, owner: head.owner, destination: head.destination, state: head.state },
      dataset: printable(head.dataset),
      ...{ files: head.files, bytes: head.bytes, since: head.changedAt, attempts: head.attempts },
    })),
    pauses: pausesJson(status.pauses),
    mapping: mappingJson(status.mapping),
    shares: status.shares.map(lookJson),
    nextEvening,
    watches: watchesJson(status.watches),
    collector: status.collector,
    reminders: status.reminders,
  };
}

function mappingJson({ accepted, refused }: Status['mapping']): object {
  return {
    acceptedAt: accepted?.at ?? null,
    acceptedBy: accepted?.by ?? null,
    ...(refused === undefined
      ? {}
      : { problem: { code: refused.code, message: refused.message, hint: refused.hint } }),
  };
}

function runJson({ id, dueAt, startedAt, finishedAt, outcome }: Run): object {
  return {
    ...{ run: id, startedAt },
    ...{ dueAt: dueAt ?? null, finishedAt: finishedAt ?? null, outcome: outcome ?? null },
  };
}

function reportJson({ run, outcome, balanced, seen, buckets }: RunReport): object {
  return { run, outcome, balanced, seen, buckets };
}
