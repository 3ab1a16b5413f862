/** Copying and moving inside an upload: part of PUT raw. Facts: uploads.py (v1.3), uploads/default.py (1.4). */
import { cp, rename } from 'node:fs/promises';
import path from 'node:path';
import { Refusal } from './answers.ts';
import type { Upload, Visit } from './model.ts';
import type { Worker } from './processing.ts';
import { statOf } from './raw-files.ts';
import { rawOf, type State } from './state.ts';

type Copying = { readonly visit: Visit; readonly upload: Upload; readonly processName: string };

/** Checks and schedules; what more the answer has. */
export async function copyRoute(
  state: State,
  worker: Worker,
  { visit, upload, processName }: Copying,
): Promise<object> {
  const { mode, source, name } = asked(visit);
  const target = path.join(rawOf(upload), visit.rest, name);
  if ((await statOf(target)) !== undefined) throw new Refusal(409, 'The provided path already exists.');
  if ((await statOf(path.join(rawOf(upload), visit.rest))) === undefined)
    throw new Refusal(404, 'No file or folder with that path found.');
  const from = path.join(rawOf(upload), source);
  const isThere = (await statOf(from)) !== undefined;
  const isOld = state.generation === 'v1.3';
  if (!isThere && !isOld) throw new Refusal(409, `No file or folder with that source path: ${source}`);
  const run = async (): Promise<void> => {
    if (!isOld && /[*?[\]]/.test(source + visit.rest + name)) throw new Error(WILDCARDS);
    if (isThere && mode === 'copy') await cp(from, target, { recursive: true });
    if (isThere && mode === 'move') await rename(from, target);
  };
  worker.schedule(upload, { name: processName, run });
  return { processing: null };
}

/** nomad/files.py (1.4), copy_or_move: fsspec would take them for patterns. */
const WILDCARDS =
  "ValueError: File and folder names must not contain the wildcard characters '*', '?', '[' or ']'.";

function asked({ seen: { query } }: Visit): { mode: string; source: string; name: string } {
  const mode = query.get('copy_or_move');
  const source = query.get('copy_or_move_source_path');
  const name = query.get('file_name');
  if (mode !== 'copy' && mode !== 'move')
    throw new Refusal(400, "The copy_or_move query parameter should be one of 'copy' or 'move' options.");
  if (source === null || name === null)
    throw new Refusal(
      400,
      'For a successful copy/move operation, all three query parameters: file_name, copy_or_move and copy_or_move_source_path are required.',
    );
  if (name === '' || name === '.' || name === '..' || name.includes('/'))
    throw new Refusal(400, 'Bad file name provided');
  if (source.startsWith('/') || source.includes('//')) throw new Refusal(400, 'Bad source path provided.');
  if (query.get('wait_for_processing') === 'true')
    throw new Refusal(400, 'Cannot move/copy the file with wait_for_processing set to true.');
  return { mode, source, name };
}
