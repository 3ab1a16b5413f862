/**
 * What this host calls accounts, for threads that read a share: they may start no program. A thread asks by a port,
 * its process hands the question on to the daemon, and the thread waits; nobody else does.
 */
import type { Serializable } from 'node:child_process';
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';

export type NameQuestion = {
  readonly thread: number;
  readonly database: 'passwd' | 'group';
  readonly id: number;
};

export type NameAnswer = { readonly thread: number; readonly name: string | undefined };

export type NameOf = (database: NameQuestion['database'], id: number) => string | undefined;

/** A thread's line to its process; `rings` is set to 1 when there is an answer. */
export type NameLine = {
  readonly thread: number;
  readonly port: MessagePort;
  readonly rings: Int32Array<SharedArrayBuffer>;
};

/** The daemon's own deadline is shorter; this one is for a daemon that is busy. */
const ANSWER_MS = 4000;
const MOST_ASKED = 50;

/**
 * Asks for names, each once. The host may ask a directory service; one that does not answer in time is asked no more,
 * for a scan that says nothing counts as hung.
 */
export function nameBook({ thread, port, rings }: NameLine): NameOf {
  const known = new Map<string, string | undefined>();
  let answers = true;
  return (database, id) => {
    const key = `${database} ${id}`;
    if (known.has(key) || !answers || known.size >= MOST_ASKED) return known.get(key);
    Atomics.store(rings, 0, 0);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
    port.postMessage({ thread, database, id } satisfies NameQuestion);
    answers = Atomics.wait(rings, 0, 0, ANSWER_MS) !== 'timed-out';
    const answer = answers ? (receiveMessageOnPort(port)?.message as NameAnswer | undefined) : undefined;
    known.set(key, answer?.name);
    return answer?.name;
  };
}

/** In the process between: questions of its threads go up, answers come down. */
export function carryNames(lines: readonly NameLine[]): void {
  for (const { port } of lines) port.on('message', (question: Serializable) => process.send?.(question));
  process.on('message', (message) => {
    const { thread, name } = message as NameAnswer;
    const line = lines[thread];
    if (line === undefined) return;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
    line.port.postMessage({ thread, name } satisfies NameAnswer);
    Atomics.store(line.rings, 0, 1);
    Atomics.notify(line.rings, 0);
  });
}
