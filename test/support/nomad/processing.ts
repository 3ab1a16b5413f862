/** The worker: one process after another per upload, when the test lets it. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { Refusal } from './answers.ts';
import { idOfUser } from './auth.ts';
import type { Process, Upload } from './model.ts';
import { walk } from './raw-files.ts';
import { isRunning, type State, timestamp } from './state.ts';

export type Worker = ReturnType<typeof createWorker>;

type Failure = { readonly text: string; readonly merged: number };

export function createWorker(state: State) {
  let held: 'pending' | 'running' | undefined;
  const failures: Failure[] = [];
  const settings = {
    /** How long a process runs; asked anew for each. */
    processingMs: (): number => 0,
    /** FAIRmat-NFDI/nomad#136, 1.4 only: what comes while a process runs is answered 200 and lost. */
    dropsWhileBusy: false,
  };
  const busy = new Set<Upload>();
  const ending = new AbortController();
  let onChange: (() => void)[] = [];

  function schedule(upload: Upload, process: Process): void {
    const blocked = upload.queue.some((queued) => queued.blocking === true);
    const isRefusing = state.generation === 'v1.4' && isRunning(upload);
    if (isRefusing && settings.dropsWhileBusy) return void process.done?.();
    if (blocked || isRefusing) throw new Refusal(400, 'The upload is currently blocked by another process.');
    upload.queue.push(process);
    if (upload.status !== 'RUNNING') announce(upload, process);
    setImmediate(() => void work(upload));
  }

  /** Runs it while the caller waits (`wait_for_processing`); nothing else may run. */
  async function runNow(upload: Upload, process: Process): Promise<void> {
    if (isRunning(upload))
      throw new Refusal(400, 'The upload is currently being processed, operation not allowed.');
    upload.currentProcess = process.name;
    upload.queue.push(process);
    await finish(upload, process);
    notify();
  }

  async function work(upload: Upload): Promise<void> {
    if (busy.has(upload) || held === 'pending' || upload.queue.length === 0) return;
    busy.add(upload);
    upload.status = 'RUNNING';
    await passed(settings.processingMs());
    await changed(() => held !== 'running');
    if (ending.signal.aborted) return;
    await finish(upload, upload.queue[0]);
    busy.delete(upload);
    const next = upload.queue[0];
    if (next !== undefined) announce(upload, next);
    notify();
    if (next !== undefined) await work(upload);
  }

  async function passed(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: ending.signal }).catch(() => undefined);
  }

  async function finish(upload: Upload, process: Process | undefined): Promise<void> {
    if (process === undefined) return;
    try {
      await attempt(process);
      upload.errors = [];
      upload.status = process.onlyFiles === true ? 'READY' : 'SUCCESS';
      upload.message =
        state.generation === 'v1.3'
          ? `Process ${process.name} completed successfully`
          : 'Process completed successfully';
      upload.queue.shift();
    } catch (thrown) {
      const text = thrown instanceof Error ? thrown.message : String(thrown);
      upload.errors = [text];
      upload.status = 'FAILURE';
      upload.message = `Process ${process.name} failed: ${text}`;
      // Everything queued behind a failing process is discarded although it was answered 200 (recorded).
      for (const lost of upload.queue.splice(0).slice(1)) await lost.done?.();
    }
    await process.done?.();
    if (upload.status !== 'READY') upload.completeTime = timestamp(state);
  }

  async function attempt(process: Process): Promise<void> {
    const failure = process.failure ?? failures.shift();
    if (failure === undefined) return await process.run();
    if (failure.merged > 0) await process.run(failure.merged);
    throw new Error(failure.text);
  }

  function notify(): void {
    const waiting = onChange;
    onChange = [];
    for (const wake of waiting) wake();
  }

  async function changed(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      onChange.push(resolve);
      await promise;
    }
  }

  return {
    schedule,
    runNow,
    settings,
    /** Keeps every process PENDING (not begun) or RUNNING (begun, not ended) until `release`. */
    hold: (at: 'pending' | 'running' = 'pending'): void => {
      held = at;
    },
    release: (): void => {
      held = undefined;
      notify();
      for (const upload of state.uploads.values()) void work(upload);
    },
    /** The next process ends as FAILURE with this text, after so many members of its archive were merged. */
    failNext: (text: string, merged = 0): void => {
      failures.push({ text, merged });
    },
    /** Resolves when nothing is queued or running. */
    idle: async (): Promise<void> =>
      await changed(
        () => busy.size === 0 && [...state.uploads.values()].every((one) => one.queue.length === 0),
      ),
    /** Resolves when nothing is queued or running for this upload. */
    ended: async (upload: Upload): Promise<void> =>
      await changed(() => !busy.has(upload) && upload.queue.length === 0),
    /** The server is closed: what runs is left as it is. */
    stop: (): void => ending.abort(),
  };
}

function announce(upload: Upload, process: Process): void {
  upload.currentProcess = process.name;
  upload.status = 'PENDING';
  upload.message = `Pending: ${process.name}`;
}

/** What this server's only parser recognises. */
export const isMainfile = (name: string): boolean => /\.archive\.(?:yaml|json)$/.test(name);

const METADATA_FILES = ['nomad.json', 'nomad.yaml', 'nomad.yml'];

/** After every change of files: metadata from the raw root while there are no entries, then the entries (contract §5). */
export async function match(upload: Upload, publishDirectly: boolean, now: string): Promise<void> {
  const raw = path.join(upload.dir, 'raw');
  const files = await walk(raw);
  const metadata = METADATA_FILES.find((name) => files.has(name));
  if (upload.entries === 0 && metadata !== undefined)
    applyMetadata(upload, parse(await readFile(path.join(raw, metadata), 'utf8')));
  upload.entries = [...files.keys()].filter((name) => isMainfile(name)).length;
  if (publishDirectly && upload.entries > 0) upload.publishTime = now;
}

/** Unknown keys and unknown users are skipped silently; what is no mapping fails the process (recorded). */
export function applyMetadata(upload: Upload, metadata: unknown): void {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata))
    throw new Error('AttributeError: metadata is not a mapping');
  const fields = new Map<string, unknown>(Object.entries(metadata));
  const name = fields.get('upload_name');
  if (typeof name === 'string') upload.name = name;
  const embargo = fields.get('embargo_length');
  if (typeof embargo === 'number' && embargo >= 0 && embargo <= 36) upload.embargoLength = embargo;
  upload.coauthors = people(fields.get('coauthors'), upload.coauthors) ?? upload.coauthors;
  upload.reviewers = people(fields.get('reviewers'), upload.reviewers) ?? upload.reviewers;
}

const operations = z.strictObject({
  set: z.array(z.string()).optional(),
  add: z.array(z.string()).default([]),
  remove: z.array(z.string()).default([]),
});

/**
 * A value, a list, or operations on the list (nomad/processing/data.py, `_verify_metadata_single`, both generations).
 * One user that is unknown, and the whole key is left out.
 */
function people(value: unknown, before: readonly string[]): string[] | undefined {
  if (value === undefined) return undefined;
  const isPlain = typeof value !== 'object' || value === null || Array.isArray(value);
  const asked = operations.safeParse(isPlain ? { set: [value].flat().map(String) } : value).data;
  if (asked === undefined) return undefined;
  const ids = (names: readonly string[]) => names.map((name) => idOfUser(name));
  const [wanted, unwanted] = [ids([...(asked.set ?? []), ...asked.add]), ids(asked.remove)];
  if ([...wanted, ...unwanted].includes(undefined)) return undefined;
  const kept = asked.set === undefined ? before : [];
  const all = [...kept, ...wanted].filter((id) => id !== undefined && !unwanted.includes(id));
  return [...new Set(all)].filter((id) => id !== undefined);
}
