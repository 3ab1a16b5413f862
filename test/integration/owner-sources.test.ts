import { once } from 'node:events';
import { chownSync, symlinkSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { type Lab, startLab } from '../support/lab.ts';

const OWNERS = 'owners:\n  mueller: { aliases: [Jana Müller] }\n  chen: {}\ncollector: {}\n';

const delivered = ({ deliveries }: RunReport): string[] =>
  deliveries.map(({ owner, dataset }) => `${owner} ${dataset}`).toSorted();

const heldIn = ({ notes }: RunReport): Record<string, string> =>
  Object.fromEntries(
    notes.filter(({ code }) => code !== undefined).map(({ where, reason }) => [where, reason]),
  );

/** A resolver on loopback that answers by dataset; it keeps what it was asked. */
async function startResolver(answers: Record<string, () => { status: number; body?: unknown }>) {
  const asked: URLSearchParams[] = [];
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '/', 'http://x').searchParams;
    asked.push(query);
    const { status, body } = answers[query.get('dataset') ?? '']?.() ?? { status: 404 };
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(body === undefined ? '' : JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    asked,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/owner`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('a sidecar', () => {
  const folders = `rules:
  - match: "{instrument}/{session}/**"
    owner_from: [sidecar]
    sidecar: { file: "*.json", field: user.name }
  - match: "{instrument}/{session}/{file}.log"
    owner: chen
${OWNERS}`;

  it('names the owner of its dataset, and what it cannot name is held or goes on to the next rule, never guessed', async () => {
    await using lab = await startLab({ folders });
    const sidecar = (dir: string, name: string): Promise<void> =>
      lab.put(`SEM1/${dir}/meta.json`, JSON.stringify({ user: { name } }));
    await sidecar('good', 'Jana Müller');
    await lab.put('SEM1/good/deep/a.tif', 'a');
    await sidecar('stranger', 'Nobody Known');
    await lab.put('SEM1/torn/meta.json', '{"user": {"name": "muel');
    await lab.put('SEM1/huge/meta.json', ' '.repeat(70_000));
    await lab.put('SEM1/empty/a.log', 'x');
    await sidecar('two', 'mueller');
    await lab.put('SEM1/two/other.json', '{"user": {"name": "chen"}}');
    await writeFile(join(lab.root, 'secret.json'), '{"user": {"name": "mueller"}}');
    await lab.put('SEM1/link/a.tif', 'a');
    symlinkSync(join(lab.root, 'secret.json'), join(lab.share, 'SEM1/link/meta.json'));

    const report = await lab.evening();
    const explained = await lab.nightjar('explain', 'SEM1/good/deep/a.tif');
    const held = heldIn(report);

    expect(report.balanced).toBe(true);
    expect(delivered(report)).toEqual(['chen SEM1/empty', 'collector SEM1/link', 'mueller SEM1/good']);
    expect(held['SEM1/stranger/meta.json']).toContain("no owner called 'Nobody Known'");
    expect(held['SEM1/torn/meta.json']).toContain('it is neither JSON nor YAML');
    expect(held['SEM1/huge/meta.json']).toContain('it has 70000 bytes, expected at most 65536');
    expect(held['SEM1/two/meta.json']).toContain("several files name different people: 'mueller' and 'chen'");
    expect(explained.out).toContain("sidecar: 'Jana Müller' is 'mueller'");
  });

  it('is read again when it is another, and what was delivered is told, not moved', async () => {
    await using lab = await startLab({ folders });
    await lab.put('SEM1/run/meta.json', '{"user": {"name": "mueller"}}');
    await lab.put('SEM1/run/a.tif', 'a');
    const first = await lab.evening();
    await lab.put('SEM1/run/meta.new', '{"user": {"name": "chen"}}');
    await rename(join(lab.share, 'SEM1/run/meta.new'), join(lab.share, 'SEM1/run/meta.json'));
    await lab.put('SEM1/run/b.tif', 'b');

    const second = await lab.evening();

    expect(delivered(first)).toEqual(['mueller SEM1/run']);
    expect(new Set(delivered(second))).toEqual(new Set(['chen SEM1/run']));
    expect(second.buckets.unchanged.files).toBe(1);
    expect(second.ownerChanges).toMatchObject([
      { where: 'SEM1/run', deliveredFor: 'mueller', now: 'chen', files: 1, bytes: 1 },
    ]);
  });

  it('of plain text names the owner in a line', async () => {
    const byLine = folders.replace(
      '{ file: "*.json", field: user.name }',
      '{ file: info.txt, line: "Operator:{owner}" }',
    );
    await using lab = await startLab({ folders: byLine });
    await lab.put('SEM1/run/info.txt', 'Date: 1/2\r\nOperator: chen\r\n');
    await lab.put('SEM1/both/info.txt', 'Operator: chen\nOperator: mueller\n');

    const report = await lab.evening();

    expect(delivered(report)).toEqual(['chen SEM1/run']);
    expect(heldIn(report)['SEM1/both/info.txt']).toContain("it names 'chen' and 'mueller'");
  });
});

describe.runIf(process.getuid?.() === 0)('the file system’s own owner', () => {
  const folders = `rules:
  - match: "{instrument}/{owner}/**"
    owner_from: [path, uid, gid]
uids: { 51003: mueller }
gids: { 52001: chen }
${OWNERS}`;
  const put = async (lab: Lab, path: string, uid: number, gid: number): Promise<void> => {
    await lab.put(path, path);
    chownSync(join(lab.share, path), uid, gid);
  };

  it('is asked after the path, by number, and a number in no table is nobody', async () => {
    await using lab = await startLab({ folders });
    await put(lab, 'SEM1/chen/a.tif', 51003, 0);
    await put(lab, 'SEM1/shared/b.tif', 51003, 52001);
    await put(lab, 'SEM1/other/c.tif', 51999, 52001);
    await put(lab, 'SEM1/none/d.tif', 51999, 51999);

    const report = await lab.evening();
    const explained = await lab.nightjar('explain', 'SEM1/none/d.tif');

    expect(delivered(report)).toEqual([
      'chen SEM1/chen',
      'chen SEM1/other',
      'collector SEM1/none',
      'mueller SEM1/shared',
    ]);
    expect(explained.out).toContain('uid: 51999 is not in the table uids');
  });

  it('trap 7: is looked for without sending anything again that went before the rule asked for it', async () => {
    await using lab = await startLab({ folders: `rules:\n  - match: "{instrument}/{owner}/**"\n${OWNERS}` });
    await put(lab, 'SEM1/chen/a.tif', 51003, 0);
    const first = await lab.evening();
    await writeFile(join(lab.root, 'folders.yaml'), folders);
    await put(lab, 'SEM1/chen/b.tif', 51003, 0);

    const second = await lab.evening();

    expect([first, second].map(delivered)).toEqual([['chen SEM1/chen'], ['chen SEM1/chen']]);
    expect(second.buckets).toMatchObject({ unchanged: { files: 1 }, delivered: { files: 1 } });
  });

  it('holds what its sources name differently, where they have to agree', async () => {
    await using lab = await startLab({
      folders: folders.replace('[path, uid, gid]', '[path, uid]\n    agree: true'),
    });
    await put(lab, 'SEM1/chen/a.tif', 51003, 0);
    await put(lab, 'SEM1/mueller/b.tif', 51003, 0);

    const report = await lab.evening();

    expect(delivered(report)).toEqual(['mueller SEM1/mueller']);
    expect(heldIn(report)['SEM1/chen/a.tif']).toContain("path: 'chen' is 'chen'; uid: 51003 is 'mueller'");
  });
});

describe('a resolver', () => {
  const folders = (url: string): string => `rules:
  - match: "{instrument}/{session}/**"
    owner_from: [http]
resolver: { url: "${url}", timeout: 5s, lifetime: 1d }
${OWNERS}`;

  it('is asked once a dataset with what the path tells, and its answer is kept', async () => {
    await using resolver = await startResolver({
      'SEM1/s1': () => ({ status: 200, body: { owner: 'mueller' } }),
      'SEM1/s2': () => ({ status: 200, body: { owner: null } }),
    });
    await using lab = await startLab({ folders: folders(resolver.url) });
    for (const path of ['SEM1/s1/a.tif', 'SEM1/s1/sub/b.tif', 'SEM1/s2/c.tif', 'SEM1/s3/d.tif'])
      await lab.put(path, path);

    const report = await lab.evening();
    const asked = resolver.asked.length;
    await lab.put('SEM1/s1/later.tif', 'x');
    const second = await lab.evening();

    expect(delivered(report)).toEqual(['collector SEM1/s2', 'collector SEM1/s3', 'mueller SEM1/s1']);
    expect(asked).toBe(3);
    expect(Object.fromEntries(resolver.asked[0] ?? [])).toEqual({
      ...{ share: 'lab', dataset: 'SEM1/s1', rule: 'rule 1', instrument: 'SEM1', session: 's1' },
    });
    expect(delivered(second)).toEqual(['mueller SEM1/s1']);
    expect(resolver.asked).toHaveLength(3);
  });

  it('that is down, late, or answers nonsense holds the data, and is not asked by the thousand', async () => {
    let broken = true;
    const answer = () => (broken ? { status: 503 } : { status: 200, body: { owner: 'chen' } });
    await using resolver = await startResolver(
      Object.fromEntries(['s1', 's2', 's3', 's4', 's5'].map((name) => [`SEM1/${name}`, answer])),
    );
    await using lab = await startLab({ folders: folders(resolver.url) });
    for (const name of ['s1', 's2', 's3', 's4', 's5']) await lab.put(`SEM1/${name}/a.tif`, name);

    const down = await lab.evening();
    const asked = resolver.asked.length;
    broken = false;
    const up = await lab.evening();

    expect(delivered(down)).toEqual([]);
    expect(down.buckets.held.files).toBe(5);
    expect(heldIn(down)['SEM1/s1/a.tif']).toContain('it answered 503');
    expect(heldIn(down)['SEM1/s5/a.tif']).toContain('it is not asked for some minutes after 3 failures');
    expect(asked).toBe(3);
    expect(delivered(up)).toHaveLength(5);
  });

  it('whose answer is nobody known holds the data with the nearest name', async () => {
    await using resolver = await startResolver({
      'SEM1/s1': () => ({ status: 200, body: { owner: 'muller' } }),
    });
    await using lab = await startLab({ folders: folders(resolver.url) });
    await lab.put('SEM1/s1/a.tif', 'a');

    const report = await lab.evening();

    expect(heldIn(report)['SEM1/s1/a.tif']).toContain("no owner called 'muller', nearest known: 'mueller'");
  });
});
