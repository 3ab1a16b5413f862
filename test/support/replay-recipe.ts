import { renameSync } from 'node:fs';
import { expect } from 'vitest';
import type { ShareNode } from './build-share.ts';
import { holdOpen } from './hold-open.ts';
import { type WatchedLab, watchedLab } from './watched-lab.ts';

/** The folder that the instrument writes in a replay. */
const RUN = 'SCOPE1/mueller/run_17';

/** One thing that the instrument does; paths are below its folder. */
export type Step = {
  readonly puts?: Readonly<Record<string, ShareNode>>;
  /** From the temporary name to the final one. */
  readonly renames?: readonly [from: string, to: string];
  /** The instrument has this file open until its next step. */
  readonly hasOpen?: string;
  /** Then nothing happens for longer than the settle window: only the recipe can know that it is not the end. */
  readonly thenPauses?: boolean;
};

/**
 * Does what an instrument does, on real files, and looks after each step with the real scanner: nothing may be ready
 * before the last step, and all of it after that has settled. In every long pause quiet alone would have sent
 * something: else the replay would show nothing about the recipe.
 */
export async function replay(recipe: string, steps: readonly Step[]): Promise<void> {
  await using at = await watchedLab(`
rules:
  - match: "{instrument}/{owner}/{dataset}/**"
    recipe: ${recipe}
owners: { mueller: {} }
collector: {}
`);
  const names = new Set<string>();
  for (const step of steps) await doStep(at, step, names);
  at.clock.advance(at.settleMs);
  await at.look();

  expect(at.ready()).toEqual([...names].map((name) => `${RUN}/${name}`).sort());
}

async function doStep(at: WatchedLab, step: Step, names: Set<string>): Promise<void> {
  const inRun = (name: string): string => `${RUN}/${name}`;
  const puts = Object.entries(step.puts ?? {});
  await at.put(Object.fromEntries(puts.map(([name, node]) => [inRun(name), node])));
  for (const [name] of puts) names.add(name);
  if (step.renames !== undefined) {
    const [from, to] = step.renames;
    renameSync(at.lab.share.path(inRun(from)), at.lab.share.path(inRun(to)));
    names.delete(from);
    names.add(to);
  }
  await using _ =
    step.hasOpen === undefined ? undefined : await holdOpen(at.lab.share.path(inRun(step.hasOpen)));
  await at.look();
  expect(at.ready()).toEqual([]);
  if (step.thenPauses !== true) return at.clock.advance(at.settleMs / 3);
  at.clock.advance(at.settleMs);
  await at.look();
  expect(at.quiet(), 'quiet alone').not.toEqual([]);
  expect(at.ready()).toEqual([]);
}
