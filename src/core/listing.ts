/**
 * The packed form of one directory's entries, as the scanner writes it and the ledger keeps it: for each entry, in
 * the order of the name bytes,
 *   u8 kind (low bits) + flags, u16 name length, name bytes, f64 size, i64 mtimeNs, i64 ctimeNs, u64 ino
 * and, where the flags say so, u32 uid, u32 gid, and u8 length + ASCII of the error. Little-endian. Equal directories give equal bytes.
 */
import type { Entry, EntryKind } from './model.ts';
import { decodeBytes, encodeBytes } from './share-path.ts';

/** Position = number in the packed form: only ever append. */
const KINDS = [
  'file',
  'symlink',
  'special',
  'other-file-system',
  'unreadable',
  'unreadable-dir',
] as const satisfies readonly EntryKind[];

const NUMBERS = new Map<EntryKind, number>(KINDS.map((kind, number) => [kind, number]));
const KIND_BITS = 0x0f;
/** uid and gid follow. */
const HAS_IDS = 0x20;
/** The name has bytes above 0x7f: only then is it decoded the slow way. */
const NOT_ASCII = 0x40;
const HAS_ERROR = 0x80;
/** Bytes of an entry beside its name and error. */
const FIXED = 1 + 2 + 8 + 8 + 8 + 8;
const IDS = 4 + 4;
const NO_IDS = {};

/** An entry whose name is a "binary string": one character U+0000–U+00FF for each byte (Node's 'latin1'). */
export type RawEntry = Omit<Entry, 'name'> & { readonly rawName: string };

/** A growing buffer that is written from `0` to `end`. */
export type ByteSink = { bytes: Buffer; view: DataView; end: number };

export function byteSink(capacity: number): ByteSink {
  const bytes = Buffer.alloc(capacity);
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), end: 0 };
}

/** Makes room for `extra` more bytes after `end`. */
export function reserve(sink: ByteSink, extra: number): void {
  if (sink.end + extra <= sink.bytes.length) return;
  const larger = byteSink(Math.max(sink.bytes.length * 2, sink.end + extra));
  sink.bytes.copy(larger.bytes, 0, 0, sink.end);
  sink.bytes = larger.bytes;
  sink.view = larger.view;
}

/** Appends one entry in packed form. The caller appends them sorted by `rawName`, which is the order of the bytes. */
export function appendEntry(sink: ByteSink, entry: RawEntry, plain = isAscii(entry.rawName)): void {
  const { rawName, uid, gid, error } = entry;
  if (rawName.length > 0xffff) throw new RangeError(`name of ${rawName.length} bytes does not fit a listing`);
  reserve(sink, FIXED + rawName.length + 256);
  const { bytes, view } = sink;
  const hasIds = uid !== undefined && gid !== undefined;
  const flags = (hasIds ? HAS_IDS : 0) | (plain ? 0 : NOT_ASCII) | (error === undefined ? 0 : HAS_ERROR);
  bytes[sink.end] = (NUMBERS.get(entry.kind) ?? 0) | flags;
  view.setUint16(sink.end + 1, rawName.length, true);
  let at = sink.end + 3;
  at += bytes.write(rawName, at, 'latin1');
  view.setFloat64(at, entry.size, true);
  view.setBigInt64(at + 8, entry.mtimeNs, true);
  view.setBigInt64(at + 16, entry.ctimeNs, true);
  view.setBigUint64(at + 24, entry.ino, true);
  at += 32;
  if (hasIds) {
    view.setUint32(at, uid, true);
    view.setUint32(at + 4, gid, true);
    at += 8;
  }
  if (error !== undefined) {
    const length = bytes.write(error.slice(0, 255), at + 1, 'latin1');
    bytes[at] = length;
    at += 1 + length;
  }
  sink.end = at;
}

/** Sorts by name bytes and packs. Equal sets of entries give equal bytes, whatever their order was. */
export function encodeListing(entries: readonly Entry[]): Buffer {
  const raw = entries.map((entry) => ({ ...entry, rawName: rawNameOf(entry.name) }));
  raw.sort((a, b) => (a.rawName < b.rawName ? -1 : a.rawName > b.rawName ? 1 : 0));
  const sink = byteSink(raw.length * (FIXED + 24));
  for (const entry of raw) appendEntry(sink, entry);
  return Buffer.from(sink.bytes.subarray(0, sink.end));
}

/** The entries of a listing, in the order of the name bytes; RangeError when the bytes are not a whole listing. */
export function decodeListing(listing: Uint8Array): Entry[] {
  const bytes = Buffer.from(listing.buffer, listing.byteOffset, listing.byteLength);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries: Entry[] = [];
  for (let at = 0; at < bytes.length; ) {
    const flags = bytes[at] ?? 0;
    const kind = KINDS[flags & KIND_BITS];
    if (kind === undefined) throw new RangeError(`listing is damaged at byte ${at}: unknown kind ${flags}`);
    const nameAt = at + 3;
    const factsAt = nameAt + view.getUint16(at + 1, true);
    const name =
      (flags & NOT_ASCII) === 0
        ? bytes.toString('latin1', nameAt, factsAt)
        : decodeBytes(bytes.subarray(nameAt, factsAt));
    const hasIds = (flags & HAS_IDS) !== 0;
    const facts = {
      name,
      kind,
      size: view.getFloat64(factsAt, true),
      mtimeNs: view.getBigInt64(factsAt + 8, true),
      ctimeNs: view.getBigInt64(factsAt + 16, true),
      ino: view.getBigUint64(factsAt + 24, true),
      ...(hasIds
        ? { uid: view.getUint32(factsAt + 32, true), gid: view.getUint32(factsAt + 36, true) }
        : NO_IDS),
    };
    at = factsAt + 32 + (hasIds ? IDS : 0);
    if ((flags & HAS_ERROR) === 0) {
      entries.push(facts);
    } else {
      const end = at + 1 + view.getUint8(at);
      if (end > bytes.length) throw new RangeError(`listing is damaged at byte ${at}: error text is cut`);
      entries.push({ ...facts, error: bytes.toString('latin1', at + 1, end) });
      at = end;
    }
  }
  return entries;
}

/** The names of a listing's data files, readable or not, without decoding the rest. */
export function fileNames(listing: Uint8Array): string[] {
  const bytes = Buffer.from(listing.buffer, listing.byteOffset, listing.byteLength);
  const names: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const flags = bytes.readUInt8(at);
    const end = at + 3 + bytes.readUInt16LE(at + 1);
    const kind = KINDS[flags & KIND_BITS];
    if (kind === 'file' || kind === 'unreadable') {
      const isPlain = (flags & NOT_ASCII) === 0;
      names.push(isPlain ? bytes.toString('latin1', at + 3, end) : decodeBytes(bytes.subarray(at + 3, end)));
    }
    at = end + 32 + ((flags & HAS_ERROR) === 0 ? 0 : 1 + bytes.readUInt8(end + 32));
  }
  return names;
}

/** How many entries a listing has, without decoding them. */
export function countEntries(listing: Uint8Array): number {
  const view = new DataView(listing.buffer, listing.byteOffset, listing.byteLength);
  let count = 0;
  for (let at = 0; at < listing.length; count++) {
    const flags = view.getUint8(at);
    const hasError = (flags & HAS_ERROR) !== 0;
    at += FIXED + view.getUint16(at + 1, true) + ((flags & HAS_IDS) === 0 ? 0 : IDS);
    if (hasError) at += 1 + view.getUint8(at);
  }
  return count;
}

/** The binary string of a name: comparing two with `<` compares their bytes. */
function rawNameOf(name: string): string {
  return isAscii(name) ? name : encodeBytes(name).toString('latin1');
}

// oxlint-disable-next-line no-control-regex -- every ASCII character is meant
const ASCII = /^[\u0000-\u007f]*$/;

export function isAscii(text: string): boolean {
  return ASCII.test(text);
}

/** The errno name when a look says only that its directory could not be looked at; nothing is known then, or gone. */
export function unknownBecause(listing: Uint8Array): string | undefined {
  if ((listing[0] ?? 0) !== (KINDS.indexOf('unreadable-dir') | HAS_ERROR)) return undefined;
  const [entry] = listing[1] === 0 && listing[2] === 0 ? decodeListing(listing) : [];
  return entry?.error;
}
