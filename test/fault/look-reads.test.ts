import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import type { EngineEvent } from '../../src/app/engine.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { engineEvening } from '../support/engine-evening.ts';
import { lacksFaultFs, mountFaultFs } from '../support/fault-fs.ts';
import { startLab } from '../support/lab.ts';

const FOLDERS = `rules:
  - match: "{instrument}/people/{session}/**"
    owner_from: [sidecar]
    sidecar: { file: "*.json", field: user.name }
  - match: "{instrument}/{owner}/{dataset}/**"
owners: { mueller: {}, chen: {} }
collector: {}
`;

/** A lab whose share is seen through a file system with faults; left out, with the reason, where that cannot be had. */
async function faultyLab(context: TestContext) {
  const lacks = lacksFaultFs();
  if (lacks !== undefined) context.skip(lacks);
  await using stack = new AsyncDisposableStack();
  const lab = stack.use(await startLab({ folders: FOLDERS }));
  const source = join(lab.root, 'source');
  renameSync(lab.share, source);
  const fs = stack.use(await mountFaultFs(source, lab.share));
  const owned = stack.move();
  return {
    fs,
    put: (files: Readonly<Record<string, string>>) => {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(source, path)), { recursive: true });
        writeFileSync(join(source, path), text);
      }
    },
    move: (from: string, to: string) => renameSync(join(source, from), join(source, to)),
    evening: async (onEvent?: (event: EngineEvent) => void) =>
      await engineEvening(join(lab.root, 'nightjar.yaml'), systemClock, onEvent),
    /** Whose, and where it lay on the share. */
    delivered: () =>
      dataIn(lab.delivered)
        .map((path) => path.replace(/\/data\/(_addenda\/[^/]*\/)?lab\//, ' '))
        .toSorted(),
    contentOf: (name: string) =>
      dataIn(lab.delivered)
        .filter((path) => path.endsWith(`/${name}`))
        .map((path) => readFileSync(join(lab.delivered, path), 'utf8')),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Without what is told of the batches. */
const dataIn = (root: string): string[] =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.includes('/data/') && statSync(join(root, path)).isFile())
    .toSorted();

const filesIn = ({ buckets }: RunReport): Record<string, number> =>
  Object.fromEntries(Object.entries(buckets).map(([name, { files }]) => [name, files]));

const reasonsIn = ({ notes }: RunReport): string[] =>
  notes.flatMap(({ where, reason }) => (reason === undefined ? [] : [`${where}: ${reason}`]));
const IMAGES = {
  'SEM1/mueller/run1/a.tif': 'one',
  'SEM1/mueller/run1/b.tif': 'two!',
  'SEM1/mueller/run1/c.tif': 'three',
};

test('an I/O error in a moved file that is compared, in a control file or in a sidecar is told, sends nothing, and with the next evening all is as without it', async (context) => {
  await using lab = await faultyLab(context);
  lab.put(IMAGES);
  await lab.evening();
  const before = lab.delivered();
  lab.move('SEM1/mueller/run1', 'SEM1/mueller/run2');
  lab.put({
    'SEM1/mueller/ready/x.tif': 'x',
    'SEM1/mueller/ready/.nightjar.yaml': 'ready: true',
    'SEM1/people/s1/y.tif': 'y',
    'SEM1/people/s1/meta.json': '{"user":{"name":"chen"}}',
  });
  const lasting = ['SEM1/mueller/ready/.nightjar.yaml', 'SEM1/people/s1/meta.json'];
  lab.fs.eioOf(['SEM1/mueller/run2/b.tif', ...lasting]);

  // What was compared can be read again at once: it must not go as new data for that.
  const failing = await lab.evening(({ name }) => {
    if (name === 'content.compared') lab.fs.eioOf(lasting);
  });
  const during = lab.delivered();
  lab.fs.eio(undefined);
  // More new files than the one that is still to be compared: it is known all the same.
  lab.put({ 'SEM1/mueller/run2/n1.tif': 'n1', 'SEM1/mueller/run2/n2.tif': 'n2' });
  const well = await lab.evening();

  expect(failing).toMatchObject({ outcome: 'attention', balanced: true });
  expect(filesIn(failing)).toMatchObject({ delivered: 0, unchanged: 2, unreadable: 1, held: 3 });
  expect(reasonsIn(failing)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/run2\/b\.tif: .*the last attempt to read it failed/),
      expect.stringMatching(/ready\/x\.tif: .*\.nightjar\.yaml: it cannot be read \(EIO\)$/),
      expect.stringMatching(/s1\/y\.tif: .*meta\.json: it cannot be read \(EIO\)$/),
    ]),
  );
  expect(during).toEqual(before);
  expect(filesIn(well)).toMatchObject({ delivered: 5, unchanged: 3, unreadable: 0, held: 0 });
  expect(lab.delivered()).toEqual(
    [
      ...before,
      'chen SEM1/people/s1/meta.json',
      'chen SEM1/people/s1/y.tif',
      'mueller SEM1/mueller/ready/x.tif',
      'mueller SEM1/mueller/run2/n1.tif',
      'mueller SEM1/mueller/run2/n2.tif',
    ].toSorted(),
  );
});

test('a file that changes while it is compared is no moved one, and a control file that changes while it is read holds its folder until it can be read whole', async (context) => {
  await using lab = await faultyLab(context);
  lab.put(IMAGES);
  await lab.evening();
  const before = lab.delivered();
  lab.move('SEM1/mueller/run1', 'SEM1/mueller/run2');
  lab.put({ 'SEM1/mueller/ready/x.tif': 'x', 'SEM1/mueller/ready/.nightjar.yaml': 'ready: true' });
  /** Changes the file while somebody waits for its bytes. */
  const changes: Promise<void>[] = [];
  const changeWhileRead = (path: string, text: string): void => {
    const { held, release } = lab.fs.hold(path);
    const change = async (): Promise<void> => {
      await held;
      lab.put({ [path]: text });
      release();
    };
    changes.push(change());
  };
  const changing = await lab.evening(({ name }) => {
    if (name === 'share.looking')
      changeWhileRead('SEM1/mueller/ready/.nightjar.yaml', 'hold: "not yet, please"');
    if (name === 'content.comparing') changeWhileRead('SEM1/mueller/run2/b.tif', 'TWO?');
  });
  await Promise.all(changes);
  const during = lab.delivered();
  const well = await lab.evening();
  expect(filesIn(changing)).toMatchObject({ delivered: 0, unchanged: 2, notSettled: 1, held: 1 });
  expect(reasonsIn(changing)).toContainEqual(
    expect.stringMatching(/ready\/x\.tif: .*\.nightjar\.yaml: it changed while it was read$/),
  );
  expect(during).toEqual(before);
  // It goes as what it is by now, beside what was delivered of it before it was moved; the hold is obeyed.
  expect(filesIn(well)).toMatchObject({ delivered: 1, unchanged: 2, held: 1 });
  expect(reasonsIn(well)).toContainEqual(
    expect.stringMatching(/ready\/x\.tif: .* holds it: not yet, please$/),
  );
  expect(lab.delivered()).toEqual([...before, 'mueller SEM1/mueller/run2/b.tif'].toSorted());
  expect(lab.contentOf('b.tif').toSorted()).toEqual(['TWO?', 'two!']);
});

test('a delivered file that has another time alone and cannot be read to be compared is compared by the next evening, and not sent again', async (context) => {
  await using lab = await faultyLab(context);
  lab.put(IMAGES);
  await lab.evening();
  const before = lab.delivered();
  lab.put({ 'SEM1/mueller/run1/b.tif': 'two!' });
  lab.fs.eioOf(['SEM1/mueller/run1/b.tif']);

  const failing = await lab.evening(({ name }) => {
    if (name === 'content.compared') lab.fs.eio(undefined);
  });
  lab.fs.eio(undefined);
  const well = await lab.evening();

  expect(filesIn(failing)).toMatchObject({ delivered: 0, unreadable: 1 });
  expect(filesIn(well)).toMatchObject({ delivered: 0, unchanged: 3, unreadable: 0 });
  expect(lab.delivered()).toEqual(before);
});
