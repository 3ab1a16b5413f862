import { appendFile, mkdir, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Accounts } from '../support/check-truth.ts';
import type { Random } from './random.ts';

export const OWNERS = ['mueller', 'schmidt', 'chen', 'garcia'] as const;

/** Who an owner of the share is on the platform. */
export const ACCOUNT = {
  mueller: 'alice',
  schmidt: 'bob',
  chen: 'user1',
  garcia: 'user2',
} as const satisfies Accounts & Record<(typeof OWNERS)[number], string>;

/** What the instruments did on one day: new datasets, late files, new versions, deleted files, moved folders, files that are away for days. */
export async function changeShare(share: string, day: number, random: Random): Promise<string[]> {
  const done: string[] = [];
  for (let n = random.between(1, 4); n > 0; n--) done.push(await addDataset(share, `day${day}_${n}`, random));
  if (random.chance(0.5)) done.push(...(await bringBack(share)));
  const old = await datasets(share);
  for (const dataset of old.filter(() => random.chance(0.15)))
    done.push(await changeDataset(share, dataset, day, random));
  return done;
}

async function datasets(share: string): Promise<string[]> {
  const found: string[] = [];
  for (const owner of OWNERS)
    for (const name of await readdir(join(share, 'SEM1', owner)).catch(() => []))
      found.push(`SEM1/${owner}/${name}`);
  return found;
}

async function addDataset(share: string, name: string, random: Random): Promise<string> {
  const owner = random.pick(OWNERS);
  const dir = join(share, 'SEM1', owner, name);
  await mkdir(join(dir, 'raw ü'), { recursive: true });
  const files = random.between(1, 8);
  for (let n = 0; n < files; n++) {
    const file = join(dir, random.chance(0.3) ? 'raw ü' : '.', `img ${n}.tif`);
    // Never empty, never alike: the same bytes twice at the destination are then a file sent twice.
    await writeFile(
      file,
      random.bytes(random.chance(0.1) ? random.between(60_000, 200_000) : random.between(20, 4_000)),
    );
  }
  return `new ${owner}/${name} (${files} files)`;
}

const awayFrom = (share: string): string => `${share}.elsewhere`;

/** Files that were taken away come back as they were, where their folder is still there. */
async function bringBack(share: string): Promise<string[]> {
  const away = awayFrom(share);
  const names = await readdir(away).catch(() => []);
  const back: string[] = [];
  for (const name of names) {
    const path = decodeURIComponent(name);
    const isBack = await rename(join(away, name), join(share, path)).then(
      () => true,
      () => false,
    );
    if (isBack) back.push(`${path} is back`);
  }
  return back;
}

async function takeAway(share: string, path: string): Promise<void> {
  await mkdir(awayFrom(share), { recursive: true });
  await rename(join(share, path), join(awayFrom(share), encodeURIComponent(path)));
}

/** What is moved and has another time too is another file by all that is known of it, and is sent: never both of one dataset. */
const doneTo = new Map<string, 'move' | 'touch'>();

function mayDo(what: 'move' | 'touch', share: string, dataset: string): boolean {
  const key = join(share, dataset.replaceAll(/_moved\d+/g, ''));
  if (!doneTo.has(key)) doneTo.set(key, what);
  return doneTo.get(key) === what;
}

async function changeDataset(share: string, name: string, day: number, random: Random): Promise<string> {
  const dir = join(share, name);
  const files = (await readdir(dir, { withFileTypes: true })).filter((entry) => entry.isFile());
  const [some] = files;
  switch (random.pick(['late', 'version', 'delete', 'grow', 'move', 'away', 'touch'])) {
    case 'version':
      if (some !== undefined) await writeFile(join(dir, some.name), random.bytes(random.between(20, 4_000)));
      return `another version of ${name}/${some?.name}`;
    case 'grow':
      if (some !== undefined) await appendFile(join(dir, some.name), random.bytes(50));
      return `${name}/${some?.name} grew`;
    case 'delete':
      if (files.length > 1 && some !== undefined) await rm(join(dir, some.name));
      return `${name}/${some?.name} deleted`;
    case 'away':
      if (files.length > 1 && some !== undefined) await takeAway(share, `${name}/${some.name}`);
      return `${name}/${some?.name} taken away`;
    case 'touch': {
      const now = new Date();
      if (!mayDo('touch', share, name)) return `${name} left alone`;
      if (some !== undefined) await utimes(join(dir, some.name), now, now);
      return `${name}/${some?.name} touched`;
    }
    case 'move':
      if (!mayDo('move', share, name)) return `${name} left alone`;
      await rename(dir, `${dir}_moved${day}`);
      return `${name} moved`;
    default:
      await writeFile(join(dir, `late ${day}.dat`), random.bytes(random.between(20, 4_000)));
      return `a late file in ${name}`;
  }
}
