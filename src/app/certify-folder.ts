import type { ShareConfig } from '../config/config.ts';
import { IngestError } from '../core/errors.ts';
import { encodeBytes, isUtf8, joinPath, type SharePath } from '../core/share-path.ts';
import { proveShare, type ShareIdentity } from '../share/prove-share.ts';
import type { FileHasher } from './hash-files.ts';
import { type Candidate, safetyJudge } from './judge-safety.ts';
import { differences, type FolderLook, lookAtFolder } from './look-at-folder.ts';
import type { Workspace } from './workspace.ts';

export type Certified = {
  /** Paths from the folder on, in byte order, as all paths here. */
  readonly safe: readonly SafeFile[];
  readonly unsafe: readonly { readonly path: SharePath; readonly size: number; readonly reason: string }[];
};
export type SafeFile = Candidate & { readonly from: SharePath };

export type CertifyParts = {
  readonly workspace: Pick<Workspace, 'ledger' | 'assign' | 'clock'>;
  readonly hash: FileHasher['hash'];
  readonly signal: AbortSignal;
  readonly onProgress: (done: { readonly files: number; readonly of: number }) => void;
};

/** Files that are read between two signs of progress. */
const AT_ONCE = 500;

/**
 * What below a folder of a share could be deleted without loss, by what is there now: every file is read and its content
 * held against what was delivered. The share is proven, and the folder looked at, before and after. Writes nothing.
 */
export async function certifyFolder(
  parts: CertifyParts,
  share: ShareConfig,
  folder: SharePath,
): Promise<Certified> {
  const look = (): Promise<FolderLook> => lookAt(parts, share, folder);
  await prove(parts, share);
  const before = await look();
  const judge = safetyJudge(parts.workspace, share.name);
  const unsafe = new Map<SharePath, string>();
  const candidates = new Map<SharePath, Candidate>();
  for (const [from, entry] of before) {
    const judged = judge(folder === '' ? from : joinPath(folder, from), entry);
    if ('unsafe' in judged) unsafe.set(from, judged.unsafe);
    else candidates.set(from, judged.candidate);
  }
  for (const [from, why] of await compareContent(parts, share, candidates)) unsafe.set(from, why);
  const after = await look();
  for (const [from, why] of differences(before, after)) unsafe.set(from, `while it was certified: ${why}`);
  await prove(parts, share);
  return sorted({ before, after, candidates, unsafe });
}

async function prove({ workspace, signal }: CertifyParts, share: ShareConfig): Promise<void> {
  const { ledger, clock } = workspace;
  const json = ledger.identities.find(share.name);
  const remembered = json === undefined ? {} : { remembered: JSON.parse(json) as ShareIdentity };
  await proveShare(share, { deadlineMs: share.stallMs, clock, signal, ...remembered });
}

async function lookAt(
  { workspace: { clock }, signal }: CertifyParts,
  share: ShareConfig,
  folder: SharePath,
): Promise<FolderLook> {
  if (!isUtf8(folder))
    throw new IngestError('USAGE', 'the name of this folder is not UTF-8', {
      hint: 'Certify the folder above it, whose name is.',
    });
  const root = folder === '' ? share.root : `${share.root === '/' ? '' : share.root}/${folder}`;
  try {
    return await lookAtFolder({ ...share, root }, { clock, stallMs: share.stallMs, signal });
  } catch (error) {
    const errno = error instanceof IngestError ? error.context['errno'] : undefined;
    if (errno !== 'ENOENT' && errno !== 'ENOTDIR') throw error;
    throw new IngestError('USAGE', `there is no directory ${root}`, {
      hint: 'Name a directory of the share: absolute, SHARE:PATH, or below the only share.',
      cause: error,
    });
  }
}

/** The candidates of which the content is another than what was delivered, or could not be read. */
async function compareContent(
  { hash, signal, onProgress }: CertifyParts,
  share: ShareConfig,
  candidates: ReadonlyMap<SharePath, Candidate>,
): Promise<Map<SharePath, string>> {
  const found = new Map<SharePath, string>();
  const all = inOrder(candidates.keys()).flatMap((from) => {
    const candidate = candidates.get(from);
    return candidate === undefined ? [] : [{ from, ...candidate }];
  });
  for (let at = 0; at < all.length; at += AT_ONCE) {
    const some = all.slice(at, at + AT_ONCE);
    const files = some.map(({ path, entry }) => ({ ...entry, path }));
    const hashes = await hash(share.name, files, signal);
    for (const { from, path, sha256, batch } of some) {
      const now = hashes.get(path);
      if (now === undefined) found.set(from, 'it could not be read as it was looked at');
      else if (!Buffer.from(now).equals(sha256))
        found.set(from, `its content is not what was delivered (${batch.id})`);
    }
    onProgress({ files: Math.min(at + AT_ONCE, all.length), of: all.length });
  }
  return found;
}

const inOrder = (paths: Iterable<SharePath>): SharePath[] =>
  [...paths].toSorted((a, b) => Buffer.compare(encodeBytes(a), encodeBytes(b)));

function sorted(found: {
  readonly before: FolderLook;
  readonly after: FolderLook;
  readonly candidates: ReadonlyMap<SharePath, Candidate>;
  readonly unsafe: ReadonlyMap<SharePath, string>;
}): Certified {
  const { before, after, candidates, unsafe } = found;
  return {
    unsafe: inOrder(unsafe.keys()).map((path) => ({
      path,
      size: (after.get(path) ?? before.get(path))?.size ?? 0,
      reason: unsafe.get(path) ?? '',
    })),
    safe: inOrder(candidates.keys()).flatMap((from) => {
      const candidate = candidates.get(from);
      return candidate === undefined || unsafe.has(from) ? [] : [{ ...candidate, from }];
    }),
  };
}
