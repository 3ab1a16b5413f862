import type { NomadServer } from './nomad-server.ts';

/** Every .tif file in the raw files of all uploads, by its path, sorted. */
export async function imagesIn(nomad: NomadServer): Promise<string[]> {
  const paths = await Promise.all(
    nomad.uploads().map(async ({ id }) => [...(await nomad.filesOf(id)).keys()]),
  );
  return paths
    .flat()
    .filter((path) => path.endsWith('.tif'))
    .toSorted();
}
