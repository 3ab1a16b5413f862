import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cliLab } from '../support/cli-lab.ts';
import { type NomadServer, startNomadServer, type UserName } from '../support/nomad-server.ts';

const FOLDERS = `rules:
  - { name: Open, match: "TEM/{owner}/**", publish: true }
owners:
  mueller: { nomad: { token: mueller } }
  schmidt: { nomad: { token: schmidt } }
  chen: { nomad: { token: chen } }
collector: { nomad: { token: collector } }
`;

/** A lab whose only rule publishes; stored tokens by name. */
async function publishingLab(nomad: NomadServer, tokens: Readonly<Record<string, string>>) {
  const block = `kind: nomad, base_url: "${nomad.url}", publish: irreversible`;
  const lab = await cliLab({}, { folders: FOLDERS, destinations: `{ nomad: { ${block} } }` });
  const dir = join(lab.dir, 'tokens');
  await mkdir(dir, { mode: 0o700 });
  const stored = { ...tokens, collector: nomad.tokenOf('collector') };
  for (const [name, token] of Object.entries(stored))
    await writeFile(join(dir, name), token, { mode: 0o600 });
  return lab;
}

it('check names the owners whose token may not publish what a rule publishes, and asks only about an upload that is not there', async () => {
  await using nomad = await startNomadServer({ generation: 'v1.4' });
  const pat = (user: UserName, ...scopes: string[]): string =>
    nomad.pats.create(nomad.userId(user), { name: 'x', scopes }).raw;
  await using lab = await publishingLab(nomad, {
    mueller: pat('alice', 'uploads:write', 'uploads:read'),
    schmidt: pat('bob', 'uploads:write', 'uploads:publish'),
    chen: pat('user1', 'uploads:write', 'uploads:read', 'uploads:publish'),
  });
  const level = async (owner: string): Promise<unknown> => {
    const { findings } = await lab.json('token', 'check', owner);
    return (findings as readonly Record<string, unknown>[]).map(({ level, message }) => [level, message]);
  };

  expect(await level('mueller')).toEqual([
    [
      'warning',
      expect.stringMatching(/may not publish, as Open asks for: .*Missing scopes: .*uploads:publish/),
    ],
  ]);
  expect(await level('schmidt')).toEqual([
    ['warning', expect.stringMatching(/may not publish, as Open asks for: .*Missing scopes: .*uploads:read/)],
  ]);
  expect(await level('chen')).toEqual([['ok', expect.stringContaining('takes the')]]);

  nomad.fault = ({ path }) => (path.endsWith('/publish') ? { kind: 'answer', status: 503 } : undefined);
  expect(await level('chen')).toEqual([
    ['warning', expect.stringContaining('nobody can tell whether it may publish')],
  ]);

  expect(nomad.uploads()).toEqual([]);
  const asked = nomad.requests.map(({ method, path }) => `${method} ${path}`);
  expect(new Set(asked.filter((one) => one.includes('/uploads')))).toEqual(
    new Set(['PUT /uploads/anything/raw/', 'GET /uploads/anything', 'POST /uploads/anything/action/publish']),
  );
});

it('check takes an app token of the older generation for one that may publish, and an upload token for one that never may', async () => {
  await using nomad = await startNomadServer({ generation: 'v1.3' });
  await using lab = await publishingLab(nomad, {
    mueller: nomad.appToken('alice', 3600 * 24 * 29),
    schmidt: nomad.tokenOf('bob'),
  });

  const { out } = await lab.run('token', 'check');

  expect(out).not.toContain('data of mueller is delivered, and stays unpublished');
  expect(out).toContain('data of schmidt is delivered, and stays unpublished (an upload token never may)');
  expect(nomad.uploads()).toEqual([]);
});
