/**
 * The process in which a batch's files are read: it may hang on a dead mount, be stopped and killed, and nothing else
 * hangs with it. Started by `startPackChild`; does one pass a message, dies with its parent.
 */
import { once } from 'node:events';
import { flushCompileCache } from 'node:module';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../core/clock.ts';
import { asIngestError } from '../core/errors.ts';
import { makeSharedRing, type SharedRing, slotsOf } from './hash-ring.ts';
import { HashedOutput, type OutputParts } from './hashed-output.ts';
import type { PackJob, PackReport } from './pack-protocol.ts';
import { PlannedReader } from './read-planned.ts';
import { SafeOpener } from './safe-open.ts';
import { withTheRest } from './with-the-rest.ts';
import { writeParcel } from './write-parcel.ts';
import { writeRaw } from './write-raw.ts';

/** Passes after each other on one ring; the workers go on where the last one ended. */
function makePass(parts: OutputParts): (job: PackJob) => PackReport {
  let turn = 0;
  return (job) => {
    const output = new HashedOutput(parts, job.batch.files.length, turn);
    const digests = runJob(job, output);
    turn = output.turn;
    return { kind: 'done', digests };
  };
}

function runJob(job: PackJob, output: HashedOutput): Buffer {
  const opener = new SafeOpener(job.root);
  try {
    const reader = new PlannedReader(opener, output);
    return job.mode === 'zip' ? writeParcel(job, reader, output) : writeRaw(job.batch, reader, output);
  } catch (thrown) {
    throw withTheRest(thrown, job, systemClock.monotonic);
  } finally {
    opener.close();
  }
}

function failureReport(thrown: unknown): PackReport {
  const { code, message, hint, context } = asIngestError(thrown, 'read the batch');
  return { kind: 'failed', code, message, hint, context };
}

/** Root gives itself up for the account that may only read the share; it cannot be taken back. */
function dropTo(uid: number, gid: number): void {
  if (process.getuid?.() !== 0) return;
  process.setgroups?.([gid]);
  process.setgid?.(gid);
  process.setuid?.(uid);
}

async function startWorker(name: string, ring: SharedRing): Promise<void> {
  const file = new URL(`./${name}${extname(import.meta.filename)}`, import.meta.url);
  await once(new Worker(file, { workerData: ring }), 'message');
}

async function main(): Promise<void> {
  const jobs: PackJob[] = [];
  let start: (() => void) | undefined;
  process.on('message', (job: PackJob) => {
    jobs.push(job);
    start?.();
  });
  process.on('disconnect', () => process.exit(0));
  // A signal to the whole group is the parent's to answer: it lets a pass end, or kills.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

  const ring = makeSharedRing();
  await Promise.all([startWorker('hash-worker', ring), startWorker('send-worker', ring)]);
  // Now, not at the end: it is killed, and may not once it is somebody else.
  flushCompileCache();
  const [uid, gid] = process.argv.slice(2).map(Number);
  if (uid !== undefined && gid !== undefined) dropTo(uid, gid);

  const { monotonic } = systemClock;
  const pass = makePass({
    slots: slotsOf(ring),
    hashing: new Int32Array(ring.hashing),
    sending: new Int32Array(ring.sending),
    used: new Int32Array(ring.used),
    onBroken: () => process.exit(0),
    monotonic,
  });
  start = () => {
    for (const job of jobs.splice(0)) process.send?.(attempt(() => pass(job)));
  };
  start();
}

function attempt(pass: () => PackReport): PackReport {
  try {
    return pass();
  } catch (thrown) {
    return failureReport(thrown);
  }
}

await main();
