import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Nights, nights } from './nights.ts';
import { type Generation, type NomadServer, startNomadServer, type UserName } from './nomad-server.ts';

/** The owners of the lab and their users on the platform; schmidt's token may only write. */
export const USERS = { mueller: 'alice', schmidt: 'bob', weber: 'user1', koch: 'user2' } as const;
export type OwnerName = keyof typeof USERS;

const FOLDERS = `rules:
  - match: "{instrument}/{owner}/{dataset}/**"
owners:
${Object.keys(USERS)
  .map((owner) => `  ${owner}: { nomad: { token: ${owner} } }`)
  .join('\n')}
collector: { nomad: { token: collector } }
`;

export type AccountLab = AsyncDisposable & {
  readonly nomad: NomadServer;
  readonly lab: Nights;
  /** Questions about what lies in accounts, of all owners or one. */
  readonly asked: (owner?: OwnerName) => number;
  /** Gives an owner another token. */
  readonly setToken: (owner: OwnerName, token: string) => Promise<void>;
};

/** A lab whose owners have tokens that may read what they have uploaded, but for schmidt. */
export async function accountLab(
  generation: Generation,
  files: Readonly<Record<string, string>>,
  more = '',
): Promise<AccountLab> {
  const nomad = await startNomadServer({ generation });
  nomad.unpublishedLimit = 300;
  const lab = await nights(files, {
    ...{ settle: '0s', folders: FOLDERS, extra: 'credentials: { dir: tokens }' },
    destinations: `{ nomad: { kind: nomad, base_url: "${nomad.url}"${more} } }`,
  });
  await mkdir(join(lab.dir, 'tokens'), { mode: 0o700 });
  const setToken = async (name: string, token: string): Promise<void> => {
    await writeFile(join(lab.dir, 'tokens', name), token, { mode: 0o600 });
  };
  const tokens = {
    mueller: tokenThatReads(nomad, 'alice'),
    weber: tokenThatReads(nomad, 'user1'),
    koch: tokenThatReads(nomad, 'user2'),
    schmidt: nomad.tokenOf('bob'),
    collector: nomad.tokenOf('collector'),
  };
  for (const [name, token] of Object.entries(tokens)) await setToken(name, token);
  const isOf = (owner: OwnerName | undefined, said: string): boolean =>
    owner === undefined || said.includes(tokens[owner]);
  return {
    ...{ nomad, lab, setToken },
    asked: (owner) =>
      nomad.requests.filter(
        ({ method, path, headers, query }) =>
          method === 'GET' &&
          path.startsWith('/uploads') &&
          isOf(owner, `${JSON.stringify(headers)} ${query.toString()}`),
      ).length,
    [Symbol.asyncDispose]: async () => {
      await lab[Symbol.asyncDispose]();
      await nomad.close();
    },
  };
}

/** What each generation has for it: an app token, or a personal access token with the right to read. */
function tokenThatReads(nomad: NomadServer, user: UserName): string {
  if (nomad.generation === 'v1.3') return nomad.appToken(user, 3600);
  const scopes = ['uploads:read', 'uploads:write'];
  return nomad.pats.create(nomad.userId(user), { name: 'nightjar', scopes, days: 30 }).raw;
}

/** A dataset of two files and an empty one; `no` gives it sizes that no other has. */
export const measurement = (name: string, no: number, letter = 'x'): Record<string, string> => ({
  [`${name}/${name}-a.tif`]: letter.repeat(1000 + no),
  [`${name}/raw/${name}-b.tif`]: letter.repeat(2000 + no),
  [`${name}/empty`]: '',
});

/** The same below the folder of an owner. */
export const of = (owner: string, files: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [`SEM1/${owner}/${path}`, text]));
