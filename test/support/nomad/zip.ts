/** A small zip reader for the test server: central directory, zip64, store and deflate, CRC checked. */
import { type FileHandle, mkdir, open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib';

export type ZipEntry = {
  readonly name: string;
  readonly isDirectory: boolean;
  readonly method: number;
  readonly crc: number;
  readonly compressedBytes: number;
  readonly bytes: number;
  readonly headerAt: number;
};

/** The upper half of code page 437, which python's zipfile uses for names without general purpose bit 11. */
const CP437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

/** The entries, or undefined when the file does not end like a zip. */
export async function readZip(file: string): Promise<ZipEntry[] | undefined> {
  await using handle = await open(file, 'r');
  const { size } = await handle.stat();
  const tail = await read(handle, Math.max(0, size - 65_557), Math.min(size, 65_557));
  const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (end < 0 || end + 22 > tail.length) return undefined;
  const where = await centralDirectory(handle, tail, end);
  return entriesOf(await read(handle, where.at, where.bytes));
}

async function centralDirectory(handle: FileHandle, tail: Buffer, end: number) {
  const at = tail.readUInt32LE(end + 16);
  const bytes = tail.readUInt32LE(end + 12);
  const locator = end - 20;
  if (locator < 0 || tail.readUInt32LE(locator) !== 0x07064b50) return { at, bytes };
  const end64 = await read(handle, Number(tail.readBigUInt64LE(locator + 8)), 56);
  return { at: Number(end64.readBigUInt64LE(48)), bytes: Number(end64.readBigUInt64LE(40)) };
}

function entriesOf(directory: Buffer): ZipEntry[] {
  const entries: ZipEntry[] = [];
  for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === 0x02014b50; ) {
    const nameBytes = directory.readUInt16LE(at + 28);
    const extraBytes = directory.readUInt16LE(at + 30);
    const commentBytes = directory.readUInt16LE(at + 32);
    const name = directory.subarray(at + 46, at + 46 + nameBytes);
    const extra = directory.subarray(at + 46 + nameBytes, at + 46 + nameBytes + extraBytes);
    entries.push(entryOf(directory, at, name, extra));
    at += 46 + nameBytes + extraBytes + commentBytes;
  }
  return entries;
}

function entryOf(directory: Buffer, at: number, rawName: Buffer, extra: Buffer): ZipEntry {
  const name = (directory.readUInt16LE(at + 8) & 0x800) === 0 ? cp437(rawName) : rawName.toString('utf8');
  const wide = zip64Fields(extra);
  const take = (value: number): number => (value === 0xffffffff ? (wide.shift() ?? value) : value);
  const bytes = take(directory.readUInt32LE(at + 24));
  const compressedBytes = take(directory.readUInt32LE(at + 20));
  const headerAt = take(directory.readUInt32LE(at + 42));
  const method = directory.readUInt16LE(at + 10);
  const crc = directory.readUInt32LE(at + 16);
  return { name, isDirectory: name.endsWith('/'), method, crc, compressedBytes, bytes, headerAt };
}

function zip64Fields(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    const fields: number[] = [];
    for (let field = at + 4; field + 8 <= at + 4 + extra.readUInt16LE(at + 2); field += 8)
      fields.push(Number(extra.readBigUInt64LE(field)));
    return fields;
  }
  return [];
}

const cp437 = (bytes: Buffer): string =>
  Array.from(bytes, (byte) => (byte < 128 ? String.fromCharCode(byte) : (CP437[byte - 128] ?? '?'))).join('');

async function read(handle: FileHandle, at: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  await handle.read(buffer, 0, bytes, at);
  return buffer;
}

/** Entries up to this are unpacked in memory, larger ones as a stream. */
const SMALL = 2 ** 20;

/** Writes the entry's bytes to `target`; throws in python's words when the CRC does not hold. */
export async function extractEntry(zip: FileHandle, entry: ZipEntry, target: string): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  const local = await read(zip, entry.headerAt, 30);
  const start = entry.headerAt + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
  const crc =
    Math.max(entry.bytes, entry.compressedBytes) <= SMALL
      ? await extractSmall(zip, entry, start, target)
      : await extractLarge(zip, entry, start, target);
  if (crc !== entry.crc) throw new Error(`BadZipFile: Bad CRC-32 for file '${entry.name}'`);
}

async function extractSmall(
  zip: FileHandle,
  entry: ZipEntry,
  start: number,
  target: string,
): Promise<number> {
  const raw = await read(zip, start, entry.compressedBytes);
  const bytes = entry.method === 8 ? inflateRawSync(raw) : raw;
  await writeFile(target, bytes);
  return crc32(bytes);
}

async function extractLarge(
  zip: FileHandle,
  entry: ZipEntry,
  start: number,
  target: string,
): Promise<number> {
  const end = start + entry.compressedBytes - 1;
  const raw = zip.createReadStream({ start, end, autoClose: false });
  await using out = await open(target, 'w');
  let crc = 0;
  for await (const piece of entry.method === 8 ? raw.pipe(createInflateRaw()) : raw) {
    crc = crc32(piece, crc);
    await out.write(piece);
  }
  return crc;
}
