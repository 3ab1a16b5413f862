import { isUtf8, printable, type SharePath } from '../core/share-path.ts';

/** NAME_MAX of every common file system; a longer name makes the platform's unpacking fail as a whole. */
const MAX_NAME_BYTES = 255;
/** PATH_MAX is 4,096 with the receiving side's own prefix included; what is left below it for us. */
const MAX_PATH_BYTES = 3_500;
/** Where a parcel carries its manifest; a file of that name would clash with it. */
const RESERVED = '.nightjar';

/** Why a path cannot be carried in a zip and unpacked anywhere under the same name; undefined when it can. */
export function pathHazard(path: SharePath): string | undefined {
  if (!isUtf8(path)) return `the name is not valid UTF-8: ${printable(path)}`;
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `the path is longer than ${MAX_PATH_BYTES} bytes`;
  const parts = path.split('/');
  if (parts[0] === RESERVED) return `'${RESERVED}' at the top of a share is where the manifest goes`;
  for (const part of parts) {
    const hazard = nameHazard(part);
    if (hazard !== undefined) return `${hazard}: ${printable(path)}`;
  }
  return undefined;
}

/** U+0080–U+009F stay allowed: harmless, and what a doubly encoded umlaut looks like. */
function nameHazard(name: string): string | undefined {
  if (name === '') return 'the path has an empty part';
  if (name === '.' || name === '..') return `the path has a '${name}' part`;
  if (name.includes('\\')) return 'the name has a backslash, which some unpackers take for a directory';
  if (/[\p{Cc}--[\x80-\x9f]]/v.test(name)) return 'the name has a control character, which unpackers replace';
  const bytes = Buffer.byteLength(name);
  return bytes > MAX_NAME_BYTES
    ? `a name has ${bytes} bytes, ${MAX_NAME_BYTES} is the most a file system takes`
    : undefined;
}
