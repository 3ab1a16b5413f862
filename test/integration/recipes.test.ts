import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readRecipes } from '../../src/config/read-recipes.ts';
import { replayAll, type Step } from '../support/replay-recipe.ts';

const bytes = (count: number): Buffer => Buffer.alloc(count, 'x');
const pause = { thenPauses: true };

/** How instruments write, by the recipe that is for them. */
const REPLAYS: Readonly<Record<string, readonly Step[]>> = {
  'zeiss-czi': [
    { puts: { 'a.czi': '' }, ...pause }, // made at the start, under its final name
    { puts: { 'a.czi': bytes(4000) } },
    { puts: { 'a.czi': bytes(8000) }, hasOpen: 'a.czi', ...pause }, // between two time points
    { puts: { 'a.czi': bytes(12_000) } },
  ],
  'leica-lif': [
    { puts: { 'project.lif': '' }, ...pause },
    { puts: { 'project.lif': bytes(5000) }, hasOpen: 'project.lif', ...pause }, // saved, and the session goes on
    { puts: { 'project.lif': bytes(9000), 'project.lifext': bytes(100) } },
  ],
  'nikon-nd2': [
    { puts: { 'a.nd2': bytes(16) }, ...pause }, // the first signature only
    { puts: { 'a.nd2': bytes(5000) }, hasOpen: 'a.nd2', ...pause },
    { puts: { 'a.nd2': bytes(9000) } },
  ],
  'olympus-fluoview': [
    { puts: { 'scan.oif.files/s_C001Z001.tif': bytes(100) }, ...pause }, // planes come first
    { puts: { 'scan.oif.files/s_C001Z002.tif': bytes(100), 'scan.oif.files/s_C001Z002.pty': 'x' } },
    { puts: { 'scan.oif': bytes(50) } },
    { puts: { 'next.oif': bytes(50) }, ...pause }, // or the setting file does
    { puts: { 'next.oif.files/s_C001.tif': bytes(100), 'one.oib': bytes(512) }, ...pause },
    { puts: { 'one.oib': bytes(4096) } },
  ],
  'gatan-dm': [
    { puts: { 'a.dm4': '' }, ...pause },
    { puts: { 'a.dm4': bytes(3000), 'b.dm3': bytes(3000) }, hasOpen: 'b.dm3', ...pause }, // a movie that grows
    { puts: { 'b.dm3': bytes(6000) } },
  ],
  'velox-emd': [
    { puts: { 'si.emd': '' }, ...pause },
    { puts: { 'si.emd': { size: 9000 } } }, // preallocated
    { puts: { 'si.emd': bytes(9000) }, hasOpen: 'si.emd', ...pause },
    { puts: { 'si.emd': bytes(9500) } },
  ],
  'tia-ser': [
    { puts: { 'my_scan_1.ser': bytes(500) }, ...pause }, // the emi comes with the end of the series
    { puts: { 'my_scan_2.ser': bytes(500), 'my_scan_10.ser': bytes(500) } },
    { puts: { 'my_scan.emi': bytes(50), 'other.emi': bytes(50) }, ...pause },
    { puts: { 'other_1.ser': bytes(10) }, ...pause },
    { puts: { 'other_1.ser': bytes(500) } },
  ],
  'epu-mrc': [
    { puts: { 'Data/.FoilHole_1_Data_2_fractions.tiff.aB3dE9': bytes(500), 'epu.log': 'x' }, ...pause }, // rsync
    {
      renames: ['Data/.FoilHole_1_Data_2_fractions.tiff.aB3dE9', 'Data/FoilHole_1_Data_2_fractions.tiff'],
      ...pause,
    },
    { puts: { 'Data/FoilHole_1_Data_2.xml': '<x/>' } },
    { puts: { 'Data/FoilHole_3_Data_4.mrc': bytes(2000) }, ...pause },
    {
      puts: { 'Data/FoilHole_3_Data_4.xml': '<x/>', 'Data/FoilHole_5_Data_6_Fractions.mrc': bytes(2000) },
      ...pause,
    },
    { puts: { 'Data/FoilHole_5_Data_6.xml': '<x/>' } },
  ],
  'tif-series': [
    { puts: { 'frame_001.tif': bytes(500), 'frame_002.tif': '' }, ...pause },
    { puts: { 'frame_002.tif': bytes(500), 'frame_003.tif.filepart': bytes(500) }, ...pause }, // WinSCP
    { renames: ['frame_003.tif.filepart', 'frame_003.tif'] },
  ],
  'rigaku-raw-ras': [
    { puts: { 'ZnO.raw': bytes(500) }, ...pause },
    { puts: { 'ZnO.ras': '*RAS' }, ...pause },
    { puts: { 'ZnO.ras': '*RAS_DATA_START\r\n*RAS_DATA_END\r\n' } },
  ],
  'diffractometer-raw-txt': [
    { puts: { 'ZnO.RAW': '', 'notes.doc': 'x' }, ...pause },
    { puts: { 'ZnO.RAW': bytes(500) }, ...pause },
    { puts: { 'ZnO.txt': '10.0 5\n' } },
  ],
  'bruker-spm': [
    { puts: { 'tip.spm': bytes(600) }, ...pause },
    { puts: { 'tip.spm': bytes(9000), 'tip.001': bytes(9000) }, hasOpen: 'tip.spm', ...pause },
    { puts: { 'tip.spm': bytes(9500) } },
  ],
  'asylum-ibw': [
    { puts: { 'Image0000.ibw': bytes(64) }, ...pause },
    {
      puts: { 'Image0000.ibw': bytes(2000), 'Image0001.ibw': bytes(2000) },
      hasOpen: 'Image0001.ibw',
      ...pause,
    },
    { puts: { 'Image0001.ibw': bytes(3000) } },
  ],
  'jcamp-dx': [
    { puts: { 'a.jdx': '##TITLE=' }, ...pause },
    { puts: { 'a.jdx': '##TITLE=a\r\n##END=\r\n', 'b.dx.tmp': 'x' }, ...pause },
    { renames: ['b.dx.tmp', 'b.dx'] },
    { puts: { 'b.dx': '##TITLE=b\r\n##END=\r\n' } },
  ],
  'galactic-spc': [
    { puts: { 'a.spc': '' }, ...pause },
    { puts: { 'a.spc': bytes(100) }, ...pause }, // half a header
    { puts: { 'a.spc': bytes(2000) } },
  ],
};

/** All recipes are replayed in this time; a busy machine needs some of it. */
const WHOLE_MS = 300_000;

describe('the recipe', () => {
  let replayed: Awaited<ReturnType<typeof replayAll>> = new Map();
  beforeAll(async () => {
    replayed = await replayAll(REPLAYS);
  }, WHOLE_MS);

  // In every long pause quiet alone would have sent something: else the replay would show nothing about the recipe.
  it.each(Object.keys(REPLAYS))(
    '%s sends nothing of what its instrument writes before the end, and all of it after',
    (recipe) => {
      const { moments = [], end, names } = replayed.get(recipe) ?? {};
      const pauses = moments.filter(({ quiet }) => quiet !== undefined);

      for (const { when, ready } of moments) expect(ready, when).toEqual([]);
      for (const { when, quiet } of pauses) expect(quiet, `by quiet alone, ${when}`).not.toEqual([]);
      expect(moments.length - pauses.length).toBe(REPLAYS[recipe]?.length);
      expect(pauses.length).toBeGreaterThan(0);
      expect(end).toEqual(names);
    },
  );

  it('is right in its file, and has a replay', () => {
    const shipped = readdirSync(join(import.meta.dirname, '../../config/instruments')).map((file) =>
      file.replace('.yaml', ''),
    );
    const { names, problems } = readRecipes(new Set(shipped), undefined);

    expect(problems).toEqual([]);
    expect(Object.keys(REPLAYS).sort()).toEqual(names);
    expect(names.length).toBeGreaterThanOrEqual(12);
  });
});
