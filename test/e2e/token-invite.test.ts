import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { Lab, Said } from '../support/lab.ts';
import { nomadLab } from '../support/nomad-lab.ts';
import { type NomadServer, startNomadServer } from '../support/nomad-server.ts';

const foldersFor = (mueller: string): string => `rules:
  - { match: "{instrument}/mueller/{dataset}/**", owner: mueller }
owners:
  mueller: { nomad: { token: mueller${mueller} } }
  schmidt: { nomad: { token: schmidt } }
collector: { nomad: { token: collector } }
`;

async function labAt(nomad: NomadServer, mueller = `, user_id: ${nomad.userId('alice')}`): Promise<Lab> {
  return await nomadLab(nomad, { folders: foldersFor(mueller), tokens: {} });
}

const tokensOf = async (lab: Lab): Promise<string[]> =>
  await readdir(join(lab.root, 'tokens')).catch(() => []);
const keysOf = async (lab: Lab): Promise<string[]> =>
  await readdir(join(lab.root, 'state', 'invitations')).catch(() => []);
const errorOf = ({ err }: Said): { code: string; message: string; hint: string } =>
  (
    JSON.parse(err.trim().split('\n').at(-1) ?? '') as {
      error: { code: string; message: string; hint: string };
    }
  ).error;

/** The owner pastes the command into a shell somewhere and types; nothing of ours is on the PATH. */
async function asOwner(command: string, typed: string): Promise<Said> {
  const env = { PATH: '/usr/bin:/bin', HOME: '/nonexistent' };
  const child = spawn('sh', ['-c', command], { env, stdio: 'pipe' });
  child.stdin.end(typed);
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: code as number | null, out, err };
}

describe.each(['v1.3', 'v1.4'] as const)(
  'an invitation to an owner with an account at NOMAD %s',
  (generation) => {
    it('lets the owner hand over the token alone: nobody between reads it, and it is good once', async () => {
      await using nomad = await startNomadServer({ generation });
      await using lab = await labAt(nomad);

      const invited = await lab.nightjar('token', 'invite', 'mueller');
      const [key = ''] = await keysOf(lab);
      const keyMode = (await stat(join(lab.root, 'state', 'invitations', key))).mode & 0o777;
      const handedOver = await asOwner(invited.out, 'alice\npw\n');
      // A mail client folds long lines and quotes them.
      const mailed = handedOver.out.replace(/(.{70})/g, '$1\n> ');
      const accepted = await lab.nightjarWith(mailed, 'token', 'accept', '--json');
      const again = await lab.nightjarWith(mailed, 'token', 'accept', '--json');

      expect([invited.code, handedOver.code, accepted.code]).toEqual([0, 0, 0]);
      expect(keyMode).toBe(0o600);
      expect(JSON.parse(accepted.out)).toMatchObject({
        ...{ owner: 'mueller', kind: 'upload', generation, userId: nomad.userId('alice') },
      });
      expect(await readFile(join(lab.root, 'tokens', 'mueller'), 'utf8')).toBe(`${nomad.tokenOf('alice')}\n`);
      expect((await stat(join(lab.root, 'tokens', 'mueller'))).mode & 0o777).toBe(0o600);
      expect(await keysOf(lab)).toEqual([]);
      expect(errorOf(again)).toMatchObject({
        code: 'USAGE',
        message: expect.stringContaining('used') as string,
      });
      const said = [invited, handedOver, accepted].map(({ out, err }) => out + err).join('');
      expect(said).not.toContain(nomad.tokenOf('alice'));
      expect(said).not.toContain(nomad.tokenOf('alice').split('.')[1]);
      expect(nomad.unexpected).toEqual([]);
      expect(nomad.uploads()).toEqual([]);
    });

    it('takes what the uploads page shows, for those who have no password', async () => {
      await using nomad = await startNomadServer({ generation });
      await using lab = await labAt(nomad);
      const token = nomad.tokenOf('alice');
      const shown =
        generation === 'v1.3'
          ? `curl -X POST "${nomad.url}/uploads?token=${token}" -T <local_file>`
          : `curl -X POST -H 'Upload-Token: ${token}' '${nomad.url}/uploads' -T <local_file>`;

      const invited = await lab.nightjar('token', 'invite', 'mueller');
      const handedOver = await asOwner(invited.out, `\n\npaste\n${shown}\n`);
      const accepted = await lab.nightjarWith(handedOver.out, 'token', 'accept');

      expect([handedOver.code, accepted.code]).toEqual([0, 0]);
      expect(await tokensOf(lab)).toEqual(['mueller']);
    });
  },
);

describe('an invitation', () => {
  it("refuses the token of anybody but its owner's account, and stays good for the right one", async () => {
    await using nomad = await startNomadServer();
    await using lab = await labAt(nomad);
    const invited = await lab.nightjar('token', 'invite', 'mueller');

    const wrong = await asOwner(invited.out, 'bob\npw\n');
    const refused = await lab.nightjarWith(wrong.out, 'token', 'accept', '--json');
    const right = await asOwner(invited.out, 'alice\npw\n');
    const accepted = await lab.nightjarWith(right.out, 'token', 'accept');

    expect(errorOf(refused)).toMatchObject({
      code: 'TOKEN_REJECTED',
      message: expect.stringContaining(`belongs to user ${nomad.userId('bob')}`) as string,
    });
    expect(accepted.code).toBe(0);
    expect(await readFile(join(lab.root, 'tokens', 'mueller'), 'utf8')).toContain(nomad.tokenOf('alice'));
  });

  it('guesses no account: where folders.yaml names none, a person says whose token it must be', async () => {
    await using nomad = await startNomadServer();
    await using lab = await labAt(nomad, '');
    const invited = await lab.nightjar('token', 'invite', 'mueller');
    const { out } = await asOwner(invited.out, 'alice\npw\n');

    const unsaid = await lab.nightjarWith(out, 'token', 'accept', '--json');
    const other = await lab.nightjarWith(out, 'token', 'accept', '--json', '--user-id', nomad.userId('bob'));
    const stored = await tokensOf(lab);
    const said = await lab.nightjarWith(out, 'token', 'accept', '--user-id', nomad.userId('alice'));

    expect(errorOf(unsaid)).toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining(`--user-id ${nomad.userId('alice')}`) as string,
    });
    expect(errorOf(other)).toMatchObject({ code: 'TOKEN_REJECTED' });
    expect(stored).toEqual([]);
    expect(said.code).toBe(0);
    expect(said.out).toContain(`user_id: ${nomad.userId('alice')}`);
  });

  it('ends: by its date, by a newer one, by being withdrawn; and a damaged answer ends nothing', async () => {
    await using nomad = await startNomadServer();
    await using lab = await labAt(nomad);
    const first = await lab.nightjar('token', 'invite', 'mueller');
    const replaced = await asOwner(first.out, 'alice\npw\n');
    const second = await lab.nightjar('token', 'invite', 'mueller');
    const good = await asOwner(second.out, 'alice\npw\n');
    const damaged = good.out.replace(
      /(:[0-9a-f]{16}:.{20})(.)/,
      (_, before: string, char: string) => `${before}${char === 'A' ? 'B' : 'A'}`,
    );

    const ofReplaced = await lab.nightjarWith(replaced.out, 'token', 'accept', '--json');
    const ofDamaged = await lab.nightjarWith(damaged, 'token', 'accept', '--json');
    const ofNothing = await lab.nightjarWith('hello\n', 'token', 'accept', '--json');
    const [key = ''] = await keysOf(lab);
    const file = join(lab.root, 'state', 'invitations', key);
    const kept = JSON.parse(await readFile(file, 'utf8')) as object;
    await writeFile(file, JSON.stringify({ ...kept, expiresAt: Date.now() - 1 }));
    const ofEnded = await lab.nightjarWith(good.out, 'token', 'accept', '--json');
    await lab.nightjar('token', 'invite', 'mueller');
    const withdrawn = await lab.nightjar('token', 'invite', 'mueller', '--withdraw');

    expect([ofReplaced, ofDamaged, ofNothing, ofEnded].map((said) => errorOf(said).code)).toEqual(
      Array(4).fill('USAGE'),
    );
    expect(errorOf(ofDamaged).message).toContain('cannot be opened');
    expect(withdrawn.code).toBe(0);
    expect(await keysOf(lab)).toEqual([]);
    expect(await tokensOf(lab)).toEqual([]);
  });

  it('tells the owner when the login fails, and prints nothing to send', async () => {
    await using nomad = await startNomadServer();
    await using lab = await labAt(nomad);
    const invited = await lab.nightjar('token', 'invite', 'mueller');

    const failed = await asOwner(invited.out, 'alice\nwrong\n');

    expect(failed).toMatchObject({ code: 1, out: '' });
    expect(failed.err).toContain('The login failed');
  });
});
