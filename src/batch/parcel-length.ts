import { deliveredPath } from '../core/delivered-path.ts';
import type { PlannedFile } from '../core/model.ts';
import { type ManifestSource, manifestBytes, manifestNames } from './manifest.ts';
import { centralHeaderBytes, endBytes, entryBytes, type ZipEntry } from './zip-format.ts';

/** Files up to this size are read whole, so that their CRC stands in the header; larger ones are streamed. */
export const WHOLE_FILE_BYTES = 512 * 1024;

/** Exact bytes of the parcel that a batch's files and the two manifests give; nothing is read. */
export function parcelLength(source: ManifestSource): number {
  let offset = 0;
  let central = 0;
  let entries = 0;
  for (const entry of parcelEntries(source)) {
    central += centralHeaderBytes(entry, offset);
    offset += entryBytes(entry);
    entries += 1;
  }
  return offset + central + endBytes(entries, central, offset);
}

export function fileEntry(file: PlannedFile): ZipEntry {
  return {
    name: Buffer.from(deliveredPath(file)),
    size: file.size,
    mtimeNs: file.mtimeNs,
    streamed: file.size > WHOLE_FILE_BYTES,
  };
}

/** The last two entries of a parcel; they carry the time of planning, never of packing. */
export function manifestEntries(source: ManifestSource): readonly [json: ZipEntry, sums: ZipEntry] {
  const bytes = manifestBytes(source);
  const names = manifestNames(source.batch);
  const mtimeNs = BigInt(Math.trunc(source.batch.plannedAt)) * 1_000_000n;
  return [
    { name: Buffer.from(names.json), size: bytes.json, mtimeNs, streamed: false },
    { name: Buffer.from(names.sums), size: bytes.sums, mtimeNs, streamed: false },
  ];
}

function* parcelEntries(source: ManifestSource): Generator<ZipEntry> {
  for (const file of source.batch.files) yield fileEntry(file);
  yield* manifestEntries(source);
}
