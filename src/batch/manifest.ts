import { deliveredPath } from '../core/delivered-path.ts';
import type { Batch, PlannedFile } from '../core/model.ts';
import { encodeBytes, isUtf8, printable } from '../core/share-path.ts';

/** SHA-256 in hex of the n-th file of the batch. */
export type HashOf = (index: number) => string;

/** What the manifest says beside the batch itself. */
export type ManifestSource = { readonly batch: Batch; readonly version: string };

/** Names of the last two entries of every parcel, below its target directory. */
export function manifestNames(batch: Pick<Batch, 'id'>): { readonly json: string; readonly sums: string } {
  return { json: `.nightjar/${batch.id}.json`, sums: `.nightjar/${batch.id}.sha256` };
}

/**
 * The readable manifest: who, what, by which rule, and every file with size, mtime and SHA-256, one a line. `path` is
 * where the file was delivered to, `original` its path on the share where that is another.
 */
export function manifestJson(source: ManifestSource, hashOf: HashOf): string {
  const lines = source.batch.files.map((file, index) => jsonLine(file, hashOf(index)));
  return `${jsonHead(source)}${lines.join(',\n')}${JSON_TAIL}`;
}

/** The `sha256sum -c` form; paths are relative to the batch's target directory. */
export function sha256Sums(batch: Pick<Batch, 'files'>, hashOf: HashOf): string {
  return batch.files.map((file, index) => sumLine(file, hashOf(index))).join('');
}

/** Bytes of the two forms, known before any hash is: a hash always has 64 digits. */
export function manifestBytes(source: ManifestSource): { readonly json: number; readonly sums: number } {
  let json = Buffer.byteLength(jsonHead(source)) + Buffer.byteLength(JSON_TAIL);
  let sums = 0;
  for (const file of source.batch.files) {
    json += Buffer.byteLength(jsonLine(file, ANY_HASH));
    sums += Buffer.byteLength(sumLine(file, ANY_HASH));
  }
  return { json: json + 2 * Math.max(0, source.batch.files.length - 1), sums };
}

/** Nanoseconds since 1970 as ISO 8601 with nine decimals, UTC. */
export function isoOfNs(ns: bigint): string {
  const seconds = (ns - mod(ns, 1_000_000_000n)) / 1_000_000_000n;
  const fraction = mod(ns, 1_000_000_000n).toString().padStart(9, '0');
  const date = new Date(Number(seconds) * 1000);
  // A broken clock or file system may give a time no calendar has: then as `date --date=@…` takes it.
  if (Number.isNaN(date.getTime())) return `@${seconds}.${fraction}`;
  return `${date.toISOString().slice(0, -5)}.${fraction}Z`;
}

const ANY_HASH = '0'.repeat(64);
const JSON_TAIL = '\n  ]\n}\n';

function jsonHead({ batch, version }: ManifestSource): string {
  const {
    id,
    owner,
    destination,
    share,
    dataset,
    joins,
    instrument,
    rule,
    reason,
    code,
    facts,
    addendum,
    follows,
    bytes,
  } = batch;
  const head = {
    format: 'nightjar-manifest',
    formatVersion: 1,
    batchId: id,
    owner,
    destination,
    share,
    dataset: wellFormed(dataset),
    // Left out where the batch is of one dataset.
    datasets: joins?.map(wellFormed),
    instrument: wellFormed(instrument),
    rule,
    // Left out where there is none: the collector, or somebody in the place of another, is told why.
    code,
    reason,
    facts: Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, wellFormed(value)])),
    addendum,
    follows,
    plannedAt: new Date(batch.plannedAt).toISOString(),
    nightjar: version,
    fileCount: batch.files.length,
    bytes,
  };
  return `${JSON.stringify(head, undefined, 2).slice(0, -2)},\n  "files": [\n`;
}

function jsonLine(file: PlannedFile, sha256: string): string {
  const { as, size: bytes, mtimeNs } = file;
  const entry = { path: deliveredPath(file), bytes, mtime: isoOfNs(mtimeNs), sha256 };
  return `    ${JSON.stringify(as === undefined ? entry : { ...entry, ...original(file.path) })}`;
}

/** The path on the share of a file that was given a safe one: as text, and its bytes where text cannot say them. */
function original(path: string): { readonly original: string; readonly originalBase64?: string } {
  if (isUtf8(path)) return { original: path };
  return { original: printable(path), originalBase64: encodeBytes(path).toString('base64') };
}

/** coreutils escapes a name with a backslash, newline or carriage return and marks the line with a backslash. */
function sumLine(file: PlannedFile, sha256: string): string {
  const path = deliveredPath(file);
  const escaped = path.replaceAll(/[\\\n\r]/g, escapeForSum);
  return `${escaped === path ? '' : '\\'}${sha256}  ${escaped}\n`;
}

function escapeForSum(char: string): string {
  if (char === '\\') return '\\\\';
  return char === '\n' ? '\\n' : '\\r';
}

/** Readers of JSON differ on text that is not Unicode: bytes outside UTF-8 are shown instead. */
const wellFormed = (text: string): string => (isUtf8(text) ? text : printable(text));

function mod(value: bigint, by: bigint): bigint {
  return ((value % by) + by) % by;
}
