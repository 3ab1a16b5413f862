import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { refuseSharedAccount, type SharingParts } from '../../src/app/account-of-two.ts';
import { destinationName, ownerId } from '../../src/core/ids.ts';
import { Secret } from '../../src/core/secret.ts';
import { createTokenStore } from '../../src/credentials/read-token.ts';
import { entry, planOf, tempLedger } from '../support/ledger-fixture.ts';

const BEN = '22222222-2222-4222-8222-222222222222';
/** Personal access tokens tell nothing of their account. */
const pat = (letter: string): string => `nomad_pat_${letter.repeat(43)}`;
const AT = { owner: ownerId('ada'), destination: destinationName('archive') };
const OWNERS = ['ada', 'ben'].map((id) => ({ id, tokens: { nomad: { token: id } } }));

let dir: string;
let temp: Awaited<ReturnType<typeof tempLedger>>;
beforeEach(async () => {
  temp = await tempLedger();
  dir = await mkdtemp(join(tmpdir(), 'nightjar-tokens-'));
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

const putToken = async (name: string, value: string): Promise<void> => {
  await rm(join(dir, name), { force: true });
  await writeFile(join(dir, name), value, { mode: 0o600 });
};

/** What becomes of a delivery for Ada: the code of what keeps it back. */
async function refusedToAda(userId?: string): Promise<string | undefined> {
  const store = createTokenStore({ dir, env: {} });
  const configured = userId === undefined ? {} : { userId };
  const [ada, ben] = OWNERS;
  const owners = [{ ...ada, tokens: { nomad: { ...ada?.tokens.nomad, ...configured } } }, ben];
  const parts = {
    ...{ config: { mapping: { owners, collector: { tokens: {} } } }, ledger: temp.ledger, store },
    isTaken: async () => true,
  } as unknown as SharingParts;
  try {
    await refuseSharedAccount(parts, AT, await store.token('ada'));
    return undefined;
  } catch (thrown) {
    return (thrown as { code?: string }).code;
  }
}

it('whose account a token opens is known also when its file was made anew, as systemd does at each start', async () => {
  await putToken('ada', pat('a'));
  await putToken('ben', pat('b'));
  for (const [name, value] of [
    ['ada', pat('a')],
    ['ben', pat('b')],
  ] as const)
    temp.ledger.credentials.learn(name, new Secret(value), BEN, 1);
  expect(await refusedToAda()).toBe('ACCOUNT_SHARED');

  await putToken('ada', pat('a'));
  await putToken('ben', pat('b'));

  expect(await refusedToAda()).toBe('ACCOUNT_SHARED');
});

it('what was learned of a token says nothing of another one in its place', async () => {
  await putToken('ada', pat('c'));
  await putToken('ben', pat('b'));
  for (const name of ['ada', 'ben'])
    temp.ledger.credentials.learn(name, new Secret(pat(name[0] ?? '')), BEN, 1);

  expect(await refusedToAda()).toBeUndefined();
});

it('a token of which nothing is known opens the account that its owner has delivered into', async () => {
  await putToken('ada', pat('a'));
  await putToken('ben', pat('n'));
  temp.ledger.credentials.learn('ada', new Secret(pat('a')), BEN, 1);
  temp.ledger.containers.save({
    ...{ destination: destinationName('archive'), name: 'Ben 2026-11', owner: ownerId('ben'), at: 1 },
    container: { part: 1, remote: { id: 'u1', name: 'Ben 2026-11', location: 'there', account: BEN } },
  });

  expect(await refusedToAda()).toBe('ACCOUNT_SHARED');
});

it('a token that stands in the files of two owners opens one account', async () => {
  for (const name of ['ada', 'ben']) await putToken(name, pat('a'));
  temp.ledger.credentials.learn('ada', new Secret(pat('a')), BEN, 1);

  expect(await refusedToAda()).toBe('ACCOUNT_SHARED');
});

it('nothing of a token is in what is kept of it', async () => {
  temp.ledger.credentials.learn('ada', new Secret(pat('a')), BEN, 1);
  temp.ledger.credentials.learn('ben', new Secret(pat('a')), BEN, 1);

  expect(new Secret(pat('a')).mark()).not.toContain('aaaa');
  expect(new Secret(pat('a')).mark()).not.toBe(new Secret(pat('a')).mark());
});

const ADA = '11111111-1111-4111-8111-111111111111';
const uploadToken = (account: string): string =>
  `${Buffer.from(account.replaceAll('-', ''), 'hex').toString('base64url')}.${'s'.repeat(43)}`;

/** A batch of Ada's is delivered into her account. */
function deliverForAda(): void {
  const { batches, containers } = temp.ledger;
  const remote = { id: 'u1', name: 'Ada 2026-11', location: 'there', account: ADA };
  containers.save({ ...AT, name: 'Ada 2026-11', at: 1, container: { part: 1, remote } });
  const plan = { ...planOf('SEM1/ada/gold', [entry('a.tif')]), owner: AT.owner };
  batches.plan(plan, { lane: 'archive/Ada 2026-11', at: 1, runNo: 1 });
  batches.markQueued(plan.id, 1);
  const batch = batches.begin(plan.id, 1);
  batches.sending(batch, remote);
  const receipt = { evidence: 'confirmed', how: 'so', location: 'there', files: 1, bytes: 10 } as const;
  batches.deliver(batch, receipt, new Uint8Array(32), 1);
}

/** What of what is known of Ada's account is left. */
const KNOWN = {
  'her upload': () => deliverForAda(),
  'a batch that was delivered into an upload that is lost since': () => {
    deliverForAda();
    const lane = { destination: AT.destination, name: 'Ada 2026-11' };
    const { id } = planOf('SEM1/ada/gold', [entry('a.tif')]);
    temp.ledger.lostContainers.forget(lane, id, { which: 'it', why: 'so', at: 2 });
    expect(temp.ledger.containers.find(lane.destination, lane.name)).toBeUndefined();
  },
  'what her token was enrolled for': () =>
    temp.ledger.credentials.save({
      ...{ name: 'ada', kind: 'upload', remoteId: undefined, userId: ADA, enrolledAt: 1 },
      expiresAt: undefined,
    }),
};

it.each(Object.entries(KNOWN))(
  'a token of another account sends nothing of an owner whose account is known by %s, unless user_id says that it is meant',
  async (_, know) => {
    know();
    await putToken('ada', uploadToken(ADA));
    const before = await refusedToAda();
    await putToken('ada', uploadToken(BEN));

    expect([before, await refusedToAda(), await refusedToAda(BEN)]).toEqual([
      undefined,
      'TOKEN_REJECTED',
      undefined,
    ]);
  },
);
