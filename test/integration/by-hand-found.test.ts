import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BUCKETS } from '../../src/nightly/judge.ts';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { type Nights, nights } from '../support/nights.ts';
import { type Generation, type NomadServer, startNomadServer } from '../support/nomad-server.ts';
import { addByHand, uploadByHand } from '../support/upload-by-hand.ts';

const FOLDERS = `rules:
  - match: "{instrument}/{owner}/{dataset}/**"
owners:
  mueller: { nomad: { token: mueller } }
  schmidt: { nomad: { token: schmidt } }
collector: { nomad: { token: collector } }
`;

const GOLD = { 'gold17/gold-a.tif': 'gold a', 'gold17/raw/gold-b.tif': 'gold b, longer', 'gold17/empty': '' };

/** The same below the folder of an owner. */
const of = (owner: string, files: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [`SEM1/${owner}/${path}`, text]));

type Place = AsyncDisposable & {
  readonly nomad: NomadServer;
  readonly lab: Nights;
  /** Questions about what lies in accounts. */
  readonly asked: () => number;
};

/** A lab whose mueller has a token that may read, and whose schmidt has one that may only write. */
async function place(
  generation: Generation,
  files: Readonly<Record<string, string>>,
  more = '',
): Promise<Place> {
  const nomad = await startNomadServer({ generation });
  const lab = await nights(files, {
    ...{ settle: '0s', folders: FOLDERS, extra: 'credentials: { dir: tokens }' },
    destinations: `{ nomad: { kind: nomad, base_url: "${nomad.url}"${more} } }`,
  });
  await mkdir(join(lab.dir, 'tokens'), { mode: 0o700 });
  const tokens = {
    mueller: tokenThatReads(nomad),
    schmidt: nomad.tokenOf('bob'),
    collector: nomad.tokenOf('collector'),
  };
  for (const [name, token] of Object.entries(tokens))
    await writeFile(join(lab.dir, 'tokens', name), token, { mode: 0o600 });
  return {
    ...{ nomad, lab },
    asked: () =>
      nomad.requests.filter(({ method, path }) => method === 'GET' && path.startsWith('/uploads')).length,
    [Symbol.asyncDispose]: async () => {
      await lab[Symbol.asyncDispose]();
      await nomad.close();
    },
  };
}

/** What each generation has for it: an app token, or a personal access token with the right to read. */
function tokenThatReads(nomad: NomadServer): string {
  if (nomad.generation === 'v1.3') return nomad.appToken('alice', 3600);
  const scopes = ['uploads:read', 'uploads:write'];
  return nomad.pats.create(nomad.userId('alice'), { name: 'nightjar', scopes, days: 30 }).raw;
}

const files = ({ buckets }: RunReport): Record<string, number> =>
  Object.fromEntries(
    BUCKETS.map((bucket) => [bucket, buckets[bucket].files]).filter(
      ([bucket, n]) => n !== 0 && bucket !== 'excluded',
    ),
  );

describe.each(['v1.3', 'v1.4'] as const)('what an owner has uploaded by hand to NOMAD %s', (generation) => {
  it('is asked for once: later evenings know it, and what is published counts as well', async () => {
    await using at = await place(generation, of('mueller', GOLD));
    at.nomad.publish(await uploadByHand(at.nomad, 'alice', { name: 'Paper 3', files: GOLD }));

    const first = await at.lab.evening();
    const asked = at.asked();
    const second = await at.lab.evening();

    expect(files(first)).toEqual({ byHand: 3 });
    expect(second).toMatchObject({ outcome: 'done', balanced: true, byHand: [] });
    expect(files(second)).toEqual({ byHand: 3 });
    expect(at.asked()).toBe(asked);
    expect(at.nomad.unexpected).toEqual([]);
  });

  it('is found among more uploads and files than one page has', async () => {
    await using at = await place(generation, of('mueller', GOLD));
    const many = Object.fromEntries(Array.from({ length: 600 }, (_, no) => [`gold17/z${no}`, '']));
    await uploadByHand(at.nomad, 'alice', { name: 'Paper 3', files: { ...many, ...GOLD } });
    at.nomad.unpublishedLimit = 300;
    for (let no = 0; no < 201; no++) await uploadByHand(at.nomad, 'alice', { name: `${no}`, files: {} });

    expect(files(await at.lab.evening())).toEqual({ byHand: 3 });
  });

  it('is sent when a part of it is missing there, and report and explain say what was found', async () => {
    await using at = await place(generation, of('mueller', GOLD));
    const { 'gold17/gold-a.tif': _, ...rest } = GOLD;
    await uploadByHand(at.nomad, 'alice', { name: 'Paper 3', files: rest });

    const report = await at.lab.evening();

    expect(files(report)).toEqual({ delivered: 3 });
    expect(report).toMatchObject({ byHand: [{ kind: 'some', files: 1, ofFiles: 3, upload: 'Paper 3' }] });
    const { out } = await at.lab.run('explain', 'SEM1/mueller/gold17/gold-a.tif');
    expect(out).toContain('1 of its 3 files by name and size');
  });

  it('is sent in its new version when a file changes, though that is as long as before', async () => {
    await using at = await place(generation, of('mueller', GOLD));
    const id = await uploadByHand(at.nomad, 'alice', { name: 'Paper 3', files: GOLD });
    await at.lab.evening();
    await at.lab.share.put(of('mueller', { 'gold17/gold-a.tif': 'GOLD A' }));
    await addByHand(at.nomad, 'alice', { id, files: { 'notes.txt': 'later than the change' } });

    expect(files(await at.lab.evening())).toEqual({ delivered: 1, byHand: 2 });
  });

  it('is not taken for what the share had changed before the first evening', async () => {
    await using at = await place(generation, {});
    await uploadByHand(at.nomad, 'alice', { name: 'Paper 3', files: GOLD });
    await at.lab.share.put(of('mueller', { ...GOLD, 'gold17/gold-a.tif': 'GOLD A' }));

    expect(files(await at.lab.evening())).toEqual({ delivered: 3 });
  });

  it('may grow with the dataset: what was added to both is found, what was not is sent', async () => {
    await using at = await place(generation, of('mueller', GOLD));
    const id = await uploadByHand(at.nomad, 'alice', { name: 'Paper 3', files: GOLD });
    await at.lab.evening();
    await at.lab.share.put(of('mueller', { 'gold17/gold-c.tif': 'cc' }));
    await addByHand(at.nomad, 'alice', { id, files: { 'gold17/gold-c.tif': 'cc' } });

    const grown = await at.lab.evening();
    await at.lab.share.put(of('mueller', { 'gold17/gold-d.tif': 'dd' }));
    const joined = await at.lab.evening();

    expect(files(grown)).toEqual({ byHand: 4 });
    expect(files(joined)).toEqual({ byHand: 4, delivered: 1 });
  });

  it('is sent once when a person forces it, and stays delivered', async () => {
    await using at = await place(generation, of('mueller', GOLD));
    await uploadByHand(at.nomad, 'alice', { name: 'Paper 3', files: GOLD });
    await at.lab.evening();

    const forced = await at.lab.run('force', 'SEM1/mueller/gold17', '--reason', 'asked for it', '--yes');
    const [sent, after] = [await at.lab.evening(), await at.lab.evening()];

    expect(forced.out).toContain('goes with the next run');
    expect([files(sent), files(after)]).toEqual([{ delivered: 3 }, { unchanged: 3 }]);
  });

  it('is not looked for with a token that may only write, nor where the destination says off', async () => {
    await using write = await place(generation, of('schmidt', GOLD));
    await using off = await place(generation, of('mueller', GOLD), ', by_hand: off');
    await uploadByHand(write.nomad, 'bob', { name: 'Paper 3', files: GOLD });
    await uploadByHand(off.nomad, 'alice', { name: 'Paper 3', files: GOLD });

    expect(files(await write.lab.evening())).toEqual({ delivered: 3 });
    expect(files(await off.lab.evening())).toEqual({ delivered: 3 });
    expect([write.asked(), off.asked()]).toEqual([0, 0]);
  });

  it.each([
    ['an error of the platform', { status: 500, body: 'oops' }],
    ['a login page', { status: 200, body: '<html>Log in</html>' }],
    ['a refused token', { status: 401, body: '{"detail":"Authorization required."}' }],
  ])(
    'waits while %s is all that is answered, is sent after some evenings, and nobody else waits',
    async (_what, answer) => {
      await using at = await place(
        generation,
        { ...of('mueller', GOLD), ...of('schmidt', GOLD) },
        ', by_hand_evenings: 2',
      );
      at.nomad.fault = ({ method, path }) =>
        method === 'GET' && path === '/uploads' ? { kind: 'answer', ...answer } : undefined;

      const first = await at.lab.evening();
      const why = await at.lab.run('why', '--owner', 'mueller');
      const second = await at.lab.evening();

      expect(first).toMatchObject({ outcome: 'waiting', balanced: true });
      expect([files(first), files(second)]).toEqual([
        { delivered: 3, waiting: 3 },
        { delivered: 3, unchanged: 3 },
      ]);
      expect(why.out).toContain('it is not known whether mueller has uploaded it by hand');
    },
  );

  it('is found in the evening after one in which the account could not be listed', async () => {
    await using at = await place(generation, of('mueller', GOLD));
    await uploadByHand(at.nomad, 'alice', { name: 'Paper 3', files: GOLD });
    at.nomad.outage = true;
    const first = await at.lab.evening();
    at.nomad.outage = false;

    expect([files(first), files(await at.lab.evening())]).toEqual([{ waiting: 3 }, { byHand: 3 }]);
  });

  it.each([
    ['the token may only write', 'token'],
    ['the destination says off', 'off'],
  ])('is not waited for after a failed look once %s', async (_why, change) => {
    await using at = await place(generation, of('mueller', GOLD), ', by_hand: size');
    at.nomad.outage = true;
    const first = await at.lab.evening();
    at.nomad.outage = false;
    if (change === 'token') await writeFile(join(at.lab.dir, 'tokens', 'mueller'), at.nomad.tokenOf('alice'));
    else
      await writeFile(
        at.lab.config,
        (await readFile(at.lab.config, 'utf8')).replace('by_hand: size', 'by_hand: off'),
      );

    expect([files(first), files(await at.lab.evening())]).toEqual([{ waiting: 3 }, { delivered: 3 }]);
  });

  it('is looked for piece by piece where there is more than one evening may ask for', async () => {
    await using at = await place(generation, of('mueller', GOLD), ', by_hand_requests: 4');
    await uploadByHand(at.nomad, 'alice', { name: 'Paper 3', files: GOLD });
    for (const name of ['later 1', 'later 2'])
      await uploadByHand(at.nomad, 'alice', { name, files: { 'x/other.tif': name } });

    const evenings = [await at.lab.evening(), await at.lab.evening(), await at.lab.evening()];

    expect(evenings.map(files)).toEqual([{ waiting: 3 }, { waiting: 3 }, { byHand: 3 }]);
  });

  it('is not what was taken out of the upload since it was listed', async () => {
    const held = { 'gold17/.nightjar.yaml': 'hold: "not yet"' };
    await using at = await place(generation, of('mueller', { ...GOLD, ...held, 'other/other.tif': 'other' }));
    const id = await uploadByHand(at.nomad, 'alice', { name: 'Paper 3', files: GOLD });
    const first = await at.lab.evening();
    await at.lab.share.put(of('mueller', { 'gold17/.nightjar.yaml': 'ready: true' }));
    at.nomad.fault = ({ method, path }) =>
      method === 'GET' && path === `/uploads/${id}/rawdir/` ? { kind: 'answer', status: 404 } : undefined;

    const second = await at.lab.evening();

    expect(files(first)).toEqual({ held: 3, delivered: 1 });
    expect(files(second)).toEqual({ delivered: 3, unchanged: 1 });
  });

  it('counts only with the same bytes where the destination says hash, and they are few enough', async () => {
    const other = { ...GOLD, 'gold17/raw/gold-b.tif': 'gold B, longer' };
    const standing = async (there: Readonly<Record<string, string>>, more: string) => {
      await using at = await place(generation, of('mueller', GOLD), more);
      await uploadByHand(at.nomad, 'alice', { name: 'Paper 3', files: there });
      const report = await at.lab.evening();
      return [files(report), report.byHand[0]?.kind];
    };

    expect(await standing(GOLD, ', by_hand: hash')).toEqual([{ byHand: 3 }, 'same']);
    expect(await standing(other, ', by_hand: hash')).toEqual([{ delivered: 3 }, 'some']);
    expect(await standing(other, '')).toEqual([{ byHand: 3 }, 'all']);
    expect(await standing(GOLD, ', by_hand: hash, by_hand_bytes: 19 B')).toEqual([{ delivered: 3 }, 'some']);
    expect(await standing(GOLD, ', by_hand: hash, by_hand_bytes: 20 B')).toEqual([{ byHand: 3 }, 'same']);
  });

  it('is not mistaken for a measurement of the same names and sizes', async () => {
    const twins = { 'gold-1/golden.tif': 'same size', 'gold-2/golden.tif': 'same size' };
    await using at = await place(generation, of('mueller', twins));
    await uploadByHand(at.nomad, 'alice', { name: 'Flat', files: { 'golden.tif': 'same size' } });

    expect(files(await at.lab.evening())).toEqual({ delivered: 2 });
  });
});
