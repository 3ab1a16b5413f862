import { IngestError } from '../core/errors.ts';
import type { PlannedFile } from '../core/model.ts';
import { count } from '../core/units.ts';
import type { PackJob } from './pack-protocol.ts';
import { SafeOpener } from './safe-open.ts';

/** Far below the time after which a silent reader is given up; what is not looked at by then is found by the next pass. */
const LOOK_MS = 5000;

/**
 * The failure of a pass, with what is wrong with the files after it: one pass finds all that went with a renamed
 * dataset, instead of a pass for each. `context.path` stays the first, `context.paths` are all of them. Throws
 * SHARE_UNREACHABLE when a file is missing and the share's marker is too: then nothing is known of any file.
 */
export function withTheRest(thrown: unknown, job: PackJob, monotonic: () => number): unknown {
  if (!(thrown instanceof IngestError)) return thrown;
  const path = thrown.context['path'];
  if (typeof path !== 'string') return thrown;
  // Whether another file can be read is not known without opening it.
  if (thrown.code === 'FILE_UNREADABLE') return named(thrown, [path]);
  if (thrown.code !== 'FILE_CHANGED' && thrown.code !== 'FILE_VANISHED') return thrown;
  const after = job.batch.files.findIndex((file) => file.path === path) + 1;
  // From the root anew: directories that were opened before would still be found below a name they no longer have.
  const opener = new SafeOpener(job.root);
  try {
    if (thrown.code === 'FILE_VANISHED') requireMarker(opener, job);
    const deadline = monotonic() + LOOK_MS;
    const others = findWrong(opener, job, {
      files: job.batch.files.slice(after),
      isLate: () => monotonic() > deadline,
    });
    return named(thrown, [path, ...others]);
  } finally {
    opener.close();
  }
}

type Rest = { readonly files: readonly PlannedFile[]; readonly isLate: () => boolean };

function findWrong(opener: SafeOpener, job: PackJob, { files, isLate }: Rest): readonly string[] {
  const wrong: string[] = [];
  let sawMarker = false;
  for (const file of files) {
    if (isLate()) break;
    const failure = opener.look(file);
    if (failure?.code === 'SHARE_UNREACHABLE') throw failure;
    if (failure?.code !== 'FILE_VANISHED' && failure?.code !== 'FILE_CHANGED') continue;
    if (failure.code === 'FILE_VANISHED' && !sawMarker) requireMarker(opener, job);
    sawMarker ||= failure.code === 'FILE_VANISHED';
    wrong.push(file.path);
  }
  return wrong;
}

/** An empty mount point has none of the files either, but then none of them was deleted. */
function requireMarker(opener: SafeOpener, { root, marker, batch }: PackJob): void {
  if (marker === undefined || opener.hasMarker(marker)) return;
  throw new IngestError(
    'SHARE_UNREACHABLE',
    `read the share at ${root}: its marker ${marker} is gone, and files with it`,
    {
      hint: 'Check that the file server answers and that the share is mounted.',
      context: { root, batchId: batch.id },
    },
  );
}

function named(failure: IngestError, paths: readonly string[]): IngestError {
  const others = paths.length - 1;
  const more = others === 0 ? '' : `; ${count(others, 'other file')} of the batch changed or vanished too`;
  return new IngestError(failure.code, `${failure.message}${more}`, {
    hint: failure.hint,
    context: { ...failure.context, paths },
    cause: failure,
  });
}
