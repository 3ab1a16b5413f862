import { spelledOut, UNPRINTABLE } from './unprintable.ts';

/**
 * Paths below a share. Names on a share are bytes, not text: a byte that is not part of valid UTF-8 is kept as a
 * lone surrogate U+DC80–U+DCFF (the way Python's surrogateescape does), so that every name has exactly one string
 * and every string gives its bytes back. Separator is always '/', there is no leading '/', no '.', no '..'.
 */
export type SharePath = string & { readonly __brand: 'SharePath' };

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The string form of one name's or path's bytes; never throws. */
export function decodeBytes(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return decodeLossless(bytes);
  }
}

function decodeLossless(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = validSequence(bytes, at);
    if (length === 0) {
      text += String.fromCharCode(0xdc00 + (bytes[at] ?? 0));
      at += 1;
    } else {
      text += strictUtf8.decode(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return text;
}

/** Length of the valid UTF-8 sequence at `at`, or 0. */
function validSequence(bytes: Uint8Array, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    try {
      strictUtf8.decode(bytes.subarray(at, at + length));
      return length;
    } catch {
      // try a longer sequence
    }
  }
  return 0;
}

/** The bytes that `decodeBytes` was given. */
export function encodeBytes(text: string): Buffer {
  if (isUtf8(text)) return Buffer.from(text, 'utf8');
  const parts: Buffer[] = [];
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    parts.push(code >= 0xdc80 && code <= 0xdcff ? Buffer.from([code - 0xdc00]) : Buffer.from(char, 'utf8'));
  }
  return Buffer.concat(parts);
}

/** True when the name's bytes are valid UTF-8. */
export function isUtf8(text: string): boolean {
  return text.isWellFormed();
}

/** Checks a '/'-separated relative path; throws RangeError naming what is wrong with it. */
export function sharePath(text: string): SharePath {
  if (text.startsWith('/')) throw new RangeError(`path is absolute: ${printable(text)}`);
  if (text === '') return text as SharePath;
  for (const part of text.split('/')) {
    if (part === '') throw new RangeError(`path has an empty part: ${printable(text)}`);
    if (part === '.' || part === '..') throw new RangeError(`path has a '${part}' part: ${printable(text)}`);
    if (part.includes('\0')) throw new RangeError(`path has a NUL byte: ${printable(text)}`);
  }
  return text as SharePath;
}

export function joinPath(dir: SharePath, name: string): SharePath {
  return (dir === '' ? name : `${dir}/${name}`) as SharePath;
}

export function parentOf(path: SharePath): SharePath {
  const cut = path.lastIndexOf('/');
  return (cut < 0 ? '' : path.slice(0, cut)) as SharePath;
}

export function nameOf(path: SharePath): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/**
 * The bytes under which a directory sorts: '/' becomes NUL, so that everything below a directory follows it at
 * once ("run1", "run1/a", "run1.bak" and not "run1", "run1.bak", "run1/a").
 */
export function sortKey(path: SharePath): Buffer {
  const bytes = encodeBytes(path);
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === 0x2f) bytes[at] = 0;
  return bytes;
}

export function pathOfSortKey(key: Uint8Array): SharePath {
  const bytes = Buffer.from(key);
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === 0) bytes[at] = 0x2f;
  return decodeBytes(bytes) as SharePath;
}

/** For terminals, logs and reports: what is unprintable, and bytes outside UTF-8, as \xNN or \u{N}. */
export function printable(text: string): string {
  return text.replace(ANY_UNPRINTABLE, escapeChar);
}

const ANY_UNPRINTABLE = new RegExp(`[${UNPRINTABLE}]`, 'gv');

function escapeChar(char: string): string {
  const code = char.charCodeAt(0);
  if (char === '\n') return String.raw`\n`;
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
  return spelledOut(char);
}

/** The printable form as a shell takes it, for commands that we suggest. */
export function quoted(text: string): string {
  const shown = printable(text);
  return /^[\w@%+=:,./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", String.raw`'\''`)}'`;
}
