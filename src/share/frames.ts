/**
 * What a scanner thread writes to its pipe: frames of u32 length (of what follows), u8 kind, content; little-endian.
 *   look:  u32 files, f64 bytes, u32 path length, path bytes, packed listing (core/listing.ts)
 *   control: JSON of a directory's control file (read-control.ts); belongs to the next look
 *   alive: nothing; only says that the thread is not stuck in a call
 *   end:   JSON of the thread's own totals; the last frame
 *   fault: JSON of what stopped the thread; the last frame
 */
import { writeSync } from 'node:fs';
import type { ControlLook } from '../core/control.ts';
import { type ByteSink, byteSink, reserve } from '../core/listing.ts';
import type { DirLook } from '../core/model.ts';
import { decodeBytes, type SharePath } from '../core/share-path.ts';
import { errnoName } from './errno.ts';
import type { RawControl } from './read-control.ts';

const LOOK = 1;
const ALIVE = 2;
const END = 3;
const FAULT = 4;
const CONTROL = 5;
const HEAD = 5;
const LOOK_HEAD = HEAD + 4 + 8 + 4;

const FLUSH_BYTES = 128 * 1024;
const FLUSH_MS = 250;

/** Counted by the scanner, apart from the looks. `excluded`: entries that are never taken (links, pipes, mounts). */
export type ScanTotals = {
  readonly dirs: number;
  readonly files: number;
  readonly bytes: number;
  readonly excluded: number;
  readonly unreadable: number;
};

/** Why a scanner thread stopped. `errno` is there when a call on the root failed; else it is a defect. */
export type Fault = { readonly message: string; readonly errno?: string };

export function faultOf(error: unknown): Fault {
  if (isRefusedByNode(error))
    return { message: 'the root is no longer where it was mounted', errno: 'ESTALE' };
  const message = error instanceof Error ? error.message : String(error);
  const errno = errnoName(error);
  return errno === undefined ? { message } : { message, errno };
}

/**
 * A scan asks for nothing beside its root. Names are relative to it, and of a root that was unmounted in the middle Node
 * cannot say any more where it is: it takes them for names beside it, which its permissions refuse.
 */
const isRefusedByNode = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_ACCESS_DENIED';

export type Frame =
  | { readonly kind: 'look'; readonly look: DirLook }
  | { readonly kind: 'control'; readonly control: ControlLook }
  | { readonly kind: 'alive' }
  | { readonly kind: 'end'; readonly totals: ScanTotals }
  | { readonly kind: 'fault'; readonly fault: Fault };

/** A thread's output: whole frames are gathered and written in large pieces; writing waits while the pipe is full. */
export type FrameWriter = {
  readonly fd: number;
  readonly monotonic: () => number;
  sink: ByteSink;
  writtenAt: number;
};

export function frameWriter(fd: number, monotonic: () => number): FrameWriter {
  return { fd, monotonic, sink: byteSink(2 * FLUSH_BYTES), writtenAt: monotonic() };
}

/** Begins a look at `rawPath` (a binary string); the entries are then appended to `writer.sink`. Gives its start. */
export function beginLook(writer: FrameWriter, rawPath: string): number {
  const { sink } = writer;
  const start = sink.end;
  reserve(sink, LOOK_HEAD + rawPath.length);
  sink.end = start + LOOK_HEAD;
  sink.end += sink.bytes.write(rawPath, sink.end, 'latin1');
  sink.view.setUint32(start + 17, rawPath.length, true);
  return start;
}

/** Ends the look begun at `start`, and writes what has gathered when it is much or old. */
export function endLook(writer: FrameWriter, start: number, files: number, bytes: number): void {
  const { sink } = writer;
  sink.view.setUint32(start, sink.end - start - 4, true);
  sink.bytes[start + 4] = LOOK;
  sink.view.setUint32(start + 5, files, true);
  sink.view.setFloat64(start + 9, bytes, true);
  if (sink.end >= FLUSH_BYTES || writer.monotonic() - writer.writtenAt > FLUSH_MS) flush(writer);
}

/** Tells of the control file of a directory (`found` undefined: listed, not there); before the look is begun. */
export function writeControl(writer: FrameWriter, dir: string, found: RawControl | undefined): void {
  writeJson(writer, CONTROL, { dir, found });
}

/** Says that the thread lives, if it has said nothing for a while. May be called in the middle of a look. */
export function sayAlive(writer: FrameWriter): void {
  const now = writer.monotonic();
  if (now - writer.writtenAt <= FLUSH_MS) return;
  writer.writtenAt = now;
  writeAll(writer.fd, Buffer.from([1, 0, 0, 0, ALIVE]));
}

export function writeEnd(writer: FrameWriter, totals: ScanTotals): void {
  writeJson(writer, END, totals);
}

/** Drops the look that was being made and says why there will be no more. */
export function writeFault(writer: FrameWriter, fault: Fault): void {
  writer.sink.end = 0;
  writeJson(writer, FAULT, fault);
}

function writeJson(writer: FrameWriter, kind: number, value: object): void {
  const json = Buffer.from(JSON.stringify(value));
  const head = Buffer.alloc(HEAD);
  head.writeUInt32LE(json.length + 1);
  head[4] = kind;
  flush(writer);
  writeAll(writer.fd, Buffer.concat([head, json]));
}

/** Writes the gathered frames. */
export function flush(writer: FrameWriter): void {
  const { sink } = writer;
  writeAll(writer.fd, sink.bytes.subarray(0, sink.end));
  // One enormous directory must not hold its memory for the rest of the walk.
  if (sink.bytes.length > 8 * FLUSH_BYTES) writer.sink = byteSink(2 * FLUSH_BYTES);
  writer.sink.end = 0;
  writer.writtenAt = writer.monotonic();
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at);
}

/** Cuts a byte stream into frames. Looks share memory with the chunks they came in. */
export function frameReader(): (chunk: Buffer) => Frame[] {
  let parts: Buffer[] = [];
  let held = 0;
  let wanted = 4;
  return (chunk) => {
    parts.push(chunk);
    held += chunk.length;
    // Joined only when the frame is whole: a directory of a million files comes in a thousand chunks.
    if (held < wanted) return [];
    const bytes = parts.length === 1 ? chunk : Buffer.concat(parts, held);
    const frames: Frame[] = [];
    let at = 0;
    wanted = 4;
    while (bytes.length - at >= 4) {
      const length = bytes.readUInt32LE(at);
      wanted = 4 + length;
      if (bytes.length - at < wanted) break;
      frames.push(readFrame(bytes.subarray(at + 4, at + wanted)));
      at += wanted;
      wanted = 4;
    }
    parts = at === bytes.length ? [] : [bytes.subarray(at)];
    held = bytes.length - at;
    return frames;
  };
}

function readFrame(frame: Buffer): Frame {
  const kind = frame.readUInt8();
  if (kind === LOOK) return { kind: 'look', look: readLook(frame) };
  if (kind === ALIVE) return { kind: 'alive' };
  const text = frame.toString('utf8', 1);
  if (kind === CONTROL) return { kind: 'control', control: controlOf(JSON.parse(text) as WrittenControl) };
  if (kind === END) return { kind: 'end', totals: JSON.parse(text) as ScanTotals };
  if (kind === FAULT) return { kind: 'fault', fault: JSON.parse(text) as Fault };
  throw new RangeError(`the scanner wrote a frame of unknown kind ${kind}`);
}

type WrittenControl = { readonly dir: string; readonly found?: RawControl };

function controlOf({ dir, found }: WrittenControl): ControlLook {
  const path = decodeBytes(Buffer.from(dir, 'latin1')) as SharePath;
  if (found === undefined) return { dir: path };
  const { rawName, mtimeNs, content, ...rest } = found;
  return {
    dir: path,
    found: {
      ...rest,
      name: decodeBytes(Buffer.from(rawName, 'latin1')),
      mtimeNs: BigInt(mtimeNs),
      ...(content === undefined ? {} : { content: Buffer.from(content, 'base64') }),
    },
  };
}

function readLook(frame: Buffer): DirLook {
  const listingAt = LOOK_HEAD - 4 + frame.readUInt32LE(13);
  return {
    dir: decodeBytes(frame.subarray(LOOK_HEAD - 4, listingAt)) as SharePath,
    listing: frame.subarray(listingAt),
    files: frame.readUInt32LE(1),
    bytes: frame.readDoubleLE(5),
  };
}
