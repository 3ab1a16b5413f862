import type { Log } from '../log/open-log.ts';
import type { MappingChange } from './compare-mappings.ts';
import type { EngineEvent } from './engine.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';
type Line = { readonly level: Level; readonly fields: object };
type Lines = {
  readonly [Name in EngineEvent['name']]: (event: Extract<EngineEvent, { name: Name }>) => Line;
};

/** How each event is written: info = the evening in a page, debug = each batch, warn = tried again, error = a person must act. */
const LINES: Lines = {
  'run.started': ({ run }) => ({ level: 'info', fields: { run: run.id, dueAt: run.dueAt } }),
  'share.looking': ({ share, again }) => ({ level: 'info', fields: { share, again } }),
  'share.progress': ({ share, files, bytes }) => ({ level: 'debug', fields: { share, files, bytes } }),
  'share.looked': ({ share, again, files, bytes }) => ({
    level: 'info',
    fields: { share, again, files, bytes },
  }),
  'share.suspicious': ({ share, suspicion }) => ({ level: 'error', fields: { share, ...suspicion } }),
  'share.failed': ({ share, error }) => ({ level: 'error', fields: { share, error } }),
  'run.waiting': ({ until, files }) => ({
    level: 'info',
    fields: { until: new Date(until).toISOString(), files },
  }),
  'content.comparing': ({ share, files, bytes, limitMs }) => ({
    level: 'info',
    fields: { share, files, bytes, limitMs },
  }),
  'content.progress': ({ share, files, bytes }) => ({ level: 'debug', fields: { share, files, bytes } }),
  'content.compared': ({ share, same, different, left }) => ({
    level: 'info',
    fields: { share, same, different, left },
  }),
  'content.failed': ({ share, error }) => ({ level: 'warn', fields: { share, error } }),
  'account.unknown': ({ owner, destination, why }) => ({
    level: 'warn',
    fields: { owner, destination, why },
  }),
  'dataset.by-hand': ({ found: { share, dataset, owner, destination, files, bytes, container } }) => ({
    level: 'info',
    fields: { share, dataset, owner, destination, files, bytes, container: container.name },
  }),
  'dataset.by-hand-gone': ({ found: { share, dataset, owner, destination, container, why } }) => ({
    level: 'warn',
    fields: { share, dataset, owner, destination, container: container.name, why },
  }),
  'batch.planned': ({ plan }) => ({
    level: 'debug',
    fields: { ...batchFields(plan), files: plan.files.length },
  }),
  'run.delivering': () => ({ level: 'info', fields: {} }),
  'run.finished': ({ report: { run, outcome, balanced, seen, buckets, historyHead } }) => ({
    level: balanced ? 'info' : 'error',
    fields: { run, outcome, balanced, seen, buckets, historyHead },
  }),
  'delivery.attempt': ({ batch }) => ({
    level: 'debug',
    fields: { ...batchFields(batch), attempt: batch.attempts },
  }),
  'delivery.progress': ({ batchId, bytes }) => ({ level: 'debug', fields: { batchId, bytes } }),
  'delivery.standstill': ({ batchId, isStill }) => ({ level: 'debug', fields: { batchId, isStill } }),
  'delivery.done': ({ batch, receipt: { evidence, location } }) => ({
    level: 'info',
    fields: { ...batchFields(batch), evidence, location },
  }),
  'container.reused': ({ batch, container, error }) => ({
    level: 'warn',
    fields: { ...batchFields(batch), container: container.name, location: container.location, error },
  }),
  'destination.away': ({ destination, error, probeAt, waiting }) => ({
    level: 'warn',
    fields: { destination, waiting, probeAt: new Date(probeAt).toISOString(), error },
  }),
  'destination.probed': ({ outage, error }) => ({
    level: 'debug',
    fields: { destination: outage.destination, probes: outage.probes, error },
  }),
  'destination.back': ({ outage: { destination, since, until = since, probes, waited } }) => ({
    level: 'info',
    fields: { destination, since: new Date(since).toISOString(), awayMs: until - since, probes, waited },
  }),
  'audit.gone': ({ batch, error }) => ({ level: 'error', fields: { ...batchFields(batch), error } }),
  'delivery.put-back': ({ batch, error }) => ({
    level: 'debug',
    fields: { ...batchFields(batch), error },
  }),
  'container.lost': ({ batch, error }) => ({ level: 'warn', fields: { ...batchFields(batch), error } }),
  'container.doubtful': ({ batch, container }) => ({
    level: 'warn',
    fields: { ...batchFields(batch), container },
  }),
  'batch.published': ({ batch, said }) => ({ level: 'info', fields: { ...batchFields(batch), said } }),
  'batch.not-published': ({ batch, state, said }) => ({
    level: state === 'refused' ? 'error' : 'warn',
    fields: { ...batchFields(batch), state, said },
  }),
  'container.not-described': ({ batch, container }) => ({
    level: 'warn',
    fields: { ...batchFields(batch), container: container.name, location: container.location },
  }),
  'delivery.failed': ({ batch, error, decided }) => ({
    level: decided === 'hold' ? 'error' : 'warn',
    fields: { ...batchFields(batch), decided, error },
  }),
  'lane.refused': ({ lane, owner, destination, error, nextAt }) => ({
    level: 'warn',
    fields: { lane, owner, destination, next: new Date(nextAt).toISOString(), error },
  }),
  'lane.resumed': ({ lane, owner, destination, batches }) => ({
    level: 'info',
    fields: { lane, owner, destination, batches },
  }),
  'queue.may-forget': ({ policy, hint }) => ({ level: 'warn', fields: { policy, hint } }),
  'engine.trouble': ({ error }) => ({ level: 'warn', fields: { error } }),
  'mapping.taken-over': ({ change }) => ({ level: 'info', fields: changeFields(change) }),
  'mapping.refused': ({ error }) => ({ level: 'error', fields: { error } }),
};

/** One line of the journal for an event: the event's name as the message, everything else as fields. */
export function logEvent(log: Log, event: EngineEvent): void {
  const { level, fields } = lineOf(event);
  log[level](fields, event.name);
}

function lineOf<Name extends EngineEvent['name']>(event: Extract<EngineEvent, { name: Name }>): Line {
  const line: (event: Extract<EngineEvent, { name: Name }>) => Line = LINES[event.name];
  return line(event);
}

/** Datasets that change hands, and their files. */
function changeFields({ changes }: MappingChange): object {
  const files = changes.reduce((sum, change) => sum + change.files, 0);
  return { changes: changes.length, files };
}

type BatchFields = { id: string; owner: string; destination: string; dataset: string; bytes: number };

function batchFields({ id, owner, destination, dataset, bytes }: BatchFields): object {
  return { batchId: id, owner, destination, dataset, bytes };
}
