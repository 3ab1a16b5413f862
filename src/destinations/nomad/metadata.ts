import { z } from 'zod';
import type { ContainerMetadata } from '../../core/container-metadata.ts';
import { isNothing } from '../../core/container-metadata.ts';
import { IngestError } from '../../core/errors.ts';
import type { Call, Describing, RemoteContainer } from '../destination.ts';
import { detailOf, jsonOf, type UploadState } from './api.ts';
import { stateAtEnd, stateAtRest } from './confirm.ts';
import { putInto, type RawParts } from './put-raw.ts';
import { refusalOfQuestion } from './refusal.ts';

/**
 * The platform reads nomad.json, nomad.yaml, nomad.yml in the root, in this order (nomad/files.py, both). Ours is the
 * second: one that somebody put there as nomad.json counts before it. Its text is JSON, which every YAML reader takes.
 */
export const METADATA_FILE = 'nomad.yaml';

const people = z
  .object({ add: z.array(z.string()).default([]), remove: z.array(z.string()).default([]) })
  .default({ add: [], remove: [] });
const earlier = z.object({ coauthors: people, reviewers: people });

/**
 * The file that says so, after `before` was there; undefined: there never was anything to say. People are added to, so
 * that whoever was invited by hand stays, and those of an earlier file who are meant no more are taken away by name: as
 * long as no parser has recognised anything, the platform reads the file anew with everything that comes (recorded).
 */
export function metadataDocument(
  metadata: ContainerMetadata,
  before: string | undefined,
): string | undefined {
  if (before === undefined && isNothing(metadata)) return undefined;
  const known = earlier.safeParse(before === undefined ? {} : jsonOf(before)).data;
  const { comment, references, externalId, embargoMonths } = metadata;
  const document = {
    ...peopleIn('coauthors', metadata.coauthors, known?.coauthors),
    ...peopleIn('reviewers', metadata.reviewers, known?.reviewers),
    ...(embargoMonths === undefined ? {} : { embargo_length: embargoMonths }),
    ...(comment === undefined ? {} : { comment }),
    ...(references.length === 0 ? {} : { references }),
    ...(externalId === undefined ? {} : { external_id: externalId }),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function peopleIn(
  key: 'coauthors' | 'reviewers',
  wanted: readonly string[],
  before: z.output<typeof people> = { add: [], remove: [] },
): object {
  const add = [...new Set(wanted)].sort();
  const gone = new Set([...before.add, ...before.remove]);
  const remove = [...gone].filter((one) => !add.includes(one)).sort();
  if (add.length + remove.length === 0) return {};
  return {
    [key]: { ...(add.length === 0 ? {} : { add }), ...(remove.length === 0 ? {} : { remove }) },
  };
}

/**
 * Puts the file into the root of an upload that is at rest, and waits until the platform is done with it. `foreign`: somebody else's is there, and
 * stays as it is; asked only with `replace: false`, for afterwards it is ours. v1.4 puts it down without processing,
 * and reads it with the data that comes next.
 */
export async function putDocument(
  parts: RawParts,
  container: RemoteContainer,
  { document, replace, begin }: Parameters<Describing['put']>[1],
  call: Call,
): Promise<'put' | 'foreign'> {
  const what = `describing NOMAD upload ${container.id}`;
  const before = await stateAtRest(parts.connection, container, call, parts);
  if (before.isRunning) throw notDone(what, before);
  begin();
  const answer = await putInto(
    parts.connection,
    container,
    {
      place: { dir: '', name: METADATA_FILE },
      type: 'application/octet-stream',
      body: Buffer.from(document),
      query: { trigger_processing: 'false', overwrite_if_exists: String(replace) },
    },
    call,
  );
  if (answer.status === 409 && detailOf(answer.text).startsWith('The provided path already exists'))
    return 'foreign';
  if (answer.status !== 200) throw refusalOfQuestion(answer, what);
  const state = await stateAtEnd(parts.connection, container, call, parts);
  if (state === undefined || state.status === 'FAILURE') throw notDone(what, state);
  return 'put';
}

function notDone(what: string, state: UploadState | undefined): IngestError {
  return new IngestError('DESTINATION_BUSY', `${what}: the platform was not done with it`, {
    hint: 'It is tried again later. If it stays so, look at the upload on the platform.',
    retryAfterMs: 60_000,
    context: { status: state?.status, said: [state?.message ?? '', ...(state?.errors ?? [])].slice(0, 5) },
  });
}
