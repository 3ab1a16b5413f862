import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bearerOf, nomadLab } from '../support/nomad-lab.ts';
import { startNomadServer, type UserName } from '../support/nomad-server.ts';

const OWNERS = ['mueller', 'schmidt', 'chen', 'garcia'];
const FOLDERS = `rules:
  - match: "{instrument}/{owner}/{dataset}/**"
owners:
${OWNERS.map((owner) => `  ${owner}: { nomad: { token: ${owner} } }`).join('\n')}
collector: { nomad: { token: collector } }
`;

it('two owners whose tokens open one account get nothing delivered, whatever kinds of token these are, until it is mended', async () => {
  await using nomad = await startNomadServer({ generation: 'v1.4' });
  const of = (user: UserName): string => nomad.tokenOf(user);
  const tokens = { mueller: of('alice'), schmidt: of('alice'), garcia: of('user1'), collector: of('bob') };
  await using lab = await nomadLab(nomad, { folders: FOLDERS, tokens });
  // What a personal access token opens is known from its enrolment only; the collector's was put there by hand since.
  await lab.nightjar('token', 'remove', 'collector', '--yes');
  await lab.nightjarWith('pw\n', 'token', 'enrol', 'chen', '--user', 'bob', '--pat');
  await lab.drop('collector', of('bob'));
  for (const owner of [...OWNERS, 'nobody']) await lab.put(`SEM1/${owner}/gold/a.tif`, owner);

  const report = await lab.evening();
  const why = await lab.nightjar('why');
  const alone = await lab.nightjar('token', 'check', 'schmidt');
  const explained = await lab.nightjar('explain', 'SEM1/chen/gold/a.tif');

  expect(nomad.uploads().map(({ mainAuthor }) => mainAuthor)).toEqual([nomad.userId('user1')]);
  expect(report).toMatchObject({
    ...{ outcome: 'attention', balanced: true },
    buckets: { delivered: { files: 1 }, held: { files: 4 } },
  });
  const told = report.troubles.map(({ code, owner }) => `${owner} ${code}`);
  expect(told.toSorted()).toEqual(
    ['chen', 'collector', 'mueller', 'schmidt'].map((owner) => `${owner} ACCOUNT_SHARED`),
  );
  expect(why.out).toMatch(
    /the data of both would land in one account: .* opens the same account as that of mueller \(user [^)]*\), since /,
  );
  expect(why.out).not.toContain('Then: nightjar requeue');
  expect(alone).toMatchObject({ code: 3 });
  expect(alone.out).toContain('opens the same account as that of mueller');
  expect(explained.out).toContain('opens the same account as that of collector');

  await lab.drop('schmidt', bearerOf(nomad, 'user2'));
  await lab.drop('collector', of('collector'));
  const mended = await lab.evening();

  expect(mended).toMatchObject({ outcome: 'done', buckets: { delivered: { files: 4 } } });
  expect(new Set(nomad.uploads().map(({ mainAuthor }) => mainAuthor)).size).toBe(5);
});

it('a personal access token that was put in place by hand brings nothing into an account of somebody else', async () => {
  await using nomad = await startNomadServer({ generation: 'v1.4' });
  const folders = FOLDERS.replace('token: chen', `token: chen, user_id: ${nomad.userId('user3')}`);
  const tokens = {
    mueller: nomad.tokenOf('alice'),
    schmidt: bearerOf(nomad, 'alice'),
    chen: bearerOf(nomad, 'bob'),
    garcia: bearerOf(nomad, 'user1'),
  };
  await using lab = await nomadLab(nomad, { folders, tokens });
  for (const owner of ['schmidt', 'chen', 'garcia']) await lab.put(`SEM1/${owner}/gold/a.tif`, owner);

  const report = await lab.evening();
  const made = nomad.uploads().length;
  // The file is made anew, as systemd does at each start.
  await lab.drop('schmidt', tokens.schmidt);
  const again = await lab.evening();
  const filled = await Promise.all(
    nomad.uploads().map(async ({ id, mainAuthor }) => ((await nomad.filesOf(id)).size > 0 ? mainAuthor : '')),
  );

  expect(filled.filter((author) => author !== '')).toEqual([nomad.userId('user1')]);
  const told = report.troubles.map(({ code, owner }) => `${owner} ${code}`);
  expect(told.toSorted()).toEqual(['chen TOKEN_REJECTED', 'schmidt ACCOUNT_SHARED']);
  expect(JSON.stringify(report.troubles)).toContain('was made there and is empty');
  // What was learned is remembered: no further upload is made there.
  expect(again.buckets).toMatchObject({ held: { files: 2 } });
  expect(nomad.uploads()).toHaveLength(made);
});

it('what an account answers is learned of the token that asked, not of one that was put in its place meanwhile', async () => {
  await using nomad = await startNomadServer({ generation: 'v1.4' });
  const tokens = { mueller: nomad.tokenOf('alice'), schmidt: bearerOf(nomad, 'alice') };
  await using lab = await nomadLab(nomad, { folders: FOLDERS, tokens });
  await lab.put('SEM1/schmidt/gold/a.tif', 'data');
  nomad.fault = ({ method }) => {
    if (method !== 'POST') return undefined;
    nomad.fault = undefined;
    writeFileSync(join(lab.root, 'tokens', 'schmidt'), bearerOf(nomad, 'user2'));
    return undefined;
  };

  await lab.evening();
  const [wrong] = nomad.uploads();
  await lab.evening();

  expect(wrong?.mainAuthor).toBe(nomad.userId('alice'));
  expect((await nomad.filesOf(wrong?.id ?? '')).size).toBe(0);
  const right = nomad.uploads().find(({ mainAuthor }) => mainAuthor === nomad.userId('user2'));
  expect((await nomad.filesOf(right?.id ?? '')).size).toBeGreaterThan(0);
});
