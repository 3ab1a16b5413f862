/**
 * The records of a stored (uncompressed) zip, byte for byte, after PKWARE's APPNOTE.TXT 6.3.10. Sections are named
 * where a rule comes from. Every record's length follows from name, size, mtime and offset alone, so that the length
 * of a parcel is known before its first byte.
 */

/** One entry before its content was read. */
export type ZipEntry = {
  readonly name: Buffer;
  readonly size: number;
  readonly mtimeNs: bigint;
  /** True: the CRC follows the content in a data descriptor (4.3.9); false: it is in the local header. */
  readonly streamed: boolean;
};

/** Sizes and offsets from here on stand in the zip64 extra field (4.5.3). */
const ZIP64_FROM = 0xffffffff;
const ZIP64_ENTRIES = 0xffff;
const VERSION_STORED = 20;
const VERSION_ZIP64 = 45;
const MADE_BY_UNIX = 3 << 8;
const FLAG_DESCRIPTOR = 1 << 3;
const FLAG_UTF8 = 1 << 11;
/** A regular file, rw-r--r--: fixed, so that a changed mode does not change the parcel. */
const EXTERNAL_ATTRIBUTES = 0o100644 * 0x10000;
const TIMESTAMP_BYTES = 9;

const isZip64Size = (entry: ZipEntry): boolean => entry.size >= ZIP64_FROM;

export function localHeaderBytes(entry: ZipEntry): number {
  return 30 + entry.name.length + (isZip64Size(entry) ? 20 : 0) + timestampBytes(entry);
}

export function descriptorBytes(entry: ZipEntry): number {
  if (!entry.streamed) return 0;
  return isZip64Size(entry) ? 24 : 16;
}

/** All an entry takes before the central directory. */
export function entryBytes(entry: ZipEntry): number {
  return localHeaderBytes(entry) + entry.size + descriptorBytes(entry);
}

export function centralHeaderBytes(entry: ZipEntry, offset: number): number {
  return 46 + entry.name.length + timestampBytes(entry) + centralZip64Bytes(entry, offset);
}

export function endBytes(entries: number, centralBytes: number, centralOffset: number): number {
  return needsZip64End(entries, centralBytes, centralOffset) ? 56 + 20 + 22 : 22;
}

/** Writes the local header (4.3.7) at `at`; `crc` counts only where the entry is not streamed. */
export function writeLocalHeader(out: Buffer, at: number, entry: ZipEntry, crc: number): void {
  const zip64 = isZip64Size(entry);
  const size = zip64 ? ZIP64_FROM : entry.streamed ? 0 : entry.size;
  out.writeUInt32LE(0x04034b50, at);
  out.writeUInt16LE(zip64 ? VERSION_ZIP64 : VERSION_STORED, at + 4);
  out.writeUInt16LE(flags(entry), at + 6);
  out.writeUInt16LE(0, at + 8);
  out.writeUInt32LE(dosTime(entry.mtimeNs), at + 10);
  out.writeUInt32LE(entry.streamed ? 0 : crc, at + 14);
  out.writeUInt32LE(size, at + 18);
  out.writeUInt32LE(size, at + 22);
  out.writeUInt16LE(entry.name.length, at + 26);
  out.writeUInt16LE((zip64 ? 20 : 0) + timestampBytes(entry), at + 28);
  entry.name.copy(out, at + 30);
  let extra = at + 30 + entry.name.length;
  if (zip64) {
    const known = entry.streamed ? 0n : BigInt(entry.size);
    out.writeUInt16LE(0x0001, extra);
    out.writeUInt16LE(16, extra + 2);
    out.writeBigUInt64LE(known, extra + 4);
    out.writeBigUInt64LE(known, extra + 12);
    extra += 20;
  }
  writeTimestamp(out, extra, entry);
}

/** Writes the data descriptor (4.3.9) that follows a streamed entry's content. */
export function writeDescriptor(out: Buffer, at: number, entry: ZipEntry, crc: number): void {
  out.writeUInt32LE(0x08074b50, at);
  out.writeUInt32LE(crc, at + 4);
  if (isZip64Size(entry)) {
    out.writeBigUInt64LE(BigInt(entry.size), at + 8);
    out.writeBigUInt64LE(BigInt(entry.size), at + 16);
    return;
  }
  out.writeUInt32LE(entry.size, at + 8);
  out.writeUInt32LE(entry.size, at + 12);
}

/** Where an entry begins, and its content's CRC-32. */
export type ZipPlace = { readonly offset: number; readonly crc: number };

/** Writes the central directory's record of an entry (4.3.12). */
export function writeCentralHeader(out: Buffer, at: number, entry: ZipEntry, place: ZipPlace): void {
  const zip64Bytes = centralZip64Bytes(entry, place.offset);
  const size = Math.min(entry.size, ZIP64_FROM);
  const version = zip64Bytes > 0 ? VERSION_ZIP64 : VERSION_STORED;
  out.fill(0, at, at + 46);
  out.writeUInt32LE(0x02014b50, at);
  out.writeUInt16LE(MADE_BY_UNIX | version, at + 4);
  out.writeUInt16LE(version, at + 6);
  out.writeUInt16LE(flags(entry), at + 8);
  out.writeUInt32LE(dosTime(entry.mtimeNs), at + 12);
  out.writeUInt32LE(place.crc, at + 16);
  out.writeUInt32LE(size, at + 20);
  out.writeUInt32LE(size, at + 24);
  out.writeUInt16LE(entry.name.length, at + 28);
  out.writeUInt16LE(zip64Bytes + timestampBytes(entry), at + 30);
  out.writeUInt32LE(EXTERNAL_ATTRIBUTES, at + 38);
  out.writeUInt32LE(Math.min(place.offset, ZIP64_FROM), at + 42);
  entry.name.copy(out, at + 46);
  const extra = at + 46 + entry.name.length;
  if (zip64Bytes > 0) writeCentralZip64(out, extra, entry, place.offset);
  writeTimestamp(out, extra + zip64Bytes, entry);
}

/** Writes the end of the central directory (4.3.14 to 4.3.16). */
export function writeEnd(
  out: Buffer,
  at: number,
  end: { readonly entries: number; readonly centralBytes: number; readonly centralOffset: number },
): void {
  const { entries, centralBytes, centralOffset } = end;
  let place = at;
  if (needsZip64End(entries, centralBytes, centralOffset)) {
    writeZip64End(out, at, end);
    place += 76;
  }
  out.fill(0, place, place + 22);
  out.writeUInt32LE(0x06054b50, place);
  out.writeUInt16LE(Math.min(entries, ZIP64_ENTRIES), place + 8);
  out.writeUInt16LE(Math.min(entries, ZIP64_ENTRIES), place + 10);
  out.writeUInt32LE(Math.min(centralBytes, ZIP64_FROM), place + 12);
  out.writeUInt32LE(Math.min(centralOffset, ZIP64_FROM), place + 16);
}

function writeZip64End(
  out: Buffer,
  at: number,
  end: { readonly entries: number; readonly centralBytes: number; readonly centralOffset: number },
): void {
  out.fill(0, at, at + 76);
  out.writeUInt32LE(0x06064b50, at);
  out.writeBigUInt64LE(44n, at + 4);
  out.writeUInt16LE(MADE_BY_UNIX | VERSION_ZIP64, at + 12);
  out.writeUInt16LE(VERSION_ZIP64, at + 14);
  out.writeBigUInt64LE(BigInt(end.entries), at + 24);
  out.writeBigUInt64LE(BigInt(end.entries), at + 32);
  out.writeBigUInt64LE(BigInt(end.centralBytes), at + 40);
  out.writeBigUInt64LE(BigInt(end.centralOffset), at + 48);
  out.writeUInt32LE(0x07064b50, at + 56);
  out.writeBigUInt64LE(BigInt(end.centralOffset + end.centralBytes), at + 64);
  out.writeUInt32LE(1, at + 72);
}

function needsZip64End(entries: number, centralBytes: number, centralOffset: number): boolean {
  return entries >= ZIP64_ENTRIES || centralBytes >= ZIP64_FROM || centralOffset >= ZIP64_FROM;
}

/** Only the fields that do not fit their 32 bits stand in the extra field, in this order (4.5.3). */
function centralZip64Bytes(entry: ZipEntry, offset: number): number {
  const fields = (isZip64Size(entry) ? 2 : 0) + (offset >= ZIP64_FROM ? 1 : 0);
  return fields === 0 ? 0 : 4 + 8 * fields;
}

function writeCentralZip64(out: Buffer, at: number, entry: ZipEntry, offset: number): void {
  out.writeUInt16LE(0x0001, at);
  out.writeUInt16LE(centralZip64Bytes(entry, offset) - 4, at + 2);
  let field = at + 4;
  if (isZip64Size(entry)) {
    out.writeBigUInt64LE(BigInt(entry.size), field);
    out.writeBigUInt64LE(BigInt(entry.size), field + 8);
    field += 16;
  }
  if (offset >= ZIP64_FROM) out.writeBigUInt64LE(BigInt(offset), field);
}

/** Bit 11 says that the name is UTF-8 (appendix D); plain ASCII names need no flag. */
function flags(entry: ZipEntry): number {
  const ascii = entry.name.every((byte) => byte < 0x80);
  return (entry.streamed ? FLAG_DESCRIPTOR : 0) | (ascii ? 0 : FLAG_UTF8);
}

/** Info-ZIP's extended timestamp (0x5455): whole seconds UTC in 32 bits; left out where they do not fit. */
function timestampBytes(entry: ZipEntry): number {
  const seconds = secondsOf(entry.mtimeNs);
  return seconds >= -0x80000000 && seconds <= 0x7fffffff ? TIMESTAMP_BYTES : 0;
}

function writeTimestamp(out: Buffer, at: number, entry: ZipEntry): void {
  if (timestampBytes(entry) === 0) return;
  out.writeUInt16LE(0x5455, at);
  out.writeUInt16LE(5, at + 2);
  out.writeUInt8(1, at + 4);
  out.writeInt32LE(secondsOf(entry.mtimeNs), at + 5);
}

/** Date in the upper, time in the lower 16 bits (4.4.6), in UTC so that no time zone changes the bytes; 1980–2107. */
function dosTime(mtimeNs: bigint): number {
  const seconds = Math.min(Math.max(secondsOf(mtimeNs), DOS_FIRST), DOS_LAST);
  const date = new Date(seconds * 1000);
  const day = ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate();
  const time = (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1);
  return day * 0x10000 + time;
}

const DOS_FIRST = Date.UTC(1980, 0, 1) / 1000;
const DOS_LAST = Date.UTC(2107, 11, 31, 23, 59, 58) / 1000;

function secondsOf(ns: bigint): number {
  const seconds = Number(ns / 1_000_000_000n);
  return ns < 0n && ns % 1_000_000_000n !== 0n ? seconds - 1 : seconds;
}
