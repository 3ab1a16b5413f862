import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { appendFile, chmod, mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificateSigner } from '../../src/app/certificate-key.ts';
import { runCaptured } from '../support/cli-lab.ts';
import { type Lab, type LabOptions, startLab } from '../support/lab.ts';

const RUN = 'SEM1/mueller/run_1';

/** A lab whose evening has delivered three files of each of some runs; commands go through this process. */
type Delivered = AsyncDisposable & {
  readonly lab: Lab;
  readonly nightjar: (...args: readonly string[]) => ReturnType<typeof runCaptured>;
};

async function deliveredLab(runs: readonly string[], options: LabOptions = {}): Promise<Delivered> {
  const lab = await startLab(options);
  for (const run of runs) {
    await lab.put(`${run}/a.tif`, 'aaaa');
    await lab.put(`${run}/b.tif`, 'bbbb');
    await lab.put(`${run}/deep/c.tif`, 'cccc');
  }
  const nightjar: Delivered['nightjar'] = (...args) =>
    runCaptured(['--config', join(lab.root, 'nightjar.yaml'), ...args]);
  expect((await nightjar('run')).code).toBe(0);
  return { lab, nightjar, [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose]() };
}

type Line = Record<string, unknown>;
const linesOf = (file: string): Line[] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
const reasonsIn = (file: string): Record<string, string> =>
  Object.fromEntries(
    linesOf(file)
      .filter((line) => 'notSafe' in line && 'reason' in line)
      .map(({ notSafe, reason }) => [String(notSafe), String(reason)]),
  );

const MOVED = 'SEM1/mueller/run_moved';
const PUT_BACK = 'SEM1/mueller/run_back';

let shared: Delivered;
beforeAll(async () => {
  shared = await deliveredLab([RUN, MOVED, PUT_BACK]);
});
afterAll(async () => {
  await shared[Symbol.asyncDispose]();
});

describe('nightjar certificate', () => {
  it('of a folder that was delivered whole lists every file with its evidence, and ends with 0', async () => {
    const { lab, nightjar } = shared;
    const file = join(lab.root, 'run_1.jsonl');

    const said = await nightjar('certificate', RUN, '--out', file);

    expect(said).toMatchObject({ code: 0, err: '' });
    expect(said.out).toContain('Safe: 3 files');
    const [head, ...files] = linesOf(file);
    expect(head).toMatchObject({
      certificate: 'nightjar',
      safe: true,
      files: 3,
      notSafe: 0,
      evidence: { verified: 3 },
    });
    expect(files.slice(0, 3).map(({ path }) => path)).toEqual(['a.tif', 'b.tif', 'deep/c.tif']);
    expect(files[0]).toMatchObject({
      ...{ size: 4, owner: 'mueller', destination: 'archive', evidence: 'verified' },
      sha256: '61be55a8e2f6b4e172338bddf184d6dbee29c98853e0a0485ecee7f27b9af0b4',
      location: expect.stringContaining(lab.delivered) as string,
    });
    expect((await nightjar('history')).out).toContain('certificate.issued  lab:SEM1/mueller/run_1');
    expect((await nightjar('certificate', 'verify', file, '--folder', join(lab.share, RUN))).code).toBe(0);
  });

  it('names every file that is not safe, first and with its reason, and ends with 3', async () => {
    await using made = await deliveredLab([RUN], {
      folders: `rules:\n  - { match: "TEM/**", hold: "ask the manager" }\n  - match: "{instrument}/{owner}/{dataset}/**"\nowners: { mueller: {}, ada: { manual: true } }\ncollector: {}\n`,
    });
    const { lab, nightjar } = made;
    await lab.put(`${RUN}/new.tif`, 'new');
    await symlink('a.tif', join(lab.share, RUN, 'link.tif'));
    await writeFile(join(lab.share, RUN, 'b.tif'), 'BBBB, and longer');
    const c = join(lab.share, RUN, 'deep/c.tif');
    const { mtime, atime } = statSync(c);
    await writeFile(c, 'CCCC');
    await utimes(c, atime, mtime);
    await lab.put('TEM/x.tif', 'x');
    await lab.put('SEM1/ada/run_1/y.tif', 'y');
    const file = join(lab.root, 'share.jsonl');

    const said = await nightjar('certificate', lab.share, '--out', file);

    expect(said.code).toBe(3);
    expect(said.out).toMatch(/^NOT safe to delete: 7 files/);
    expect(linesOf(file)[0]).toMatchObject({ safe: false, files: 1, notSafe: 7 });
    expect(linesOf(file)[1]).toHaveProperty('notSafe');
    expect(reasonsIn(file)).toEqual({
      '.nightjar-share': expect.stringMatching(/left out|not delivered/) as string,
      [`${RUN}/new.tif`]: 'not delivered: it is in no batch',
      [`${RUN}/link.tif`]: expect.stringContaining('symbolic link') as string,
      [`${RUN}/b.tif`]: expect.stringMatching(/16 bytes, and 4 were delivered/) as string,
      [`${RUN}/deep/c.tif`]: expect.stringContaining('its content is not what was delivered') as string,
      'SEM1/ada/run_1/y.tif': 'not delivered by Nightjar: rule 2: ada uploads by hand',
      'TEM/x.tif': 'held, not delivered: rule 1: ask the manager',
    });
  });

  it('knows a folder that was moved after its delivery', async () => {
    const { lab, nightjar } = shared;
    await rename(join(lab.share, MOVED), join(lab.share, 'SEM1/mueller/run_renamed'));
    await nightjar('run');

    const said = await nightjar(
      'certificate',
      'SEM1/mueller/run_renamed',
      '--out',
      join(lab.root, 'moved.jsonl'),
    );

    expect(said).toMatchObject({ code: 0, out: expect.stringContaining('Safe: 3 files') as string });
  });

  it('of a batch that was put back is not given', async () => {
    const { lab, nightjar } = shared;
    await nightjar('requeue', '--path', PUT_BACK, '--state', 'delivered', '--yes');
    const file = join(lab.root, 'back.jsonl');

    const said = await nightjar('certificate', PUT_BACK, '--out', file);

    expect(said).toMatchObject({
      code: 3,
      out: expect.stringContaining('No file below it is safe.') as string,
    });
    expect((await nightjar('certificate', 'verify', file)).out).toContain('safe none; not safe 3 files');
    expect(Object.values(reasonsIn(file))).toEqual(
      Array.from({ length: 3 }, () => expect.stringMatching(/its batch b-\w+ is planned/) as string),
    );
  });

  it('of a folder without files certifies nothing, and of none says that there is none', async () => {
    const { lab, nightjar } = shared;
    await mkdir(join(lab.share, 'SEM1/empty'));

    expect((await nightjar('certificate', 'SEM1/empty', '--out', join(lab.root, 'e.jsonl'))).code).toBe(3);
    const none = await nightjar('certificate', 'SEM1/none');

    expect(none).toMatchObject({ code: 64, err: expect.stringContaining('there is no directory') as string });
  });

  it('that cannot be written says so in words', async () => {
    const { lab, nightjar } = shared;
    const file = join(lab.root, 'none/c.jsonl');

    const said = await nightjar('certificate', RUN, '--out', file);

    expect(said.code).toBe(64);
    expect(said.err).toContain(`write the certificate ${file}: there is no such file or directory (ENOENT)`);
  });

  it('is never written to a share, nor over a file', async () => {
    const { lab, nightjar } = shared;
    const before = readdirSync(join(lab.share, RUN));
    await writeFile(join(lab.root, 'there.jsonl'), 'mine');

    expect((await nightjar('certificate', RUN, '--out', join(lab.share, RUN, 'c.jsonl'))).code).toBe(64);
    expect((await nightjar('certificate', RUN, '--out', join(lab.root, 'there.jsonl'))).code).toBe(64);

    expect(readdirSync(join(lab.share, RUN))).toEqual(before);
    expect(readFileSync(join(lab.root, 'there.jsonl'), 'utf8')).toBe('mine');
  });

  it('of a share that is not proven is not given', async () => {
    const { lab, nightjar } = shared;
    const [marker, away] = [join(lab.share, '.nightjar-share'), join(lab.root, 'marker')];
    await rename(marker, away);

    const said = await nightjar('certificate', RUN, '--out', join(lab.root, 'unproven.jsonl'));
    await rename(away, marker);

    expect(said.err).toContain('SHARE_NOT_PROVEN');
    expect(existsSync(join(lab.root, 'unproven.jsonl'))).toBe(false);
  });

  it('is signed with a key that is for Nightjar alone, and refused with one that others can read', async () => {
    const { lab, nightjar } = shared;
    await nightjar('certificate', RUN, '--out', join(lab.root, 'key.jsonl'));
    const key = join(lab.root, 'state/certificate-key.pem');
    expect(statSync(key).mode & 0o777).toBe(0o600);

    await chmod(key, 0o640);

    const said = await nightjar('certificate', RUN, '--out', join(lab.root, 'd.jsonl'));
    await chmod(key, 0o600);

    expect(said).toMatchObject({ code: 78, err: expect.stringContaining('TOKEN_UNSAFE') as string });
  });
});

describe('nightjar certificate verify', () => {
  let lab: Lab;
  let file: string;
  const verify = (...args: string[]): ReturnType<typeof runCaptured> =>
    shared.nightjar('certificate', 'verify', ...args);
  beforeAll(async () => {
    ({ lab } = shared);
    file = join(lab.root, 'verified.jsonl');
    await shared.nightjar('certificate', RUN, '--out', file);
  });

  it('calls a key that is none, and a folder that is not there, a mistake of the command line', async () => {
    const noKey = await verify(file, '--key', file);
    const noFolder = await verify(file, '--folder', join(lab.root, 'none'));

    expect([noKey.code, noFolder.code]).toEqual([64, 64]);
    expect(noKey.err).toContain('it is no public key');
    expect(noFolder.err).toContain('there is no such directory');
  });

  it('needs nothing but the file and the public key', async () => {
    const alone = ['--config', '/nonexistent/nightjar.yaml', 'certificate', 'verify', file];
    const key = join(lab.root, 'state/certificate-key.pub.pem');

    const known = await runCaptured([...alone, '--key', key]);
    const unknown = await runCaptured(alone);

    expect(known).toMatchObject({
      code: 0,
      out: expect.stringContaining('signed with the known key') as string,
    });
    expect(known.out).toMatch(/certified \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC by /);
    expect(unknown).toMatchObject({ code: 3, out: expect.stringContaining('not known here') as string });
  });

  it('refuses one that was changed, was cut, or was signed by another Nightjar', async () => {
    const text = readFileSync(file, 'utf8');
    const body = text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1);
    const otherState = await mkdtemp(join(lab.root, 'other-'));
    const signature = certificateSigner(otherState).sign(Buffer.from(body));
    const bad = {
      changed: text.replace('"size":4', '"size":5'),
      cut: body,
      foreign: `${body}${JSON.stringify({ algorithm: 'ed25519', signature })}\n`,
      empty: '',
      other: 'a shopping list\n',
    };

    expect((await verify(file)).code).toBe(0);
    for (const [name, content] of Object.entries(bad)) {
      const forged = join(lab.root, `${name}.jsonl`);
      await writeFile(forged, content);
      const said = await verify(forged);
      expect([name, said.code]).toEqual([name, 78]);
      expect(said.err).toContain('CERTIFICATE_INVALID');
    }
  });

  it('says in words why it could not read a certificate', async () => {
    const there = await verify(lab.root);
    const none = await verify(join(lab.root, 'none.jsonl'));

    expect([there.code, none.code]).toEqual([64, 64]);
    expect(there.err).toContain('it is a directory');
    expect(none.err).toContain('none.jsonl: there is no such file or directory (ENOENT)');
  });

  it('says that the folder is as it was when it is', async () => {
    const said = await verify(file, '--folder', join(lab.share, RUN));

    expect(said).toMatchObject({
      code: 0,
      out: expect.stringContaining('looks as it was certified') as string,
    });
  });

  it.each([
    ['a file that is new', (dir: string) => writeFile(join(dir, 'late.tif'), 'late'), 'late.tif: it is new'],
    ['a file that is gone', (dir: string) => rm(join(dir, 'a.tif')), 'a.tif: it is gone'],
    ['a file that grew', (dir: string) => appendFile(join(dir, 'b.tif'), '!'), 'b.tif: it is another now'],
  ])('calls it void when the folder has %s', async (_what, change, told) => {
    const copy = await mkdtemp(join(lab.root, 'copy-'));
    execFileSync('cp', ['-a', `${join(lab.share, RUN)}/.`, copy]);
    await change(copy);

    const said = await verify(file, '--folder', copy);

    expect(said.code).toBe(3);
    expect(said.out).toContain('VOID: the folder has changed since (1 path)');
    expect(said.out).toContain(told);
  });
});
