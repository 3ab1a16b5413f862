import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { EngineEvent } from '../../src/app/engine.ts';
import { systemClock } from '../../src/core/clock.ts';
import { IngestError } from '../../src/core/errors.ts';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { cliLab } from '../support/cli-lab.ts';
import { engineEvening } from '../support/engine-evening.ts';
import { imagesIn } from '../support/images-in.ts';
import { type NomadServer, startNomadServer } from '../support/nomad-server.ts';

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('left out: mounting a small file system needs root');

const FOLDERS = `rules: [{ match: "{instrument}/{owner}/{dataset}/**" }]
owners: { mueller: { nomad: { token: mueller } } }
collector: { nomad: { token: collector } }
`;

/** Leaves no room, or no inode, on the file system; answers how to give it back. */
const FILLS = {
  room: (dir: string) => {
    const { bavail, bsize } = statfsSync(dir);
    writeFileSync(join(dir, 'filler'), Buffer.alloc(bavail * bsize));
    return () => rmSync(join(dir, 'filler'), { force: true });
  },
  inodes: (dir: string) => {
    mkdirSync(join(dir, 'fillers'));
    for (let left = statfsSync(dir).ffree; left > 0; left--)
      writeFileSync(join(dir, 'fillers', `${left}`), '');
    return () => rmSync(join(dir, 'fillers'), { recursive: true, force: true });
  },
};

/** The events that are the beginning of a step; those of the destination are requests. */
const STEP_OF: Readonly<Partial<Record<EngineEvent['name'], string>>> = {
  'share.looking': 'look',
  'share.looked': 'plan',
  'batch.planned': 'queue',
};

/** Tells `at` of each step of an evening as it begins. */
function watchSteps(nomad: NomadServer, at: (step: string) => void): (event: EngineEvent) => void {
  let isSent = false;
  nomad.fault = ({ method, path, headers }) => {
    if (method === 'POST' && path === '/uploads') at('open');
    // The last question of a delivery: whether its manifest is there.
    else if (path.endsWith('/.nightjar') && headers['content-type'] === undefined) at('record');
    else if (method === 'PUT') at('send');
    else if (method === 'POST' && isSent) at('close');
    isSent ||= method === 'PUT';
    return undefined;
  };
  return ({ name }) => at(STEP_OF[name] ?? '');
}

/** A parcel of one file goes as that file. */
const isParcel = ({ method, headers }: NomadServer['requests'][number]): boolean =>
  method === 'PUT' && headers['content-type'] === 'application/octet-stream';

const CASES = [
  // The opening first: it happens once, the container is for all. Its id could not be recorded: it is made once more.
  {
    what: 'room',
    steps: ['open', 'look', 'plan', 'queue', 'send', 'close', 'record'],
    full: ['open', 'look', 'plan', 'queue', 'send', 'close', 'record'],
    uploads: 2,
  },
  // After the opening the pipe of the parcel needs one.
  {
    what: 'inodes',
    steps: ['open', 'look', 'plan', 'queue', 'send'],
    full: ['open', 'look', 'plan', 'queue'],
    uploads: 1,
  },
] as const;

it.skipIf(!isRoot).each(CASES)(
  'a state directory that runs out of $what says DISK_FULL at every step that needs it, calls nothing done that is not, and then each parcel is sent once',
  async ({ what, steps, full, uploads }) => {
    await using nomad = await startNomadServer();
    await using lab = await cliLab(
      {},
      {
        ...{ folders: FOLDERS, settle: '0s' },
        destinations: `{ nomad: { kind: nomad, base_url: "${nomad.url}", join: dataset } }`,
        extra: 'credentials: { dir: tokens }\ndeliveries: { retry_first: 50ms, retry_max: 100ms }',
      },
    );
    mkdirSync(join(lab.dir, 'tokens'), { mode: 0o700 });
    writeFileSync(join(lab.dir, 'tokens/mueller'), nomad.tokenOf('alice'), { mode: 0o600 });
    mkdirSync(lab.stateDir, { mode: 0o700 });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,nr_inodes=200,mode=0700', 'tmpfs', lab.stateDir]);
    try {
      const isFull = new Set<string>();
      for (const step of steps) {
        const path = `SEM1/mueller/${step}/1.tif`;
        await lab.share.put({ [path]: step });
        let free: (() => void) | undefined;
        const told: string[] = [];
        const onStep = watchSteps(nomad, (now) => {
          if (now === step) free ??= FILLS[what](lab.stateDir);
        });
        const onEvent = (event: EngineEvent): void => {
          onStep(event);
          if (event.name !== 'engine.trouble') return;
          // It goes on by itself as soon as there is room.
          told.push(event.error.code);
          free?.();
        };

        const report = await reportOf(engineEvening(lab.config, systemClock, onEvent), told);

        expect(free, step).toBeDefined();
        free?.();
        const isThere = (await imagesIn(nomad)).includes(`lab/${path}`);
        expect(report?.outcome === 'done' ? isThere : told.includes('DISK_FULL'), step).toBe(true);
        if (told.includes('DISK_FULL')) isFull.add(step);
        const whole = report?.outcome === 'done' ? report : await engineEvening(lab.config, systemClock);
        expect(whole, step).toMatchObject({ outcome: 'done', balanced: true });
      }
      expect(await imagesIn(nomad)).toEqual(steps.map((step) => `lab/SEM1/mueller/${step}/1.tif`).toSorted());
      expect([...isFull]).toEqual(full);
      expect(nomad.requests.filter(isParcel)).toHaveLength(steps.length);
      expect(nomad.uploads()).toHaveLength(uploads);
    } finally {
      execFileSync('umount', ['--lazy', lab.stateDir]);
    }
  },
);

/** The report with the codes of its troubles told, or what ended the evening told. */
async function reportOf(evening: Promise<RunReport>, told: string[]): Promise<RunReport | undefined> {
  try {
    const report = await evening;
    told.push(...report.troubles.flatMap(({ code }) => code ?? []));
    return report;
  } catch (thrown) {
    told.push(thrown instanceof IngestError ? thrown.code : String(thrown));
    return undefined;
  }
}
