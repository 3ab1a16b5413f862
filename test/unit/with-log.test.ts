import { describe, expect, it } from 'vitest';
import { IngestError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Destination } from '../../src/destinations/destination.ts';
import { type DestinationEvent, withLog } from '../../src/destinations/with-log.ts';
import { contentOf } from '../support/content.ts';

const container = { id: '17', name: 'ada', location: '/copies/ada' };
const receipt = {
  evidence: 'verified',
  how: 'read back',
  location: '/copies/ada',
  files: 1,
  bytes: 4,
} as const;
const content = contentOf({ owner: 'ada', files: { 'SEM1/a': 'four' } });
const call = { token: new Secret('not for the log'), signal: new AbortController().signal };

function logged(changes: Partial<Destination> = {}) {
  const events: DestinationEvent[] = [];
  let ms = 1000;
  const clock = { monotonic: () => (ms += 25) };
  const destination: Destination = {
    kind: 'memory',
    limits: { maxBytes: 10, maxFiles: 2, acceptsZip: false },
    check: () => Promise.resolve('it is there'),
    containerName: (batch) => batch.owner,
    open: () => Promise.resolve(container),
    send: () => Promise.resolve(),
    close: () => Promise.resolve(receipt),
    ...changes,
  };
  return { events, destination, wrapped: withLog(destination, (event) => events.push(event), clock) };
}

describe('a destination with a log', () => {
  it('answers as the destination does', async () => {
    const { destination, wrapped } = logged();

    expect(wrapped.kind).toBe('memory');
    expect(wrapped.limits).toBe(destination.limits);
    expect(wrapped.containerName(content.batch)).toBe('ada');
    expect(await wrapped.check(call)).toBe('it is there');
    expect(await wrapped.open('ada', call)).toBe(container);
    expect(await wrapped.close(container, content, call)).toBe(receipt);
  });

  it('tells that each call began and ended, of which batch, and how long it took', async () => {
    const { events, wrapped } = logged();

    await wrapped.check(call);
    await wrapped.open('ada', call);
    await wrapped.send(container, content, call);
    await wrapped.close(container, content, call);

    const batch = { container: 'ada', batchId: content.batch.id, owner: 'ada', files: 1, bytes: 4 };
    const kind = 'memory';
    expect(events).toEqual([
      { event: 'destination.started', kind, call: 'check' },
      { event: 'destination.done', kind, call: 'check', durationMs: 25 },
      { event: 'destination.started', kind, call: 'open', container: 'ada' },
      { event: 'destination.done', kind, call: 'open', container: 'ada', durationMs: 25 },
      { event: 'destination.started', kind, call: 'send', ...batch },
      { event: 'destination.done', kind, call: 'send', ...batch, durationMs: 25 },
      { event: 'destination.started', kind, call: 'close', ...batch },
      { event: 'destination.done', kind, call: 'close', ...batch, durationMs: 25, evidence: 'verified' },
    ]);
  });

  it('tells the code of a failure and passes the error on unchanged', async () => {
    const full = new IngestError('DISK_FULL', 'could not write', { hint: 'make room' });
    const { events, wrapped } = logged({ send: () => Promise.reject(full) });

    const thrown = await wrapped.send(container, content, call).catch((error: unknown) => error);

    expect(thrown).toBe(full);
    expect(events.map(({ event }) => event)).toEqual(['destination.started', 'destination.failed']);
    expect(events.at(-1)).toMatchObject({ code: 'DISK_FULL', durationMs: 25, batchId: content.batch.id });
  });

  it('calls a failure that is no IngestError unexpected', async () => {
    const bug = new TypeError('a defect');
    const { events, wrapped } = logged({ check: () => Promise.reject(bug) });

    await expect(wrapped.check(call)).rejects.toBe(bug);

    expect(events.at(-1)).toMatchObject({ event: 'destination.failed', code: 'UNEXPECTED' });
  });
});
