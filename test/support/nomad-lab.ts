import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Lab, type LabOptions, startLab } from './lab.ts';
import type { NomadServer, UserName } from './nomad-server.ts';

/** Each owner below a directory of the owner's name; `token` is the name of the stored token as well. */
export const NOMAD_FOLDERS = `rules:
  - match: "{instrument}/{owner}/{dataset}/**"
owners:
  mueller: { nomad: { token: mueller } }
  schmidt: { nomad: { token: schmidt } }
collector: { nomad: { token: collector } }
`;

export type NomadLab = Lab & {
  /** Stores a token under a name, in place of one that is there. */
  readonly drop: (name: string, token: string) => Promise<void>;
};

export type NomadLabOptions = Omit<LabOptions, 'destinations'> & {
  /** Further keys of the destination's block, as `join: dataset, max_upload: 1 MB`. */
  readonly block?: string;
  /** Stored tokens by name; default: mueller has alice's upload token, schmidt bob's, collector the collector's. */
  readonly tokens?: Readonly<Record<string, string>>;
};

/** A lab that delivers to this NOMAD alone. Disposing leaves the NOMAD. */
export async function nomadLab(
  nomad: Pick<NomadServer, 'url' | 'tokenOf'>,
  { block = '', tokens, extra = '', ...options }: NomadLabOptions = {},
): Promise<NomadLab> {
  const lab = await startLab({
    folders: NOMAD_FOLDERS,
    ...options,
    destinations: `  nomad: { kind: nomad, base_url: ${JSON.stringify(nomad.url)}, ${block} }`,
    extra: `credentials: { dir: tokens }\n${extra}`,
  });
  const dir = join(lab.root, 'tokens');
  const drop = async (name: string, token: string): Promise<void> => {
    await mkdir(dir, { mode: 0o700, recursive: true });
    await writeFile(join(dir, name), token, { mode: 0o600 });
  };
  const stored = tokens ?? {
    mueller: nomad.tokenOf('alice'),
    schmidt: nomad.tokenOf('bob'),
    collector: nomad.tokenOf('collector'),
  };
  for (const [name, token] of Object.entries(stored)) await drop(name, token);
  return { ...lab, drop };
}

/** An upload token of the same user that the platform does not take: its signature is none. */
export const deadToken = (token: string): string =>
  `${token.slice(0, -2)}${token.endsWith('AA') ? 'BB' : 'AA'}`;

/** A bearer that may deliver: an app token, or a personal access token where the platform has those. */
export const bearerOf = (nomad: NomadServer, user: UserName): string =>
  nomad.generation === 'v1.3'
    ? nomad.appToken(user, 3600)
    : nomad.pats.create(nomad.userId(user), { name: 'x', scopes: ['uploads:write'] }).raw;
