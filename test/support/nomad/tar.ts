/** A small tar reader for the test server: ustar, GNU long names and pax paths; plain or gzip, as python's tarfile takes. */
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';

export type TarEntry = { readonly name: string; readonly isDirectory: boolean; readonly data: Buffer };

const BLOCK = 512;

/** The files and directories (no links: they are skipped), or undefined when it is no tar. Read into memory whole. */
export async function readTar(file: string): Promise<TarEntry[] | undefined> {
  const raw = await readFile(file);
  if (raw.subarray(0, 3).toString('latin1') === 'BZh')
    throw new Error('this test server does not read bzip2: send tar or tar.gz');
  const bytes = raw[0] === 0x1f && raw[1] === 0x8b ? unzipped(raw) : raw;
  return bytes === undefined ? undefined : entriesOf(bytes);
}

function unzipped(raw: Buffer): Buffer | undefined {
  try {
    return gunzipSync(raw);
  } catch {
    return undefined;
  }
}

function entriesOf(bytes: Buffer): TarEntry[] | undefined {
  const entries: TarEntry[] = [];
  let longName: string | undefined;
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const header = bytes.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return entries;
    if (!isHeader(header)) return at === 0 ? undefined : entries;
    const size = octal(header, 124, 12);
    const data = bytes.subarray(at + BLOCK, at + BLOCK + size);
    const type = String.fromCharCode(header[156] ?? 0);
    const name = longName ?? nameOf(header);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    longName = undefined;
    if (type === 'L') longName = textOf(data, 0, data.length);
    else if (type === 'x') longName = /\d+ path=(.*)\n/.exec(data.toString())?.[1];
    else if (type === '0' || type === '\0') entries.push({ name, isDirectory: false, data });
    else if (type === '5') entries.push({ name: name.replace(/\/$/, ''), isDirectory: true, data });
  }
  return entries.length === 0 ? undefined : entries;
}

/** The checksum is the sum of the header's bytes with its own field as blanks. */
function isHeader(header: Buffer): boolean {
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  return octal(header, 148, 8) === sum;
}

function nameOf(header: Buffer): string {
  const prefix = textOf(header, 257, 5) === 'ustar' ? textOf(header, 345, 155) : '';
  const name = textOf(header, 0, 100);
  return prefix === '' ? name : `${prefix}/${name}`;
}

function textOf(bytes: Buffer, at: number, length: number): string {
  const part = bytes.subarray(at, at + length);
  const end = part.indexOf(0);
  return part.subarray(0, end < 0 ? undefined : end).toString('utf8');
}

const octal = (header: Buffer, at: number, length: number): number =>
  Number.parseInt(textOf(header, at, length).trim() || '0', 8);
