import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { follow, type Line } from '../support/follow.ts';
import type { Lab, Said } from '../support/lab.ts';
import { type NomadLab, nomadLab } from '../support/nomad-lab.ts';
import { type NomadServer, startNomadServer } from '../support/nomad-server.ts';

const FOLDERS = `rules:
  - { match: "{instrument}/mueller/{dataset}/**", owner: mueller }
  - { match: "{instrument}/schmidt/{dataset}/**", owner: schmidt }
owners:
  mueller: { aliases: [jm], nomad: { token: mueller } }
  schmidt: { nomad: { token: schmidt } }
  chen: {}
collector: { nomad: { token: collector } }
`;

async function labAt(nomad: NomadServer, folders = FOLDERS): Promise<NomadLab> {
  return await nomadLab(nomad, { folders, tokens: {} });
}

const tokenIn = async (lab: Lab, name: string): Promise<string> =>
  (await readFile(join(lab.root, 'tokens', name), 'utf8')).trim();
const errorOf = ({ err }: Said): { code: string; message: string; hint: string } =>
  (
    JSON.parse(err.trim().split('\n').at(-1) ?? '') as {
      error: { code: string; message: string; hint: string };
    }
  ).error;

describe.each(['v1.3', 'v1.4'] as const)('enrolling at NOMAD %s', (generation) => {
  it('turns a password into the upload token of that user, stored for Nightjar alone, and an evening uses it', async () => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await labAt(nomad);

    const said = await lab.nightjarWith('pw\n', 'token', 'enrol', 'jm', '--user', 'alice', '--json');

    expect(said).toMatchObject({ code: 0 });
    expect(JSON.parse(said.out)).toMatchObject({
      ...{ owner: 'mueller', kind: 'upload', generation, userId: nomad.userId('alice'), expiresAt: null },
    });
    expect(await tokenIn(lab, 'mueller')).toBe(nomad.tokenOf('alice'));
    expect((await stat(join(lab.root, 'tokens', 'mueller'))).mode & 0o777).toBe(0o600);
    expect(await readdir(join(lab.root, 'tokens'))).toEqual(['mueller']);
    expect(said.out + said.err).not.toContain(nomad.tokenOf('alice'));
    expect(nomad.unexpected).toEqual([]);
    expect(nomad.uploads()).toEqual([]);
    await lab.put('SEM1/mueller/gold/a.tif', 'a');
    expect((await lab.evening()).deliveries).toMatchObject([{ owner: 'mueller', evidence: 'confirmed' }]);
  });

  it('takes an access token or a copied upload token as well, and names the line that folders.yaml lacks', async () => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await labAt(nomad);

    const byAccess = await lab.nightjarWith(
      `${nomad.userId('bob')}\n`,
      'token',
      'enrol',
      'schmidt',
      '--access-token',
    );
    const pasted = await lab.nightjarWith(`${nomad.tokenOf('alice')}\n`, 'token', 'enrol', 'chen', '--paste');

    expect([byAccess.code, pasted.code]).toEqual([0, 0]);
    expect(await tokenIn(lab, 'schmidt')).toBe(nomad.tokenOf('bob'));
    expect(await tokenIn(lab, 'chen')).toBe(nomad.tokenOf('alice'));
    expect(pasted.out).toContain(`chen: { nomad: { token: chen, user_id: ${nomad.userId('alice')} } }`);
  });

  it('stores nothing that could bring data into a wrong account', async () => {
    await using nomad = await startNomadServer({ generation });
    const folders = FOLDERS.replace('token: schmidt', `token: schmidt, user_id: ${nomad.userId('bob')}`);
    await using lab = await labAt(nomad, folders);
    await lab.drop('collector', nomad.tokenOf('collector'));
    const enrol = async (token: string, owner: string): Promise<Said> =>
      await lab.nightjarWith(token, 'token', 'enrol', owner, '--paste', '--json');

    const wrongPassword = await lab.nightjarWith(
      'no\n',
      'token',
      'enrol',
      'mueller',
      '--user',
      'alice',
      '--json',
    );
    const somebodyElse = await enrol(nomad.tokenOf('alice'), 'schmidt');
    const shared = await enrol(nomad.tokenOf('collector'), 'mueller');
    const dead = await enrol(`${nomad.tokenOf('alice').slice(0, -2)}zz`, 'mueller');
    const nobody = await enrol(nomad.tokenOf('alice'), 'muller');

    expect(errorOf(wrongPassword)).toMatchObject({ code: 'TOKEN_REJECTED' });
    expect(wrongPassword.code).toBe(78);
    expect(errorOf(somebodyElse).message).toContain(`not to ${nomad.userId('bob')}`);
    expect(errorOf(shared)).toMatchObject({
      code: 'ACCOUNT_SHARED',
      message: expect.stringContaining('already that of collector'),
    });
    expect(errorOf(dead)).toMatchObject({ code: 'TOKEN_REJECTED' });
    expect(errorOf(nobody)).toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('mueller') as string,
    });
    expect(await readdir(join(lab.root, 'tokens'))).toEqual(['collector']);
  });
});

describe('the tokens of a lab', () => {
  it('are told offline: kind, generation, whose, until when, and every reason not to use one', async () => {
    await using nomad = await startNomadServer({ generation: 'v1.4' });
    await using lab = await labAt(nomad);
    await lab.drop('mueller', nomad.tokenOf('alice'));
    await lab.drop('schmidt', nomad.tokenOf('alice'));
    await lab.drop('collector', nomad.appToken('collector', -10));
    const before = nomad.requests.length;

    const said = await lab.nightjar('token', 'inspect', '--json');

    const tokens = (JSON.parse(said.out) as { tokens: { owner: string; problem?: { message: string } }[] })
      .tokens;
    const problem = (owner: string): string | undefined =>
      tokens.find((one) => one.owner === owner)?.problem?.message;
    expect(said.code).toBe(3);
    expect(tokens[0]).toMatchObject({ kind: 'upload', generation: 'v1.4', userId: nomad.userId('alice') });
    expect(problem('mueller')).toContain('same account as that of schmidt');
    expect(problem('schmidt')).toContain('same account as that of mueller');
    expect(problem('collector')).toContain('the app token has ended');
    expect(nomad.requests.length).toBe(before);
    expect(said.out).not.toContain(nomad.tokenOf('alice'));
  });

  it("refuse the administrator's, also in the middle of deliveries", async () => {
    await using nomad = await startNomadServer();
    await using lab = await nomadLab(nomad, {
      folders: FOLDERS,
      tokens: { mueller: nomad.tokenOf('admin') },
      block: `admin_user_ids: [${nomad.userId('admin')}]`,
    });
    await lab.put('SEM1/mueller/gold/a.tif', 'a');

    const inspected = await lab.nightjar('token', 'inspect', 'mueller');
    const report = await lab.evening();

    expect(inspected.out).toContain('administrator');
    expect(report).toMatchObject({ outcome: 'attention', deliveries: [] });
    expect(nomad.uploads()).toEqual([]);
  });
});

describe('a token that is no longer wanted', () => {
  it('is removed from this host after a preview, and is said to live on at the platform', async () => {
    await using nomad = await startNomadServer({ generation: 'v1.4' });
    await using lab = await labAt(nomad, FOLDERS.replace('schmidt: {', 'schmidt: { manual: true,'));
    await lab.nightjarWith('pw\n', 'token', 'enrol', 'mueller', '--user', 'alice', '--pat');
    await lab.drop('schmidt', nomad.tokenOf('bob'));
    const byHand = await lab.nightjar('token', 'remove', 'schmidt');

    const preview = await lab.nightjar('token', 'remove', 'jm');
    const kept = await readdir(join(lab.root, 'tokens'));
    const removed = await lab.nightjar('token', 'remove', 'jm', '--yes');
    const again = await lab.nightjar('token', 'remove', 'jm', '--yes', '--json');

    expect(preview.out).toContain('Would remove');
    expect(preview.out).toContain('Data of mueller is held');
    expect(byHand.out).toContain('schmidt uploads by hand, so nothing changes');
    expect(kept.toSorted()).toEqual(['mueller', 'schmidt']);
    expect(removed.out).toContain(`personal access token ${nomad.pats.all()[0]?.id} is revoked there`);
    expect(await readdir(join(lab.root, 'tokens'))).toEqual(['schmidt']);
    expect(JSON.parse(again.out)).toMatchObject({ found: false, done: false });
  });
});

describe('a personal access token', () => {
  it('is made with the least scopes, delivers, is remembered with its end, and is exchanged by a login', async () => {
    await using nomad = await startNomadServer({ generation: 'v1.4' });
    await using lab = await labAt(nomad);
    const enrolled = await lab.nightjarWith(
      'pw\n',
      ...['token', 'enrol', 'mueller', '--user', 'alice', '--pat', '--days', '20', '--json'],
    );
    const [pat] = nomad.pats.all();

    expect(enrolled.code).toBe(0);
    expect(JSON.parse(enrolled.out)).toMatchObject({ kind: 'pat', expiresAt: pat?.expiredAt });
    expect(pat?.scopes).toEqual(['uploads:write']);
    await lab.put('SEM1/mueller/gold/a.tif', 'a');
    expect((await lab.evening()).deliveries).toMatchObject([{ owner: 'mueller', evidence: 'confirmed' }]);
    const checked = await lab.nightjar('token', 'check', 'mueller');
    expect(checked.out).toContain('ends in 20 days');

    const rotated = await lab.nightjarWith('pw\n', 'token', 'rotate', 'mueller', '--user', 'alice', '--json');

    expect(rotated.code).toBe(0);
    expect(nomad.pats.all().map(({ revoked }) => revoked)).toEqual([true, false]);
    expect(await tokenIn(lab, 'mueller')).toBe(nomad.pats.all()[1]?.raw);
    expect(nomad.requests.every(({ headers }) => headers['upload-token'] === undefined)).toBe(true);
  });

  it('that fails to be exchanged after the old one was revoked says so in these words', async () => {
    await using nomad = await startNomadServer({ generation: 'v1.4' });
    await using lab = await labAt(nomad);
    await lab.nightjarWith('pw\n', 'token', 'enrol', 'mueller', '--user', 'alice', '--pat', '--days', '300');
    const alsoHers = await lab.nightjarWith(
      nomad.tokenOf('alice'),
      'token',
      'enrol',
      'schmidt',
      '--paste',
      '--json',
    );
    expect(errorOf(alsoHers).message).toContain('already that of mueller');
    const refused = await lab.nightjarWith('no\n', 'token', 'rotate', 'mueller', '--user', 'alice', '--json');
    expect(errorOf(refused).message).not.toContain('dead');
    nomad.fault = ({ path }) =>
      path.endsWith('/rotate') ? { kind: 'answer', status: 503, body: '{"detail": "not now"}' } : undefined;
    const untouched = await lab.nightjarWith(
      'pw\n',
      'token',
      'rotate',
      'mueller',
      '--user',
      'alice',
      '--json',
    );
    expect(errorOf(untouched).message).toContain('The old token still works');
    nomad.fault = undefined;
    nomad.pats.settings.longestDays = 90;

    const rotated = await lab.nightjarWith('pw\n', 'token', 'rotate', 'mueller', '--user', 'alice', '--json');

    expect(errorOf(rotated).message).toContain('The old token is dead');
    expect(errorOf(rotated).hint).toContain('nightjar token enrol mueller --pat');
  });

  it('is none that the older platform has, and an upload token is none that can be exchanged', async () => {
    await using nomad = await startNomadServer({ generation: 'v1.3' });
    await using lab = await labAt(nomad);

    const none = await lab.nightjarWith(
      'pw\n',
      'token',
      'enrol',
      'mueller',
      '--user',
      'alice',
      '--pat',
      '--json',
    );
    await lab.nightjarWith('pw\n', 'token', 'enrol', 'mueller', '--user', 'alice');
    const fixed = await lab.nightjarWith('pw\n', 'token', 'rotate', 'mueller', '--user', 'alice', '--json');

    expect(errorOf(none).hint).toContain('leave out --pat');
    expect(errorOf(fixed)).toMatchObject({ code: 'USAGE' });
  });
});

describe('the daemon', () => {
  it('says which tokens would not do as soon as it starts, and which ends soon', async () => {
    await using nomad = await startNomadServer({ generation: 'v1.4' });
    await using lab = await labAt(nomad);
    await lab.nightjarWith('pw\n', 'token', 'enrol', 'mueller', '--user', 'alice', '--pat', '--days', '7');
    await lab.drop('schmidt', `${nomad.tokenOf('bob').slice(0, -2)}zz`);
    await lab.drop('collector', nomad.tokenOf('collector'));

    const serve = follow(lab, 'serve');
    await serve.says('tokens.checked');
    await serve.stop();

    const said = (msg: string): Line[] => serve.lines().filter((line) => line.msg === msg);
    expect(said('token.refused')).toMatchObject([{ owner: 'schmidt', error: { code: 'TOKEN_REJECTED' } }]);
    expect(said('token.ends')).toMatchObject([{ owner: 'mueller', days: 7 }]);
    expect(said('tokens.checked')).toMatchObject([{ checked: 3, refused: 1 }]);
  });
});
