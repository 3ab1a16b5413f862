import { existsSync, readFileSync, statSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { cliLab, runCaptured } from '../support/cli-lab.ts';
import { startNomadServer } from '../support/nomad-server.ts';
import { startRedis } from '../support/start-redis.ts';

async function tempDir(): Promise<{ readonly dir: string } & AsyncDisposable> {
  const dir = await mkdtemp(join(tmpdir(), 'nj-init-'));
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
}

type Findings = { about: string; level: string; message: string; cure?: string }[];

describe('nightjar init', () => {
  it('writes a start that check finds ready once the marker is there', async () => {
    await using temp = await tempDir();
    const [share, out, dir] = ['share', 'out', 'etc'].map((name) => join(temp.dir, name));
    await mkdir(join(share ?? '', 'SEM1'), { recursive: true });
    await mkdir(out ?? '');

    const made = await runCaptured([
      ...['init', dir ?? '', '--share', share ?? '', '--destination', out ?? ''],
    ]);
    const config = join(dir ?? '', 'nightjar.yaml');
    const before = await runCaptured(['check', '--config', config]);
    await writeFile(join(share ?? '', '.nightjar-share'), '');
    const after = await runCaptured(['check', '--config', config]);

    expect(made.code).toBe(0);
    expect(made.out).toContain(`touch ${share}/.nightjar-share`);
    expect(made.out).toContain('check');
    expect(made.out).toContain('plan');
    expect(statSync(join(dir ?? '', 'tokens')).mode & 0o777).toBe(0o700);
    expect(before.code).toBe(78);
    expect(before.out).toContain(`touch ${share}/.nightjar-share`);
    expect(after).toMatchObject({ code: 0 });
  });

  it('overwrites nothing, and makes nothing when a file is in the way', async () => {
    await using temp = await tempDir();
    await writeFile(join(temp.dir, 'folders.yaml'), 'mine');

    const answer = await runCaptured(['init', temp.dir]);

    expect(answer.code).toBe(64);
    expect(answer.err).toContain(join(temp.dir, 'folders.yaml'));
    expect(readFileSync(join(temp.dir, 'folders.yaml'), 'utf8')).toBe('mine');
    expect(existsSync(join(temp.dir, 'nightjar.yaml'))).toBe(false);
  });
});

describe('nightjar check', () => {
  it('finds everything well, and makes nothing', async () => {
    await using lab = await cliLab({ 'SEM1/mueller/run1/a.tif': 'a' });

    const answer = await lab.json('check');

    expect(answer).toMatchObject({ format: 1, ok: true });
    const abouts = (answer['findings'] as Findings).map(({ about }) => about);
    expect(abouts).toEqual([
      ...[
        'configuration',
        'state directory',
        'ledger',
        'share lab',
        'redis',
        'destination archive',
        'schedule',
      ],
    ]);
    expect(existsSync(lab.stateDir)).toBe(false);
  });

  it('tells every problem of the configuration at once', async () => {
    await using lab = await cliLab();
    await writeFile(lab.config, 'shares: { lab: { rot: /x } }\ndestinations: {}\nsetle: 1s\n');

    const answer = await lab.run('check');

    expect(answer.code).toBe(78);
    expect(answer.out.match(/PROBLEM/g)?.length).toBeGreaterThanOrEqual(3);
    expect(answer.out).toContain('did you mean');
  });

  it('goes on past a ledger that cannot be read', async () => {
    await using lab = await cliLab({ 'SEM1/a': '' });
    await mkdir(lab.stateDir, { mode: 0o700 });
    await writeFile(
      join(lab.stateDir, 'ledger.db'),
      'this is no database, and long enough to be seen as one'.repeat(99),
    );

    const { ok, findings } = await lab.json('check');

    expect(ok).toBe(false);
    expect(findings).toContainEqual(expect.objectContaining({ about: 'ledger', level: 'problem' }));
    expect(findings).toContainEqual(expect.objectContaining({ about: 'share lab', level: 'ok' }));
  });

  it('warns of a state directory that others can enter', async () => {
    await using lab = await cliLab({ 'SEM1/a': '' });
    openLedger(lab.stateDir).close();
    await chmod(lab.stateDir, 0o755);

    const answer = await lab.run('check');

    expect(answer.code).toBe(0);
    expect(answer.out).toContain(`chmod 700 ${lab.stateDir}`);
    expect(answer.out).toContain('Ready, with 1 warning.');
  });

  it('names an outside Redis that does not answer', async () => {
    await using lab = await cliLab({ 'SEM1/a': '' }, { extra: `redis: { url: "redis://127.0.0.1:1/0" }\n` });

    const { findings } = await lab.json('check');

    expect(findings).toContainEqual(
      expect.objectContaining({
        about: 'redis',
        level: 'problem',
        message: expect.stringContaining('127.0.0.1:1'),
      }),
    );
  });

  it('finds an outside Redis that answers and takes no write', async () => {
    await using redis = await startRedis();
    const port = await redis.listen();
    await using lab = await cliLab(
      { 'SEM1/a': '' },
      { extra: `redis: { url: "redis://127.0.0.1:${port}/0" }\n` },
    );
    const well = await lab.json('check');
    await redis.set('maxmemory', '1');

    const full = await lab.json('check');

    expect(well['findings']).toContainEqual(expect.objectContaining({ about: 'redis', level: 'ok' }));
    expect(full['findings']).toContainEqual(
      expect.objectContaining({
        about: 'redis',
        level: 'problem',
        message: expect.stringContaining('OOM'),
        cure: expect.stringContaining('raise its limit'),
      }),
    );
  });

  it('asks the platform with the token of everyone whose data can go there', async () => {
    await using nomad = await startNomadServer();
    await using lab = await cliLab({ 'SEM1/a': '' });
    const tokens = join(lab.dir, 'tokens');
    await mkdir(tokens, { mode: 0o700 });
    const users = ['mueller', 'collector'] as const;
    for (const name of users) await writeFile(join(tokens, name), nomad.tokenOf('alice'), { mode: 0o600 });
    await writeFile(
      lab.config,
      `state_dir: ${lab.stateDir}\nshares: { lab: { root: ${lab.share.root} } }\ndestinations: { nomad: { kind: nomad, base_url: "${nomad.url}" } }\nschedule: { evening: "20:00" }\n`,
    );
    await writeFile(
      join(lab.dir, 'folders.yaml'),
      'rules:\n  - match: "{instrument}/{owner}/**"\nowners:\n  mueller: { nomad: { token: mueller } }\n  chen: { nomad: { token: chen } }\ncollector: { nomad: { token: collector } }\n',
    );

    const answer = await lab.json('check');

    const level = (about: string) =>
      (answer['findings'] as Findings).find((finding) => finding.about === about)?.level;
    for (const owner of ['mueller', 'chen', 'collector'])
      expect(level(`token of ${owner} at nomad`)).toBe('problem');
    expect(JSON.stringify(answer)).toContain('ACCOUNT_SHARED');
    expect(JSON.stringify(answer)).toContain('same account as that of mueller');
    expect(JSON.stringify(answer)).not.toContain(nomad.tokenOf('alice'));
    expect(nomad.uploads()).toEqual([]);
  });
});
