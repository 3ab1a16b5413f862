import type { Content, ContentFile } from '../core/content.ts';
import { IngestError } from '../core/errors.ts';
import type { Batch, Receipt } from '../core/model.ts';
import type { Call, Destination } from '../destinations/destination.ts';
import type { Ledger } from '../ledger/open-ledger.ts';

/** A receipt, and the SHA-256 of every file in list order, 32 bytes each. */
export type Found = { readonly receipt: Receipt; readonly hashes: Buffer };

/**
 * Looks before it is sent again: an earlier attempt may have brought the whole parcel there without hearing of it (a
 * lost answer, a proxy that gave up, a process that was killed). Undefined: nothing is known of that, so it is sent.
 */
export async function findSent(looking: Looking): Promise<Found | undefined> {
  const { content, parts } = looking;
  if (!parts.ledger.outcomes.mayHaveArrived(content.batch.id)) return undefined;
  const found = await look(looking);
  if (found === undefined) parts.checkOwner(content.batch, 'looked');
  return found;
}

/** A batch that may have arrived is looked for before it counts whether the mapping of today means it (see perhaps-there.ts). */
export type CheckStep = 'begin' | 'looked';

type Looking = {
  readonly content: Content;
  readonly destination: Destination;
  readonly call: Call;
  readonly parts: {
    readonly ledger: Pick<Ledger, 'outcomes' | 'containers'>;
    readonly checkOwner: (batch: Batch, step: CheckStep) => void;
  };
};

async function look({ content, destination, call, parts: { ledger } }: Looking): Promise<Found | undefined> {
  const { id } = content.batch;
  const hashes = ledger.outcomes.unknownOf(id);
  const container = ledger.containers.ofBatch(id);
  if (hashes === undefined || container === undefined || destination.find === undefined) return undefined;
  const receipt = await destination.find(container, withHashes(content, hashes), call);
  if (receipt instanceof IngestError) {
    ledger.outcomes.isNotThere(id);
    return undefined;
  }
  const how = `Found there before it was sent again, as an earlier attempt had no answer. ${receipt.how}`;
  return { receipt: { ...receipt, how }, hashes: Buffer.from(hashes) };
}

/** The content as an earlier attempt read it: its hashes are known without reading it again. */
export function withHashes(content: Content, hashes: Uint8Array): Content {
  const bytes = Buffer.from(hashes);
  const { files } = content.batch;
  const known = new Map(
    files.map(({ path }, at) => [path, bytes.toString('hex', at * DIGEST, (at + 1) * DIGEST)]),
  );
  return { ...content, hashes: () => known };
}

const DIGEST = 32;

/** The same content, which tells its hashes as soon as the whole of it has been read. Told twice, they are the same. */
export function noteWhole(content: Content, tell: (hashes: Uint8Array) => void): Content {
  const told = (): void => tell(hashesInOrder(content));
  return {
    ...content,
    parcel: async (signal) => {
      const { bytes, stream } = await content.parcel(signal);
      return { bytes, stream: tellingAtEnd(stream, told) };
    },
    files: (signal) => filesTellingAtEnd(content.files(signal), told),
  };
}

type Parcel = Awaited<ReturnType<Content['parcel']>>;

/** The ledger being away must not look like a broken body: without this note the parcel is sent again, nothing more. */
function tellingAtEnd(stream: Parcel['stream'], told: () => void): Parcel['stream'] {
  stream.once('end', () => {
    try {
      told();
    } catch {
      // The attempt itself meets the same ledger at its end, and says so there.
    }
  });
  return stream;
}

async function* filesTellingAtEnd(
  files: AsyncIterable<ContentFile>,
  told: () => void,
): AsyncGenerator<ContentFile> {
  yield* files;
  told();
}

export function hashesInOrder({ batch, hashes }: Content): Buffer {
  const known = hashes();
  return Buffer.concat(
    batch.files.map(({ path }) => {
      const hash = known.get(path);
      if (hash === undefined) throw new Error(`no hash for a file of batch ${batch.id}`);
      return Buffer.from(hash, 'hex');
    }),
  );
}
