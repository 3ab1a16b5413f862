/** One request from its arrival to its answer, with what the test does to it before, inside and after. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, answerOfThrown, writeAnswer } from './answers.ts';
import type { Fault, FaultHook, Received, Route, Visit } from './model.ts';
import { Cut, receiveParts } from './receive.ts';
import { API } from './router.ts';

export type Serving = {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly requests: Received[];
  readonly route: (visit: Visit) => ReturnType<Route>;
  readonly fault: FaultHook | undefined;
  readonly root: string;
};

export async function serve(serving: Serving): Promise<void> {
  const { incoming, response, requests } = serving;
  // Kept: a request that was read to a cut forgets its socket.
  const socket = incoming.socket;
  const seen = receivedOf(incoming, requests.length);
  requests.push(seen);
  const fault = serving.fault?.(seen);
  const visit: Visit = { incoming, seen, fault, rest: '' };
  incoming.on('error', () => undefined);
  response.on('error', () => undefined);
  if (fault?.kind === 'wait') await fault.until;
  if (await isTakenByFault(visit, response, serving.root)) return;
  const answer = await answered(visit, serving.route);
  if (fault?.kind === 'stall') return;
  if (answer === undefined || fault?.kind === 'answer-lost' || fault?.kind === 'reset')
    return void socket.resetAndDestroy();
  if (fault?.kind === 'slow') await sleep(fault.ms, undefined, { ref: false });
  if (fault?.kind === 'answer') return give(visit, response, fault);
  seen.status = answer.status;
  writeAnswer(response, answer);
}

/** What the platform answers; undefined when the test cut the body. */
async function answered(visit: Visit, route: Serving['route']): Promise<Answer | undefined> {
  try {
    return await route(visit);
  } catch (thrown) {
    return thrown instanceof Cut ? undefined : answerOfThrown(thrown);
  }
}

async function isTakenByFault(visit: Visit, response: ServerResponse, root: string): Promise<boolean> {
  const fault: Fault | undefined = visit.fault;
  if (fault?.kind === 'reset' && fault.afterBytes === undefined) {
    visit.incoming.socket.resetAndDestroy();
    return true;
  }
  if (fault?.kind === 'stall' && fault.afterBytes === undefined) return true;
  if (fault?.kind !== 'answer' || fault.afterEffect === true) return false;
  if (fault.afterBody === true) await receiveParts(visit, path.join(root, 'spool')).catch(() => undefined);
  give(visit, response, fault);
  return true;
}

function give({ seen }: Visit, response: ServerResponse, fault: Extract<Fault, { kind: 'answer' }>): void {
  seen.status = fault.status;
  response.writeHead(fault.status, fault.headers);
  response.end(fault.body);
}

function receivedOf(incoming: IncomingMessage, index: number): Received {
  const [target = '', query = ''] = (incoming.url ?? '').split(/\?(.*)/s, 2);
  const where = target.startsWith(API) ? target.slice(API.length) : `outside ${target}`;
  return {
    index,
    method: incoming.method ?? '',
    path: where,
    query: new URLSearchParams(query),
    headers: incoming.headers,
    bodyBytes: 0,
    status: undefined,
  };
}
