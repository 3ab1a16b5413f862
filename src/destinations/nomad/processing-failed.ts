import type { Content } from '../../core/content.ts';
import { deliveredPath } from '../../core/delivered-path.ts';
import { IngestError } from '../../core/errors.ts';
import type { SharePath } from '../../core/share-path.ts';
import { summaryOf } from '../../http/error-of-status.ts';
import type { RemoteContainer } from '../destination.ts';
import type { UploadState } from './api.ts';

/** The platform's own words on the last process, each once. */
export function saidOf(state: UploadState | undefined): readonly string[] {
  const all = [state?.message, ...(state?.errors ?? [])].filter((one) => one !== undefined);
  const errors = state?.errors ?? [];
  // "Process … failed: X" says no more than X.
  const told = all.filter((one) => errors.includes(one) || !errors.some((error) => one.includes(error)));
  return [...new Set(told)].slice(0, 10).map(summaryOf);
}

/** A process that ended as FAILURE: whatever it had merged until then stays, and is replaced by the next parcel. */
export function processingFailed(
  content: Content,
  container: RemoteContainer,
  state: UploadState,
): IngestError {
  const said = saidOf(state);
  const words = said.length === 0 ? 'it does not say why' : said.join('; ');
  const paths = blamed(state.errors.length > 0 ? state.errors : [state.message ?? ''], content);
  const first = paths[0] === undefined ? {} : { path: paths[0], paths };
  return new IngestError(
    'PROCESSING_FAILED',
    `NOMAD took batch ${content.batch.id} into upload ${container.id} and failed to process it: ${words}`,
    {
      hint: `Read the words of the platform and look at the upload (${container.location}); if they mean nothing to you, ask its operator. A requeue sends it again, which replaces what is there.`,
      context: {
        ...{ batchId: content.batch.id, upload: container.id, status: state.status, said, ...first },
        ofPlatform: OF_THE_PLATFORM.test(words),
      },
    },
  );
}

/** What no file can be blamed for, as Python, Celery and Temporal name it. */
const OF_THE_PLATFORM =
  /No space left on device|Disk quota exceeded|Read-only file system|Too many open files|Cannot allocate memory|MemoryError|WorkerLost|TimeLimitExceeded|ServerSelectionTimeout|ConnectionTimeout|Connection (?:refused|reset)|timed out/i;

/**
 * The files of the batch that the platform names: in quotes as Python writes them, or at the end of its words on a
 * merge. A name may be of the batch, of the upload, or a path on the platform's disk; a directory means all below it.
 */
export function blamed(words: readonly string[], { batch, targetDir }: Content): readonly SharePath[] {
  const byPath = new Map(batch.files.map((file) => [String(deliveredPath(file)), file.path]));
  const found = new Set<SharePath>();
  for (const name of words.flatMap(namesIn)) {
    const own = belowTarget(name, targetDir);
    const file = byPath.get(own) ?? suffixesOf(own).flatMap((end) => byPath.get(end) ?? [])[0];
    const below = [...byPath].filter(([path]) => path.startsWith(`${own}/`)).map(([, path]) => path);
    for (const path of file === undefined ? below : [file]) found.add(path);
  }
  return [...found];
}

function namesIn(words: string): string[] {
  const quotedNames = [...words.matchAll(/'((?:[^'\\]|\\.)+)'|"((?:[^"\\]|\\.)+)"/g)].map(
    ([, single, double]) => unescaped(single ?? double ?? ''),
  );
  const clash = /Cannot merge a file with a directory or vice versa: (.+)$/s.exec(words)?.[1];
  return clash === undefined ? quotedNames : [...quotedNames, clash.trim()];
}

/** A name as Python's `repr` wrote it. */
function unescaped(text: string): string {
  return text.replace(/\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|(.))/g, (_all, byte, unit, char: string) => {
    const code: unknown = byte ?? unit;
    if (typeof code === 'string') return String.fromCharCode(Number.parseInt(code, 16));
    return ESCAPES[char] ?? char;
  });
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

function belowTarget(name: string, targetDir: string): string {
  if (name.startsWith(`${targetDir}/`)) return name.slice(targetDir.length + 1);
  const at = name.lastIndexOf(`/${targetDir}/`);
  return at === -1 ? name : name.slice(at + targetDir.length + 2);
}

/** What follows each '/', as far as it is still a path: a bare name could be anybody's. */
function suffixesOf(name: string): string[] {
  const parts = name.split('/');
  return parts.slice(1, -1).map((_part, at) => parts.slice(at + 1).join('/'));
}
