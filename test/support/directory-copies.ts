import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { Content } from '../../src/core/content.ts';
import { IngestError } from '../../src/core/errors.ts';
import type { Receipt } from '../../src/core/model.ts';
import type { Call, Destination, RemoteContainer } from '../../src/destinations/destination.ts';
import { createDirectory, type DirectorySettings } from '../../src/destinations/directory/directory.ts';
import { readTree } from './read-tree.ts';

/** A directory destination on a temporary root, and shorthands for what is in it. */
export type Copies = AsyncDisposable & {
  readonly root: string;
  readonly destination: Destination;
  readonly path: (...parts: readonly string[]) => string;
  readonly open: (owner: string) => Promise<RemoteContainer>;
  readonly send: (content: Content) => Promise<void>;
  readonly close: (content: Content) => Promise<Receipt>;
  /** Open, send and close. */
  readonly deliver: (content: Content) => Promise<Receipt>;
  /** The files below `data/` of an owner. */
  readonly data: (owner: string) => Promise<ReadonlyMap<string, Buffer>>;
  /** Names that wait in the staging directory. */
  readonly incoming: (owner: string) => Promise<readonly string[]>;
};

export const noCredential: Call = { token: undefined, signal: new AbortController().signal };

/** `root` is used as it is when it is given, else it is a temporary directory that goes away with the copies. */
export async function directoryCopies(settings: Partial<DirectorySettings> = {}): Promise<Copies> {
  const temporary = await mkdtemp(join(tmpdir(), 'nightjar-copies-'));
  const root = settings.root ?? join(temporary, 'copies');
  const destination = createDirectory({ verify: 'hash', ...settings, root });
  const of = ({ batch }: Content): RemoteContainer => ({
    id: batch.owner,
    name: batch.owner,
    location: join(root, batch.owner),
  });
  const send = async (content: Content) => await destination.send(of(content), content, noCredential);
  const close = async (content: Content) => await destination.close(of(content), content, noCredential);
  const open = async (owner: string) => await destination.open(owner, noCredential);
  return {
    root,
    destination,
    path: (...parts) => join(root, ...parts),
    open,
    send,
    close,
    deliver: async (content) => {
      await open(content.batch.owner);
      await send(content);
      return await close(content);
    },
    data: async (owner) => await readTree(join(root, owner, 'data')),
    incoming: async (owner) => await readdir(join(root, owner, '.incoming')),
    [Symbol.asyncDispose]: async () => await rm(temporary, { recursive: true, force: true }),
  };
}

/** The IngestError that the work fails with; an error when it succeeds or fails with another. */
export async function failureOf(work: Promise<unknown>): Promise<IngestError> {
  const outcome = await work.then(
    (answer) => `success with ${inspect(answer)}`,
    (error: unknown) => error,
  );
  if (outcome instanceof IngestError) return outcome;
  throw new Error(`expected an IngestError, but: ${inspect(outcome)}`);
}

/** As text by path, so that a failed comparison can be read. */
export function texts(tree: ReadonlyMap<string, Buffer>): Readonly<Record<string, string>> {
  return Object.fromEntries([...tree].map(([path, bytes]) => [path, bytes.toString()]));
}
