import type { Log } from '../log/open-log.ts';
import type { EngineEvent } from './engine.ts';

/** One line of the journal for an event: static message, fields beside it. info = the evening in a page, debug = each batch. */
export function logEvent(log: Log, event: EngineEvent): void {
  switch (event.name) {
    case 'run.started':
      log.info({ run: event.run.id, dueAt: event.run.dueAt }, event.name);
      return;
    case 'share.looking':
      log.info({ share: event.share, again: event.again }, event.name);
      return;
    case 'share.progress':
      log.debug({ share: event.share, files: event.files, bytes: event.bytes }, event.name);
      return;
    case 'share.looked':
      log.info({ share: event.share, files: event.files, bytes: event.bytes }, event.name);
      return;
    case 'share.failed':
      log.error({ share: event.share, error: event.error }, event.name);
      return;
    case 'run.waiting':
      log.info({ until: new Date(event.until).toISOString(), files: event.files }, event.name);
      return;
    case 'batch.planned':
      log.debug(
        {
          batchId: event.plan.id,
          owner: event.plan.owner,
          files: event.plan.files.length,
          bytes: event.plan.bytes,
        },
        event.name,
      );
      return;
    case 'run.delivering':
      log.info(event.name);
      return;
    case 'run.finished': {
      const { run, outcome, balanced, seen, buckets } = event.report;
      log.info({ run, outcome, balanced, seen, buckets }, event.name);
      return;
    }
    case 'delivery.progress':
      return;
    case 'delivery.attempt':
      log.debug({ ...batchFields(event.batch), attempt: event.batch.attempts }, event.name);
      return;
    case 'delivery.done':
      log.info(
        { ...batchFields(event.batch), evidence: event.receipt.evidence, location: event.receipt.location },
        event.name,
      );
      return;
    case 'delivery.failed':
      log[event.then === 'hold' ? 'error' : 'warn'](
        { ...batchFields(event.batch), then: event.then, error: event.error },
        event.name,
      );
      return;
    case 'engine.trouble':
      log.warn({ error: event.error }, event.name);
  }
}

function batchFields(batch: {
  id: string;
  owner: string;
  destination: string;
  dataset: string;
  bytes: number;
}): object {
  const { id, owner, destination, dataset, bytes } = batch;
  return { batchId: id, owner, destination, dataset, bytes };
}
