import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SharedFile } from './compare-accounts.ts';

/** Owners of the small lab, and who they are on the platform. */
export const USERS_OF_OWNERS: Readonly<Record<string, string>> = {
  mueller: 'alice',
  schmidt: 'bob',
  garcia: 'user1',
  collector: 'collector',
};

export type MisbehavingLab = { readonly config: string; readonly files: readonly SharedFile[] };

type LabWish = {
  readonly root: string;
  readonly url: string;
  readonly tokens: Readonly<Record<string, string>>;
  readonly readAs: string | undefined;
};

/** Instrument, owner as the folder says, dataset, files. The guest is nobody's, so the collector's. */
const DATASETS: readonly (readonly [string, string, string, number])[] = [
  ['SEM1', 'mueller', 'gold_particles', 6],
  ['SEM1', 'mueller', 'silver_wires', 4],
  ['TEM', 'mueller', 'lamella_3', 5],
  ['XRD', 'mueller', 'quartz', 1],
  ['SEM1', 'schmidt', 'steel_fracture', 5],
  ['SEM1', 'schmidt', 'weld_seam', 4],
  ['TEM', 'schmidt', 'precipitates', 3],
  ['SEM1', 'garcia', 'pollen', 6],
  ['XRD', 'garcia', 'zeolite', 2],
  ['TEM', 'garcia', 'virus_grid', 4],
  ['SEM1', 'visitor_2026', 'overview', 3],
];

/** A share of three owners and a guest, and the configuration that delivers it to the platform. Made anew each time. */
export function buildMisbehavingLab({ root, url, tokens, readAs }: LabWish): MisbehavingLab {
  for (const made of ['share', 'state', 'tokens']) rmSync(join(root, made), { recursive: true, force: true });
  const share = join(root, 'share');
  const files = DATASETS.flatMap(([instrument, folder, dataset, count]) =>
    Array.from({ length: count }, (_, n) =>
      put(share, `${instrument}/${folder}/${dataset}/frame_${n + 1}.tif`),
    ),
  );
  writeFileSync(join(share, '.nightjar-share'), 'the demo of a platform that misbehaves\n');
  mkdirSync(join(root, 'tokens'), { mode: 0o700 });
  for (const [owner, user] of Object.entries(USERS_OF_OWNERS))
    writeFileSync(join(root, 'tokens', owner), tokens[user] ?? '', { mode: 0o600 });
  const config = join(root, 'nightjar.yaml');
  writeFileSync(config, nightjarYaml(root, url, readAs));
  writeFileSync(join(root, 'folders.yaml'), FOLDERS_YAML);
  return { config, files };
}

/** Bytes that are every file's own, so that each is found by its hash. */
function put(share: string, path: string): SharedFile {
  const file = join(share, path);
  const bytes = Buffer.alloc(20_000 + path.length * 1_500, `${path}\n`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
  const folder = path.split('/')[1] ?? '';
  return {
    path,
    owner: folder in USERS_OF_OWNERS ? folder : 'collector',
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}

function nightjarYaml(root: string, url: string, readAs: string | undefined): string {
  const path = (name: string): string => JSON.stringify(join(root, name));
  return `# The demo's configuration. A real one waits minutes where this waits fractions of a second.
state_dir: ${path('state')}
shares:
  lab:
    root: ${path('share')}
${readAs === undefined ? '' : `    read_as: ${readAs}   # started as root: whoever reads the share is not\n`}destinations:
  nomad:
    kind: nomad
    base_url: ${JSON.stringify(url)}
credentials: { dir: ${path('tokens')} }
settle: 1s
deliveries: { retry_limit: 12, retry_first: 300ms, retry_max: 2s, probe_first: 1s, probe_max: 2s }
`;
}

const FOLDERS_YAML = `rules:
  - match: "{instrument}/{owner}/{dataset}/**"
owners:
${Object.keys(USERS_OF_OWNERS)
  .filter((owner) => owner !== 'collector')
  .map((owner) => `  ${owner}: { nomad: { token: ${owner} } }\n`)
  .join('')}collector: { nomad: { token: collector } }
`;
