import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { appendEntry, encodeListing } from '../../../src/core/listing.ts';
import {
  beginLook,
  endLook,
  type Frame,
  frameReader,
  frameWriter,
  sayAlive,
  writeEnd,
  writeFault,
} from '../../../src/share/frames.ts';

const TOTALS = { dirs: 1, files: 2, bytes: 3, excluded: 4, unreadable: 5 };
const ENTRY = { kind: 'file', size: 7, mtimeNs: 8n, ctimeNs: 9n, ino: 10n } as const;

const readAll = (bytes: Buffer): Frame[] => frameReader()(bytes);

describe('frames', () => {
  let dir = '';
  let fd = -1;
  let now = 0;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'nightjar-frames-'));
    fd = openSync(join(dir, 'stream'), 'w');
    now = 0;
  });
  afterEach(() => {
    closeSync(fd);
    rmSync(dir, { recursive: true });
  });
  const writer = () => frameWriter(fd, () => now);
  const written = (): Buffer => readFileSync(join(dir, 'stream'));

  test('arrive the same however the stream is cut', () => {
    const out = writer();
    for (const name of ['a', 'b/\xff', '']) {
      const start = beginLook(out, name);
      appendEntry(out.sink, { ...ENTRY, rawName: 'x' });
      endLook(out, start, 1, 7);
    }
    writeEnd(out, TOTALS);
    const bytes = written();
    const listing = encodeListing([{ ...ENTRY, name: 'x' }]);

    fc.assert(
      fc.property(fc.array(fc.nat({ max: bytes.length })), (cuts) => {
        const read = frameReader();
        const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const frames = edges.flatMap((from, index) =>
          read(bytes.subarray(from, edges[index + 1] ?? bytes.length)),
        );
        expect(frames).toEqual([
          ...['a', 'b/\udcff', ''].map((path) => ({
            kind: 'look',
            look: { dir: path, listing, files: 1, bytes: 7 },
          })),
          { kind: 'end', totals: TOTALS },
        ]);
      }),
    );
  });

  test('are gathered, and written when the first is old', () => {
    const out = writer();
    endLook(out, beginLook(out, 'a'), 0, 0);
    expect(written()).toHaveLength(0);

    now = 1000;
    endLook(out, beginLook(out, 'b'), 0, 0);

    expect(readAll(written())).toHaveLength(2);
  });

  test('say that the thread lives in the middle of a look, without spoiling it', () => {
    const out = writer();
    const start = beginLook(out, 'a');
    sayAlive(out);
    expect(written()).toHaveLength(0);
    now = 1000;
    sayAlive(out);
    appendEntry(out.sink, { ...ENTRY, rawName: 'x' });
    endLook(out, start, 1, 7);
    writeEnd(out, TOTALS);

    expect(readAll(written()).map(({ kind }) => kind)).toEqual(['alive', 'look', 'end']);
  });

  test('of a fault replace the look that was being made', () => {
    const out = writer();
    beginLook(out, 'a');

    writeFault(out, { message: 'gone', errno: 'ESTALE' });

    expect(readAll(written())).toEqual([{ kind: 'fault', fault: { message: 'gone', errno: 'ESTALE' } }]);
  });

  test('of an unknown kind are refused', () => {
    expect(() => readAll(Buffer.from([1, 0, 0, 0, 99]))).toThrow(/unknown kind 99/);
  });
});
