import { crc32 } from 'node:zlib';
import { DIGEST_BYTES } from './hash-ring.ts';
import type { HashedOutput } from './hashed-output.ts';
import { type ManifestSource, manifestJson, sha256Sums } from './manifest.ts';
import { fileEntry, manifestEntries } from './parcel-length.ts';
import type { PlannedReader } from './read-planned.ts';
import {
  centralHeaderBytes,
  descriptorBytes,
  endBytes,
  localHeaderBytes,
  writeCentralHeader,
  writeDescriptor,
  writeEnd,
  writeLocalHeader,
  type ZipEntry,
  type ZipPlace,
} from './zip-format.ts';

/** What is known of the entries written so far: the central directory repeats it. */
type Written = { readonly entries: ZipEntry[]; readonly places: ZipPlace[]; offset: number };

/**
 * Writes a batch's parcel: the files in order, the two manifests, the central directory. The manifests come after
 * every file was read and found unmoved, so a parcel that ends is a parcel that is right.
 */
export function writeParcel(source: ManifestSource, reader: PlannedReader, output: HashedOutput): Buffer {
  const written: Written = { entries: [], places: [], offset: 0 };
  for (const [index, file] of source.batch.files.entries()) {
    const entry = fileEntry(file);
    const onFile = { file, index, entry };
    record(
      written,
      entry,
      entry.streamed ? writeStreamed(onFile, reader, output) : writeWhole(onFile, reader),
    );
  }
  const digests = output.settle();
  const hashOf = (index: number): string =>
    digests.toString('hex', index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES);
  const [json, sums] = manifestEntries(source);
  record(written, json, writeBytes(json, manifestJson(source, hashOf), output));
  record(written, sums, writeBytes(sums, sha256Sums(source.batch, hashOf), output));
  writeCentralDirectory(written, output);
  output.settle();
  return digests;
}

type OnFile = {
  readonly file: Parameters<PlannedReader['whole']>[0];
  readonly index: number;
  readonly entry: ZipEntry;
};

function writeWhole({ file, index, entry }: OnFile, reader: PlannedReader): number {
  const { memory, at, content } = reader.whole(file, index, localHeaderBytes(entry));
  const crc = crc32(content);
  writeLocalHeader(memory, at, entry, crc);
  return crc;
}

function writeStreamed({ file, index, entry }: OnFile, reader: PlannedReader, output: HashedOutput): number {
  put(output, localHeaderBytes(entry), (memory, at) => writeLocalHeader(memory, at, entry, 0));
  let crc = 0;
  reader.streamed(file, index, (piece) => {
    crc = crc32(piece, crc);
  });
  put(output, descriptorBytes(entry), (memory, at) => writeDescriptor(memory, at, entry, crc));
  return crc;
}

function writeBytes(entry: ZipEntry, text: string, output: HashedOutput): number {
  const bytes = Buffer.from(text);
  const crc = crc32(bytes);
  put(output, localHeaderBytes(entry), (memory, at) => writeLocalHeader(memory, at, entry, crc));
  output.put(bytes);
  return crc;
}

/** One record of known length, written in place. */
function put(output: HashedOutput, bytes: number, write: (memory: Buffer, at: number) => void): void {
  const { memory, at } = output.claim(bytes);
  write(memory, at);
  output.advance(bytes);
}

function record(written: Written, entry: ZipEntry, crc: number): void {
  written.entries.push(entry);
  written.places.push({ offset: written.offset, crc });
  written.offset += localHeaderBytes(entry) + entry.size + descriptorBytes(entry);
}

function writeCentralDirectory(written: Written, output: HashedOutput): void {
  let centralBytes = 0;
  for (const [index, entry] of written.entries.entries()) {
    const place = written.places[index];
    if (place === undefined) throw new RangeError(`no place for entry ${index}`);
    const bytes = centralHeaderBytes(entry, place.offset);
    put(output, bytes, (memory, at) => writeCentralHeader(memory, at, entry, place));
    centralBytes += bytes;
  }
  const end = { entries: written.entries.length, centralBytes, centralOffset: written.offset };
  put(output, endBytes(end.entries, centralBytes, written.offset), (memory, at) => writeEnd(memory, at, end));
}
