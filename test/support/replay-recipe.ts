import { renameSync } from 'node:fs';
import type { ShareNode } from './build-share.ts';
import { holdOpen } from './hold-open.ts';
import { type WatchedLab, watchedLab } from './watched-lab.ts';

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

/** What would go of the instrument's folder at one moment. `quiet`: after a long pause, had nothing but quiet been asked. */
export type Moment = {
  readonly when: string;
  readonly ready: readonly string[];
  readonly quiet?: readonly string[];
};
export type Replayed = {
  readonly moments: readonly Moment[];
  /** What would go after the last step, and all that is there then. */
  readonly end: readonly string[];
  readonly names: readonly string[];
};

/** An instrument in mid-replay. */
type Player = {
  readonly recipe: string;
  readonly steps: readonly Step[];
  readonly moments: Moment[];
  readonly names: Set<string>;
  next: number;
  /** It has paused in this round. */
  isResting: boolean;
  open: AsyncDisposable | undefined;
};

/**
 * Does what instruments do, on real files, each in its folder of one share, and looks after each step with the real
 * scanner. They go side by side: a round ends when each has come to a long pause, or to its end.
 */
export async function replayAll(
  replays: Readonly<Record<string, readonly Step[]>>,
): Promise<ReadonlyMap<string, Replayed>> {
  // One window for all, the longest: they must not settle while others are still writing.
  await using at = await watchedLab(foldersOf(Object.keys(replays)), { settle: '1h' });
  const players = Object.entries(replays).map(
    ([recipe, steps]): Player => ({
      ...{ recipe, steps, moments: [], names: new Set(), next: 0 },
      ...{ isResting: false, open: undefined },
    }),
  );
  while (players.some(isPlaying)) await playRound(at, players);
  at.clock.advance(at.settleMs);
  await at.look();
  const ready = at.ready();
  return new Map(
    players.map((player) => [
      player.recipe,
      { moments: player.moments, end: below(player, ready), names: [...player.names].sort() },
    ]),
  );
}

const foldersOf = (recipes: readonly string[]): string => `
rules:
${recipes
  .map(
    (recipe) => `  - match: "{instrument}/{owner}/{dataset}/**"
    instruments: [${recipe}]
    recipe: ${recipe}`,
  )
  .join('\n')}
owners: { mueller: {} }
collector: {}
`;

const isPlaying = ({ next, steps }: Player): boolean => next < steps.length;
const folderOf = ({ recipe }: Player): string => `${recipe}/mueller/run_17/`;

function below(player: Player, paths: readonly string[]): string[] {
  const folder = folderOf(player);
  return paths.flatMap((path) => (path.startsWith(folder) ? [path.slice(folder.length)] : [])).sort();
}

async function playRound(at: WatchedLab, players: readonly Player[]): Promise<void> {
  const inRound = players.filter(isPlaying);
  for (const player of inRound) player.isResting = false;
  for (
    let acting = inRound;
    acting.length > 0;
    acting = acting.filter((one) => isPlaying(one) && !one.isResting)
  ) {
    for (const player of acting) await doStep(at, player);
    await at.look();
    const ready = at.ready();
    for (const player of acting)
      player.moments.push({ when: `after step ${player.next}`, ready: below(player, ready) });
    at.clock.advance(at.settleMs / 3);
  }
  const resting = inRound.filter(({ isResting }) => isResting);
  if (resting.length === 0) return;
  at.clock.advance(at.settleMs);
  await at.look();
  const [ready, quiet] = [at.ready(), at.quiet()];
  for (const player of resting)
    player.moments.push({
      ...{ when: `in the pause after step ${player.next}`, ready: below(player, ready) },
      quiet: below(player, quiet),
    });
}

async function doStep(at: WatchedLab, player: Player): Promise<void> {
  const step = player.steps[player.next];
  if (step === undefined) return;
  await player.open?.[Symbol.asyncDispose]();
  player.open = undefined;
  const inRun = (name: string): string => `${folderOf(player)}${name}`;
  const puts = Object.entries(step.puts ?? {});
  await at.put(Object.fromEntries(puts.map(([name, node]) => [inRun(name), node])));
  for (const [name] of puts) player.names.add(name);
  if (step.renames !== undefined) {
    const [from, to] = step.renames;
    renameSync(at.lab.share.path(inRun(from)), at.lab.share.path(inRun(to)));
    player.names.delete(from);
    player.names.add(to);
  }
  if (step.hasOpen !== undefined) player.open = await holdOpen(at.lab.share.path(inRun(step.hasOpen)));
  player.isResting = step.thenPauses === true;
  player.next += 1;
}
