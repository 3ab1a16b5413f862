import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { type BreakerParts, createBreaker } from '../../src/delivery/breaker.ts';
import { probeOutages } from '../../src/delivery/probe-outages.ts';
import { deliverIntoNomad, type NomadDeliverer } from '../support/deliver-into-nomad.ts';
import type { Received } from '../support/nomad/model.ts';
import { proxyPage } from '../support/nomad-server.ts';

const MINUTE = 60_000;
const BATCHES = 5;

/** The daemon's part in it, minute by minute of an injected clock: what is due is probed, what may go is delivered. */
function daemonOf(lab: NomadDeliverer): { readonly minute: () => Promise<void> } {
  const signal = new AbortController().signal;
  const parts: BreakerParts = {
    outages: lab.ledger.outages,
    clock: lab.clock,
    probe: { firstMs: 30_000, maxMs: 10 * MINUTE },
    random: () => 0.5,
    emit: (event) => lab.events.push(event),
    check: async () => await lab.destination.check({ token: new Secret(lab.token), signal }),
  };
  lab.breaker = createBreaker(parts);
  const minute = async (): Promise<void> => {
    lab.pass(MINUTE);
    await probeOutages({ ...parts, ownersWaiting: () => [], onWell: () => undefined }, signal);
    const heads = lab.ledger.dispatch.heads(lab.clock.now());
    await Promise.all(heads.map(async ({ id }) => await lab.deliver(id)));
  };
  return { minute };
}

/** What may not grow while it lasts. */
function sizeOf(lab: NomadDeliverer) {
  const rows = [...lab.ledger.list()];
  return {
    attempts: lab.events.filter(({ name }) => name === 'delivery.attempt').length,
    told: lab.events.filter(({ name }) => name !== 'destination.probed').length,
    history: rows.reduce((sum, { id }) => sum + lab.ledger.history(id).length, 0),
    outages: lab.ledger.outages.from(0).length,
    pauses: lab.ledger.pauses.inForce(lab.clock.now()).length,
  };
}

const isParcel = ({ method, headers }: Received): boolean =>
  method === 'PUT' && headers['content-type'] === 'application/zip';

/** With the first such request, before anything of it is done. */
function goesAway(lab: NomadDeliverer, when: (request: Received) => boolean): void {
  lab.server.fault = (request) => {
    if (!when(request)) return undefined;
    lab.server.fault = undefined;
    void lab.server.away();
    return { kind: 'reset' };
  };
}

const sockets = (): number =>
  process.getActiveResourcesInfo().filter((one) => one === 'TCPSocketWrap').length;

describe('an outage of ten hours', () => {
  it.each<[string, (lab: NomadDeliverer) => unknown]>([
    ['nobody listens from the beginning', async (lab: NomadDeliverer) => await lab.server.away()],
    [
      'a proxy answers 503 from the beginning',
      (lab) => (lab.server.fault = () => proxyPage(503, 'Service Temporarily Unavailable')),
    ],
    [
      'a page answers 200 in its place from the beginning',
      (lab) => (lab.server.fault = () => proxyPage(200, 'Scheduled maintenance')),
    ],
    [
      'a proxy calls everything a bad request from the beginning',
      (lab) => (lab.server.fault = () => proxyPage(400, 'The plain HTTP request was sent to HTTPS port')),
    ],
    ['nobody listens since the first parcel came', (lab) => goesAway(lab, isParcel)],
    [
      'nobody listens since the first question after a parcel',
      (lab) => {
        let isSent = false;
        goesAway(lab, (request) => {
          const isAfter = isSent;
          isSent ||= isParcel(request);
          return isAfter && !isParcel(request);
        });
      },
    ],
  ])('in which %s is one pause: nothing grows, and all goes on by itself, once', async (_, begins) => {
    await using lab = await deliverIntoNomad('v1.4');
    lab.server.unpublishedLimit = BATCHES;
    const { minute } = daemonOf(lab);
    for (let n = 0; n < BATCHES; n += 1)
      lab.plan(`SEM1/${n}`, { 'a.tif': `a ${n}`, 'b.tif': `b ${n}` }, { apart: `lane ${n}` });
    await begins(lab);
    let asked = 0;
    lab.reroute = (request) => {
      asked += 1;
      return request;
    };

    const hours: { asked: number; size: ReturnType<typeof sizeOf>; sockets: number }[] = [];
    for (let hour = 0; hour < 10; hour += 1) {
      const before = asked;
      for (let n = 0; n < 60; n += 1) await minute();
      hours.push({ asked: asked - before, size: sizeOf(lab), sockets: sockets() });
    }

    const [first, ...rest] = hours;
    for (const { size } of rest) expect(size).toEqual(first?.size);
    expect(hours.at(-1)?.sockets).toBeLessThanOrEqual(first?.sockets ?? 0);
    expect(first?.size).toMatchObject({ outages: 1, pauses: 1, attempts: BATCHES });
    // Eight probes, each a question for the generation at most beside its own.
    expect(Math.max(...rest.map((hour) => hour.asked))).toBeLessThanOrEqual(16);
    expect([...lab.ledger.list()].map(({ state, attempts }) => `${state} ${attempts}`)).toEqual(
      Array.from({ length: BATCHES }, () => 'planned 0'),
    );

    lab.server.fault = undefined;
    await lab.server.back();
    for (let n = 0; n < 10; n += 1) await minute();

    expect([...lab.ledger.list()].map(({ state }) => state)).toEqual(
      Array.from({ length: BATCHES }, () => 'confirmed'),
    );
    const told = lab.events
      .map(({ name }) => name)
      .filter((name) => /^destination\.(?:away|back)$/.test(name));
    expect(told).toEqual(['destination.away', 'destination.back']);
    expect(lab.server.requests.filter((one) => isParcel(one) && one.status === 200)).toHaveLength(BATCHES);
    expect(lab.server.uploads()).toHaveLength(BATCHES);
  });
});
