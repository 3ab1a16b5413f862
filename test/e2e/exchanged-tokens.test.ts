import { expect, it } from 'vitest';
import { nomadLab } from '../support/nomad-lab.ts';
import { startNomadServer } from '../support/nomad-server.ts';

const FOLDERS = `rules:
  - match: "{instrument}/{owner}/{dataset}/**"
owners:
  mueller: { nomad: { token: mueller } }
  schmidt: { nomad: { token: schmidt } }
collector: { nomad: { token: collector } }
`;

it("two tokens whose files were exchanged bring nobody's data into the account of the other, and lose no upload", async () => {
  await using nomad = await startNomadServer({ generation: 'v1.4' });
  const tokens = { mueller: nomad.tokenOf('alice'), schmidt: nomad.tokenOf('bob') };
  await using lab = await nomadLab(nomad, { folders: FOLDERS, tokens });
  await lab.put('SEM1/mueller/gold/a.tif', 'of mueller');
  await lab.put('SEM1/schmidt/gold/a.tif', 'of schmidt');
  await lab.evening();
  await lab.drop('mueller', tokens.schmidt);
  await lab.drop('schmidt', tokens.mueller);
  await lab.put('SEM1/mueller/iron/a.tif', 'iron of mueller');
  await lab.put('SEM1/schmidt/iron/a.tif', 'iron of schmidt');

  const report = await lab.evening();
  const why = await lab.nightjar('why');
  const checked = await lab.nightjar('token', 'check');

  expect(nomad.uploads()).toHaveLength(2);
  const told = report.troubles.map(({ code, owner }) => `${owner} ${code}`);
  expect(told.toSorted()).toEqual(['mueller TOKEN_REJECTED', 'schmidt TOKEN_REJECTED']);
  expect(report).toMatchObject({ outcome: 'attention', buckets: { held: { files: 2 } } });
  const words = `opens the account ${nomad.userId('bob')}, not ${nomad.userId('alice')}`;
  for (const { out } of [why, checked]) expect(out).toContain(`the token of mueller ${words}`);

  await lab.drop('mueller', tokens.mueller);
  await lab.drop('schmidt', tokens.schmidt);
  const mended = await lab.evening();

  expect(mended).toMatchObject({ outcome: 'done', buckets: { delivered: { files: 2 } } });
  for (const { id, mainAuthor } of nomad.uploads()) {
    const files = [...(await nomad.filesOf(id)).keys()].filter((path) => path.endsWith('.tif'));
    const owner = mainAuthor === nomad.userId('alice') ? 'mueller' : 'schmidt';
    expect(files.map((path) => path.split('/').at(-3))).toEqual([owner, owner]);
  }
});
