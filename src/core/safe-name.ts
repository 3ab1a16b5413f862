/**
 * Names that every receiving side can take: NOMAD's Linux, a zip that is unpacked on Windows or macOS, a folder that
 * is read over SMB. A name without a hazard stays as it is, to the byte. docs/names.md is this file in words.
 */
import { createHash } from 'node:crypto';
import { isAscii } from './listing.ts';
import { encodeBytes, type SharePath } from './share-path.ts';

/** NAME_MAX of every common file system; a longer name makes the platform's unpacking fail as a whole. */
const MAX_NAME_BYTES = 255;
/** Hex digits of the hash in a changed name. */
const HASH_DIGITS = 8;

/** Most names of most labs: found harmless by one look. */
const PLAIN = /^[\w(+,=@#-][\w .()+,=@#~-]{0,80}[\w()+,=@#-]$/;
/** U+0080–U+009F stay allowed: harmless, and what a doubly encoded umlaut looks like. */
const REPLACED = /[[\p{Cc}--[\x80-\x9f]]\p{Cs}<>:"\|?*\\]/gv;
const RESERVED = /[<>:"|?*\\]/g;
const CONTROL = /[\p{Cc}--[\x80-\x9f]]/v;
const DROPPED_END = /[. ]+$/;
/** Windows opens the device whatever comes behind the first dot (Microsoft, "Naming Files, Paths, and Namespaces"). */
const DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?= *(?:\.|$))/i;
/** The extension, with the part before it where programs look at the two together. */
const EXTENSION = /^(.+?)((?:\.(?:tar|ome|nii))?\.[a-z0-9]{1,16})$/isu;

/** Why a name cannot go everywhere as it is, in plain words; undefined when it can. */
export function hazardOf(name: string): string | undefined {
  if (isPlain(name)) return undefined;
  const found: string[] = [];
  if (!name.isWellFormed()) found.push('it has bytes that are not UTF-8');
  if (CONTROL.test(name)) found.push('it has a control character, such as a newline');
  const reserved = [...new Set(name.match(RESERVED))].map((char) => `"${char}"`);
  if (reserved.length > 0) found.push(`Windows does not allow ${listed(reserved)} in a name`);
  if (DROPPED_END.test(name)) found.push('it has a dot or space at its end, which Windows drops');
  const device = DEVICE.exec(name)?.[1];
  if (device !== undefined) found.push(`"${device}" is a device on Windows`);
  const bytes = encodeBytes(name).length;
  if (bytes > MAX_NAME_BYTES) found.push(`it has ${bytes} bytes, file systems take ${MAX_NAME_BYTES}`);
  return found.length === 0 ? undefined : found.join('; ');
}

/** The name itself when it has no hazard, else the changed one. Decided by the name alone. */
export function safeName(name: string): string {
  return hazardOf(name) === undefined ? name : renamed(name, 0);
}

/** The same for a name in a directory of a share: at its top, one more name is taken by the manifests of parcels. */
export function safeNameAt(dir: SharePath, name: string): string {
  return hazardAt(dir, name) === undefined ? name : renamed(name, 0);
}

/** `hazardOf` for a name in a directory of a share. */
export function hazardAt(dir: SharePath, name: string): string | undefined {
  if (dir === '' && foldedName(name) === MANIFEST_DIR) return 'Nightjar puts its manifests under this name';
  return hazardOf(name);
}

const MANIFEST_DIR = foldedName('.nightjar');

/**
 * The name in NFC, without what is a hazard, and with a hash of the original bytes before its extension, so that two
 * originals do not meet. Where a changed name is taken all the same, the next `turn` gives another one.
 */
export function renamed(name: string, turn: number): string {
  const clean = name.normalize('NFC').replace(REPLACED, '_').replace(DROPPED_END, '').replace(DEVICE, '$1_');
  const [, stem = clean, extension = ''] = EXTENSION.exec(clean) ?? [];
  const suffix = `~${hashOf(name, turn)}${extension}`;
  return `${cut(stem === '' ? '_' : stem, MAX_NAME_BYTES - Buffer.byteLength(suffix))}${suffix}`;
}

/**
 * What is left of a name where neither letter case nor Unicode form counts: names that any file system takes for one
 * have one folded form. More than one file system folds: capitals both ways, and characters that are not seen.
 */
export function foldedName(name: string): string {
  if (isAscii(name)) return name.toUpperCase();
  return name.normalize('NFD').toLowerCase().toUpperCase().normalize('NFD').replace(UNSEEN, '');
}

const UNSEEN = /\p{Default_Ignorable_Code_Point}/gu;

/** True of most names: short, ASCII and surely without a hazard. What is not plain may still have none. */
export function isPlain(name: string): boolean {
  return PLAIN.test(name) && !DEVICE.test(name);
}

function hashOf(name: string, turn: number): string {
  const hash = createHash('sha256').update(encodeBytes(name));
  if (turn > 0) hash.update(`\0${turn}`);
  return hash.digest('hex').slice(0, HASH_DIGITS);
}

/** At most so many bytes of the beginning, whole characters. */
function cut(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  let end = Math.min(text.length, bytes);
  while (Buffer.byteLength(text.slice(0, end)) > bytes || !text.slice(0, end).isWellFormed()) end -= 1;
  return text.slice(0, end);
}

function listed(items: readonly string[]): string {
  const last = items.at(-1) ?? '';
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} and ${last}`;
}
