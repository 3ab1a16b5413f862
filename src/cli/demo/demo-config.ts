import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type DemoPlaces = {
  readonly root: string;
  readonly share: string;
  readonly delivered: string;
  readonly config: string;
};

/** Writes the demo's own configuration: a share, a folder as destination, and a mapping with every kind of rule. */
export function writeDemoConfig(root: string, readAs: string | undefined): DemoPlaces {
  const places = {
    root,
    share: join(root, 'share'),
    delivered: join(root, 'delivered'),
    config: join(root, 'nightjar.yaml'),
  };
  for (const dir of [root, places.share, places.delivered]) mkdirSync(dir, { recursive: true, mode: 0o755 });
  writeFileSync(places.config, nightjarYaml(places, readAs));
  writeFileSync(join(root, 'folders.yaml'), FOLDERS_YAML);
  return places;
}

function nightjarYaml({ root, share, delivered }: DemoPlaces, readAs: string | undefined): string {
  return `# The demo's configuration. A real one settles for 20 minutes and more, not for seconds.
state_dir: ${JSON.stringify(join(root, 'state'))}
shares:
  lab:
    root: ${JSON.stringify(share)}
${readAs === undefined ? '' : `    read_as: ${readAs}   # started as root: whoever reads the share is not\n`}destinations:
  archive:
    kind: directory
    root: ${JSON.stringify(delivered)}
settle: 5s
schedule:
  evening: "20:00"
`;
}

const FOLDERS_YAML = `# First match wins; two rules with an equal claim are never guessed between.
rules:
  - match: "TEM/service/**"
    hold: "service data: ask the manager"
  - match: "XRD/{owner}_{date:yyyyMMdd}_{sample}/**"
  - match: "Raman/{owner}_{partner}_{sample}/**"
  - match: "Raman/{partner}_{owner}_{sample}/**"
  - match: "{instrument}/{owner}/{dataset}/**"
owners:
  mueller: { aliases: [jmueller] }
  schmidt: {}
  garcia: {}
collector: {}
`;
