import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { BUCKETS } from '../../src/nightly/judge.ts';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { type AccountLab, accountLab, measurement, of } from '../support/account-lab.ts';
import { addByHand, uploadByHand } from '../support/upload-by-hand.ts';

const GOLD = measurement('gold17', 1);

const files = ({ buckets }: RunReport): Record<string, number> =>
  Object.fromEntries(
    BUCKETS.map((bucket) => [bucket, buckets[bucket].files]).filter(
      ([bucket, n]) => n !== 0 && bucket !== 'excluded',
    ),
  );

/** Where each file of mueller's datasets stands now: "byHand 3", "unchanged 1 byHand 2". */
async function standing({ lab }: AccountLab, ...datasets: string[]): Promise<Record<string, string>> {
  const said: Record<string, string> = {};
  for (const name of datasets) {
    const { buckets } = await lab.json('explain', `SEM1/mueller/${name}`);
    said[name] = Object.entries(buckets as RunReport['buckets'])
      .flatMap(([bucket, amount]) => (amount.files === 0 ? [] : [`${bucket} ${amount.files}`]))
      .join(' ');
  }
  return said;
}

const omit = (all: Readonly<Record<string, string>>, path: string): Record<string, string> =>
  Object.fromEntries(Object.entries(all).filter(([one]) => one !== path));

describe.each(['v1.3', 'v1.4'] as const)('what an owner has uploaded by hand to NOMAD %s', (generation) => {
  it('is known every evening, whole or in part, and never mistaken for what is new, changed or somebody else’s', async () => {
    const [part, later, grows, forced, odd, taken] = [
      'slab17',
      'late17',
      'grow17',
      'want17',
      'ruby17',
      'held17',
    ].map((name, at) => measurement(name, 10 + at)) as [
      typeof GOLD,
      typeof GOLD,
      typeof GOLD,
      typeof GOLD,
      typeof GOLD,
      typeof GOLD,
    ];
    const twins = { 'gold-1/20261101_gold.tif': 'same size', 'gold-2/20261101_gold.tif': 'same size' };
    const mine = { ...GOLD, ...part, ...later, ...grows, ...forced, ...odd, ...taken, ...twins };
    await using at = await accountLab(generation, {
      ...of('mueller', { ...mine, 'held17/.nightjar.yaml': 'hold: "not yet"' }),
      ...of('schmidt', measurement('steel17', 30)),
    });
    const put = (name: string, all: Readonly<Record<string, string>>) =>
      uploadByHand(at.nomad, 'alice', { name, files: all });
    at.nomad.publish(await put('Paper 3', GOLD));
    await put('Slab', omit(part, 'slab17/slab17-a.tif'));
    const [laterId, growsId] = [await put('Later', later), await put('Grows', grows)];
    await put('Forced', forced);
    await put('Other bytes', measurement('ruby17', 14, 'y'));
    const takenId = await put('Taken', taken);
    await put('Flat', { '20261101_gold.tif': 'same size' });
    const changed = measurement('zinc17', 40);
    await put('Changed', changed);
    await at.lab.share.put(of('mueller', { ...changed, 'zinc17/zinc17-a.tif': 'z'.repeat(1040) }));
    await uploadByHand(at.nomad, 'bob', { name: 'Steel', files: measurement('steel17', 30) });

    const first = await at.lab.evening();

    expect(await standing(at, 'gold17', 'slab17', 'late17', 'grow17', 'want17', 'ruby17')).toEqual({
      ...{ gold17: 'byHand 3', slab17: 'delivered 3', late17: 'byHand 3', grow17: 'byHand 3' },
      ...{ want17: 'byHand 3', ruby17: 'byHand 3' },
    });
    expect(await standing(at, 'gold-1', 'gold-2', 'zinc17', 'held17')).toMatchObject({
      ...{ 'gold-1': 'delivered 1', 'gold-2': 'delivered 1', zinc17: 'delivered 3' },
      held17: expect.stringContaining('held 3'),
    });
    expect(first.buckets.byHand.files + first.buckets.delivered.files).toBe(15 + 8 + 3);
    expect(first.byHand.find(({ where }) => where.endsWith('slab17'))).toMatchObject({
      ...{ kind: 'some', files: 1, ofFiles: 3, upload: 'Slab' },
    });
    const { out } = await at.lab.run('explain', 'SEM1/mueller/slab17/slab17-a.tif');
    expect(out).toContain('1 of its 3 files by name and size');
    const folder = await at.lab.run('explain', 'SEM1/mueller');
    expect(folder.out).toMatch(/^ {2}Hand +SEM1\/mueller\/gold17: by hand, in ".+" \(http/m);
    expect(at.asked('schmidt'), 'a token that may only write').toBe(0);

    await at.lab.share.put(
      of('mueller', {
        ...{ 'late17/late17-a.tif': 'L'.repeat(1011), 'grow17/grow17-c.tif': 'c'.repeat(3012) },
        'held17/.nightjar.yaml': 'ready: true',
      }),
    );
    await addByHand(at.nomad, 'alice', { id: laterId, files: { 'notes.txt': 'later than the change' } });
    await addByHand(at.nomad, 'alice', { id: growsId, files: { 'grow17/grow17-c.tif': 'c'.repeat(3012) } });
    at.nomad.fault = ({ method, path }) =>
      method === 'GET' && path === `/uploads/${takenId}/rawdir/`
        ? { kind: 'answer', status: 404 }
        : undefined;
    const force = await at.lab.run('force', 'SEM1/mueller/want17', '--reason', 'asked for it', '--yes');

    await at.lab.evening();

    expect(force.out).toContain('goes with the next run');
    expect(await standing(at, 'gold17', 'late17', 'grow17', 'want17', 'held17')).toEqual({
      ...{ gold17: 'byHand 3', late17: 'delivered 1 byHand 2', grow17: 'byHand 4', want17: 'delivered 3' },
      // Listed and not there: whether it was uploaded by hand is open, so it waits, and nothing else does.
      held17: 'waiting 3 excluded 1',
    });

    at.nomad.fault = undefined;
    at.nomad.removeUpload(takenId);
    await at.lab.share.put(of('mueller', { 'grow17/grow17-d.tif': 'd'.repeat(4012) }));
    await at.lab.evening();

    expect(await standing(at, 'grow17', 'want17', 'held17')).toEqual({
      ...{ grow17: 'delivered 1 byHand 4', want17: 'unchanged 3', held17: 'delivered 3 excluded 1' },
    });
    const asked = at.asked();

    const quiet = await at.lab.evening();

    expect(quiet).toMatchObject({ outcome: 'done', balanced: true, byHand: [] });
    expect(await standing(at, 'gold17')).toEqual({ gold17: 'byHand 3' });
    expect(at.asked() - asked, 'a list of uploads, and nothing more').toBe(1);
    expect(at.nomad.unexpected).toEqual([]);
  });

  it('is found among more uploads and files than one page has', async () => {
    await using at = await accountLab(generation, of('mueller', GOLD));
    const many = Object.fromEntries(Array.from({ length: 600 }, (_, no) => [`gold17/z${no}`, '']));
    await uploadByHand(at.nomad, 'alice', { name: 'Paper 3', files: { ...many, ...GOLD } });
    const others = Array.from({ length: 201 }, (_, no) => ({ name: `${no}`, files: {} }));
    await Promise.all(others.map((one) => uploadByHand(at.nomad, 'alice', one)));

    expect(files(await at.lab.evening())).toEqual({ byHand: 3 });
  });

  it('waits while the account answers nothing of use, is sent after some evenings, and nobody else waits', async () => {
    const answers = [
      ['mueller', { status: 200, body: '<html>Log in</html>' }],
      ['weber', { status: 401, body: '{"detail":"Authorization required."}' }],
      ['koch', { status: 500, body: 'oops' }],
    ] as const;
    const names = answers.map(([owner]) => owner);
    const all = ['schmidt', ...names].flatMap((owner) => Object.entries(of(owner, GOLD)));
    await using at = await accountLab(generation, Object.fromEntries(all), ', by_hand_evenings: 2');
    const tokens = new Map(
      await Promise.all(
        answers.map(async ([owner, answer]) => {
          const token = await readFile(`${at.lab.dir}/tokens/${owner}`, 'utf8');
          return [token, answer] as const;
        }),
      ),
    );
    at.nomad.fault = ({ method, path, headers }) => {
      if (method !== 'GET' || path !== '/uploads') return undefined;
      const said = JSON.stringify(headers);
      for (const [token, answer] of tokens) if (said.includes(token)) return { kind: 'answer', ...answer };
      return undefined;
    };

    const first = await at.lab.evening();
    const why = await Promise.all(names.map((owner) => at.lab.run('why', '--owner', owner)));
    const second = await at.lab.evening();

    expect(first).toMatchObject({ outcome: 'waiting', balanced: true });
    expect([files(first), files(second)]).toEqual([
      { delivered: 3, waiting: 9 },
      { delivered: 9, unchanged: 3 },
    ]);
    for (const [index, owner] of names.entries())
      expect(why[index]?.out).toContain(`it is not known whether ${owner} has uploaded it by hand`);
  });

  it('is found in the evening after a failed look, and not waited for once the token may only write', async () => {
    await using at = await accountLab(generation, { ...of('mueller', GOLD), ...of('weber', GOLD) });
    await uploadByHand(at.nomad, 'alice', { name: 'Paper 3', files: { ...of('mueller', GOLD) } });
    at.nomad.outage = true;
    const first = await at.lab.evening();
    at.nomad.outage = false;
    await at.setToken('weber', at.nomad.tokenOf('user1'));

    expect([files(first), files(await at.lab.evening())]).toEqual([
      { waiting: 6 },
      { delivered: 3, byHand: 3 },
    ]);
  });

  it('is neither looked for nor waited for where the destination says off', async () => {
    await using at = await accountLab(generation, of('mueller', GOLD), ', by_hand: size');
    await uploadByHand(at.nomad, 'alice', { name: 'Paper 3', files: GOLD });
    at.nomad.outage = true;
    const first = await at.lab.evening();
    at.nomad.outage = false;
    const text = await readFile(at.lab.config, 'utf8');
    await writeFile(at.lab.config, text.replace('by_hand: size', 'by_hand: off'));
    const asked = at.asked();

    expect([files(first), files(await at.lab.evening())]).toEqual([{ waiting: 3 }, { delivered: 3 }]);
    expect(at.asked()).toBe(asked);
  });

  it('is looked for piece by piece where there is more than one evening may ask for', async () => {
    await using at = await accountLab(generation, of('mueller', GOLD), ', by_hand_requests: 4');
    await uploadByHand(at.nomad, 'alice', { name: 'Paper 3', files: GOLD });
    for (const name of ['later 1', 'later 2'])
      await uploadByHand(at.nomad, 'alice', { name, files: { 'x/other.tif': name } });

    const evenings = [await at.lab.evening(), await at.lab.evening(), await at.lab.evening()];

    expect(evenings.map(files)).toEqual([{ waiting: 3 }, { waiting: 3 }, { byHand: 3 }]);
  });

  it('counts only with the same bytes where the destination says hash, whatever it is called, and few enough', async () => {
    const [frames, blank] = [
      { 'run_2/frame_1.tif': 'f'.repeat(1500), 'run_2/frame_2.tif': 'g'.repeat(1500) },
      { 'run_1/frame_1.tif': '0'.repeat(1600), 'run_1/frame_2.tif': '0'.repeat(1600) },
    ];
    const [differs, large] = [measurement('agate17', 50), measurement('tin17', 60)];
    const tree = of('mueller', { ...differs, ...GOLD, ...frames, ...blank, ...large });
    // Downloaded: the smallest file of agate17, gold17, the blanks, the frames; and then not one byte more.
    const bytes = 1050 + 3002 + 3200 + 3000;
    await using at = await accountLab(generation, tree, `, by_hand: hash, by_hand_bytes: ${bytes} B`);
    const flat = { 'x/frame_1.tif': 'f'.repeat(1500), 'x/frame_2.tif': 'g'.repeat(1500) };
    const flatBlank = { 'y/frame_1.tif': '0'.repeat(1600), 'y/frame_2.tif': '0'.repeat(1600) };
    const there = { ...measurement('agate17', 50, 'y'), ...GOLD, ...flat, ...flatBlank, ...large };
    await uploadByHand(at.nomad, 'alice', { name: 'Paper 3', files: there });

    const report = await at.lab.evening();

    expect(await standing(at, 'agate17', 'gold17', 'run_1', 'run_2', 'tin17')).toEqual({
      ...{ agate17: 'delivered 3', gold17: 'byHand 3', run_1: 'delivered 2', run_2: 'byHand 2' },
      tin17: 'delivered 3',
    });
    expect(report.byHand.map(({ where, kind }) => `${where.slice('SEM1/mueller/'.length)} ${kind}`)).toEqual([
      ...['agate17 some', 'gold17 same', 'run_2 same', 'tin17 some'],
    ]);
  });
});
