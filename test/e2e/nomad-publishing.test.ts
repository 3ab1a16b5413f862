import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { nomadLab } from '../support/nomad-lab.ts';
import { startNomadServer } from '../support/nomad-server.ts';
import { untilTrue } from '../support/until.ts';

const folders = (publish: string): string => `rules:
  - { name: Open, match: "TEM/{owner}/{dataset}/**", ${publish} metadata: { embargo_length: 6 } }
  - match: "{instrument}/{owner}/{dataset}/**"
owners:
  mueller: { nomad: { token: mueller } }
  schmidt: { nomad: { token: schmidt } }
  weber: { leaves: { on: 2020-01-01, successor: mueller } }
collector: { nomad: { token: collector } }
`;

it('publishes what two files ask for, with a token that may, and tells of what it could not publish', async () => {
  await using nomad = await startNomadServer({ generation: 'v1.3' });
  const tokens = {
    mueller: nomad.appToken('alice', 3600),
    schmidt: nomad.tokenOf('bob'),
    collector: nomad.appToken('collector', 3600),
  };
  const block = 'publish: irreversible';
  await using lab = await nomadLab(nomad, { folders: folders('publish: true,'), tokens, block });
  const put = async (dir: string): Promise<void> =>
    await lab.put(`${dir}/run.archive.yaml`, `data: {} # ${dir}`);
  await put('TEM/mueller/gold');
  await put('TEM/mueller/iron');
  await put('TEM/schmidt/zinc');
  await put('SEM1/mueller/steel');
  // What goes to the collector, or to somebody other than whom the rule means, is nobody's to publish.
  await put('TEM/nobody/silver');
  await put('TEM/weber/tin');

  const checked = await lab.nightjar('token', 'check');
  const first = await lab.nightjar('run');

  expect(checked.out).toContain('may not publish, as Open asks for: data of schmidt is delivered');
  expect(checked.out).not.toContain('data of mueller is delivered');
  expect(first.out).toContain('NOT published; it is tried again with the next run');
  const made = nomad.uploads().map(({ name, publishTime, embargoLength }) => ({
    name: name?.replace(/\d{4}-\d\d/, 'M').replace(/b-[0-9a-f]{32}/, 'B'),
    isPublic: publishTime !== null,
    embargoLength,
  }));
  expect(made.toSorted((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1))).toEqual([
    { name: 'nightjar collector M', isPublic: false, embargoLength: 0 },
    { name: 'nightjar mueller M', isPublic: false, embargoLength: 0 },
    { name: 'nightjar mueller M, Open', isPublic: false, embargoLength: 6 },
    { name: 'nightjar mueller M, Open, B', isPublic: true, embargoLength: 6 },
    { name: 'nightjar mueller M, Open, B', isPublic: true, embargoLength: 6 },
    { name: 'nightjar schmidt M, Open, B', isPublic: false, embargoLength: 6 },
  ]);
  const explained = await lab.nightjar('explain', 'TEM/mueller/gold/run.archive.yaml');
  expect(explained.out).toContain('is published');
  const history = await lab.nightjar('history', 'TEM/schmidt/zinc');
  expect(history.out).toContain('batch.not-published');

  await writeFile(join(lab.root, 'folders.yaml'), folders(''));
  await lab.drop('schmidt', nomad.appToken('bob', 3600));
  const report = await lab.evening();

  const why = await lab.nightjar('why', '--owner', 'schmidt');
  expect(why.out).toContain('delivered, NOT published');
  expect(report.outcome).toBe('attention');
  expect(report.publications).toMatchObject([{ owner: 'schmidt', state: 'waiting' }]);
  expect(nomad.uploads().filter(({ publishTime }) => publishTime !== null)).toHaveLength(2);
});

it('delivers what others have while the publications of one owner hang, one of them at a time', async () => {
  await using nomad = await startNomadServer({ generation: 'v1.3' });
  const tokens = { mueller: nomad.appToken('alice', 3600), schmidt: nomad.appToken('bob', 3600) };
  const block = 'publish: irreversible, max_parallel: 1';
  await using lab = await nomadLab(nomad, { folders: folders('publish: true,'), tokens, block });
  for (const dir of ['TEM/mueller/gold', 'TEM/mueller/iron', 'TEM/schmidt/zinc', 'SEM1/schmidt/steel'])
    await lab.put(`${dir}/run.archive.yaml`, `data: {} # ${dir}`);
  const held = Promise.withResolvers<void>();
  const alices = new Set<string>();
  nomad.fault = ({ path }) => {
    const upload = /^\/uploads\/(.+)\/action\/publish$/.exec(path)?.[1];
    const made = nomad.uploads().find(({ id }) => id === upload);
    if (made?.mainAuthor !== nomad.userId('alice')) return undefined;
    alices.add(made.id);
    return { kind: 'wait', until: held.promise };
  };

  const running = lab.evening();
  const arrived = (): number => nomad.uploads().filter(({ entries }) => entries > 0).length;
  await untilTrue(() => arrived() === 4 && alices.size > 0, 'all four were delivered');
  expect(alices.size).toBe(1);
  held.resolve();

  expect(await running).toMatchObject({ outcome: 'done' });
  expect(nomad.uploads().filter(({ publishTime }) => publishTime !== null)).toHaveLength(3);
});
