import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { releaseHeld } from '../../src/app/release-held.ts';
import type { HttpRequest } from '../../src/http/http-client.ts';
import { type BadAnswer, startBadAnswers } from '../support/bad-answers.ts';
import { deliverIntoNomad, type NomadDeliverer } from '../support/deliver-into-nomad.ts';
import { proxyPage } from '../support/nomad/misbehave.ts';

type Step = 'open' | 'send' | 'close' | Question;
/** What is asked about an earlier attempt without an answer, before anything is sent again. */
type Question = 'how its upload is' | 'whether its manifest is there';
const FILES = { 'a.tif': 'first', 'b.tif': 'second' };

/** Of which step a request is; `sent`: the parcel has gone. */
const stepOf = ({ method, url, headers }: HttpRequest, sent: boolean): Step | undefined => {
  if (method === 'POST' && url.includes('/uploads?')) return 'open';
  if (headers?.['content-type'] === 'application/zip') return 'send';
  return sent ? 'close' : questionOf(url);
};

const questionOf = (url: string): Question | undefined => {
  if (url.includes('/raw-create-dir/')) return 'how its upload is';
  return url.includes('copy_or_move=copy') ? 'whether its manifest is there' : undefined;
};

/** Requests of one step go to the bad place instead, as long as it is there. */
function goAstray(lab: NomadDeliverer, step: Step, origin: string): void {
  let sent = false;
  lab.reroute = (asked) => {
    const at = stepOf(asked, sent);
    sent ||= at === 'send';
    if (at !== step) return asked;
    const { pathname, search } = new URL(asked.url);
    return { ...asked, url: `${origin}${pathname}${search}` };
  };
}

const bounded = async (): Promise<NomadDeliverer> =>
  await deliverIntoNomad('v1.4', { generation: 'v1.4' }, { stallMs: 500, answerMs: 300 });

/** With the platform there again, and time passing. */
async function deliverWell(lab: NomadDeliverer): Promise<void> {
  lab.reroute = (asked) => asked;
  lab.ledger.pauses.lift('destination', 'nomad', Date.now());
  releaseHeld(lab.ledger, () => true, Date.now());
  await lab.deliverAll();
}

async function hashesIn({ server }: NomadDeliverer): Promise<string[]> {
  await server.worker.idle();
  const all = await Promise.all(server.uploads().map(async ({ id }) => [...(await server.sha256Of(id))]));
  return all.flatMap((files) =>
    files.filter(([path]) => !path.includes('/.nightjar/')).map(([, hash]) => hash),
  );
}
const WHOLE = Object.values(FILES).map((text) => createHash('sha256').update(text).digest('hex'));

const LATER = 'planned';
const ROWS: readonly (readonly [BadAnswer, end: string])[] = [
  ['nobody listens', `${LATER} DESTINATION_UNREACHABLE`],
  ['no such name', `${LATER} DESTINATION_UNREACHABLE`],
  ['bad certificate', `${LATER} DESTINATION_UNREACHABLE`],
  ['redirect', 'held CONFIG_INVALID'],
  ['HTML instead of JSON', `${LATER} DESTINATION_UNCLEAR`],
  ['truncated JSON', `${LATER} DESTINATION_UNCLEAR`],
  ['JSON of other types', `${LATER} DESTINATION_UNCLEAR`],
  ['answer without end', `${LATER} DESTINATION_UNCLEAR`],
  ['answer in drops', `${LATER} DESTINATION_STALLED`],
];

it('a conflict that a proxy speaks of says nothing of what is there: nothing is sent again for it', async () => {
  await using lab = await bounded();
  const { id } = lab.plan('SEM1/a', FILES);
  lab.onParcels({ kind: 'answer-lost' }, 1);
  await lab.deliver(id);
  await lab.server.worker.idle();
  lab.server.fault = ({ query }) => (query.has('copy_or_move') ? proxyPage(409, 'Conflict') : undefined);

  await lab.deliver(id);

  expect(lab.ledger.batches.head(id)).toMatchObject({
    state: 'planned',
    error: { code: 'DESTINATION_UNCLEAR' },
  });
  lab.server.fault = undefined;
  await deliverWell(lab);
  expect(lab.ledger.batches.head(id).state).toBe('confirmed');
  expect(lab.parcels()).toBe(1);
});

describe.each(ROWS)('%s, where NOMAD ought to be', (kind, end) => {
  it.each<Step>(['open', 'send', 'close'])(
    'at %s is never taken for a yes, and with the platform there again the batch is there once',
    async (step) => {
      await using lab = await bounded();
      const secret = `${lab.server.origin}/elsewhere?token=${lab.token}`;
      await using bad = await startBadAnswers(kind, secret);
      goAstray(lab, step, bad.origin);
      const { id } = lab.plan('SEM1/a', FILES);

      await lab.deliver(id);
      const { state, error } = lab.ledger.batches.head(id);

      expect(`${state} ${error?.code}`).toBe(end);
      expect(`${error?.message} ${error?.hint}`).not.toContain(lab.token);
      expect(lab.server.unexpected).toEqual([]);

      await deliverWell(lab);

      expect(lab.ledger.batches.head(id).state).toBe('confirmed');
      expect((await hashesIn(lab)).toSorted()).toEqual(WHOLE.toSorted());
      expect(lab.server.uploads()).toHaveLength(1);
      expect(lab.parcels()).toBe(1);
    },
  );

  it.each<Question>(['how its upload is', 'whether its manifest is there'])(
    'where an earlier attempt is looked for (%s), sends nothing blindly again: what had arrived is found later',
    async (question) => {
      await using lab = await bounded();
      await using bad = await startBadAnswers(kind, `${lab.server.origin}/elsewhere?token=${lab.token}`);
      const { id } = lab.plan('SEM1/a', FILES);
      lab.onParcels({ kind: 'answer-lost' }, 1);
      await lab.deliver(id);
      await lab.server.worker.idle();
      goAstray(lab, question, bad.origin);

      await lab.deliver(id);
      const { state, error } = lab.ledger.batches.head(id);

      expect(`${state} ${error?.code}`).toBe(end);
      expect(lab.parcels()).toBe(1);

      await deliverWell(lab);

      expect(lab.ledger.batches.head(id).state).toBe('confirmed');
      expect((await hashesIn(lab)).toSorted()).toEqual(WHOLE.toSorted());
      expect(lab.parcels()).toBe(1);
    },
  );
});
