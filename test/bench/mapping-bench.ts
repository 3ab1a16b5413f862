/** Whose a million files are, by five hundred rules, against one regular expression a path that is made beforehand. */
import { destinationName, ownerId } from '../../src/core/ids.ts';
import type { SharePath } from '../../src/core/share-path.ts';
import { type Assigner, createAssigner } from '../../src/ownership/assign-owner.ts';
import { alternate } from './measure.ts';

/** Seconds are medians, for all paths. */
export type MappingFigures = {
  readonly paths: number;
  readonly rules: number;
  /** Walked as the scanner does, directory by directory. */
  readonly assign: number;
  /** The same rules as one alternation with a named group for each, asked by `exec`: whose, but not why. */
  readonly expression: number;
};

const INSTRUMENTS = 250;
const PATHS_A_DIR = 50;
const OWNERS = 200;

/** Two rules for each of 250 instruments, one with a date; every path is decided by one of them. */
export async function mappingFigures(paths: number, rounds: number): Promise<MappingFigures> {
  const templates = Array.from({ length: INSTRUMENTS }, (_, n) => [
    `INST${n}/{owner}_{date:yyyyMMdd}_{sample}/**`,
    `INST${n}/{owner}/{dataset}/**`,
  ]).flat();
  const owners = Array.from({ length: OWNERS }, (_, n) => ({ id: ownerId(`owner${n}`), aliases: [] }));
  const mapping = {
    rules: templates.map((match, n) => ({ id: `rule ${n + 1}`, at: `folders.yaml:${n + 1}`, match })),
    ...{ owners, ignore: [], defaultSettleMs: 0, defaultDestination: destinationName('archive') },
  };
  const expression = new RegExp(`^(?:${templates.map(alternativeOf).join('|')})$`);
  const seconds = await alternate(
    {
      assign: async () => assignAll(createAssigner(mapping), paths),
      expression: async () => matchAll(expression, paths),
    },
    { rounds },
  );
  return { paths, rules: templates.length, ...seconds };
}

function alternativeOf(template: string, n: number): string {
  const parts = template
    .replace('{owner}', `(?<owner${n}>[^/_]+)`)
    .replace('{date:yyyyMMdd}', String.raw`\d{8}`)
    .replace(/\{\w+\}/g, '[^/]+');
  return parts.replace('**', '.+');
}

/** The n-th path: fifty files a directory, the owner's name in it. */
function pathOf(n: number): SharePath {
  const dir = Math.floor(n / PATHS_A_DIR);
  const owner = `owner${dir % OWNERS}`;
  const name = dir % 2 === 0 ? `${owner}_20261122_ZnO${dir}` : `${owner}/run_${dir}`;
  return `INST${dir % INSTRUMENTS}/${name}/image_${n}.tif` as SharePath;
}

function assignAll({ assign }: Assigner, paths: number): void {
  for (let n = 0; n < paths; n++) {
    const answer = assign(pathOf(n));
    if (answer.kind !== 'owned' || answer.owner === 'collector') throw new Error(`${pathOf(n)} is nobody's`);
  }
}

function matchAll(expression: RegExp, paths: number): void {
  for (let n = 0; n < paths; n++)
    if (expression.exec(pathOf(n)) === null) throw new Error(`${pathOf(n)} does not match`);
}
