import type { SharePath } from './share-path.ts';

/** Name of the file in a folder of the share by which its writers say what may not, or need not, happen to it yet. */
export const CONTROL_FILE = '.nightjar.yaml';

/** Larger ones are not read. */
export const MAX_CONTROL_BYTES = 64 * 1024;

/** The control file and what people and Windows make of its name: a misspelt hold must not be overlooked. */
export function isControlName(name: string): boolean {
  return name.charCodeAt(0) === DOT && LIKE_CONTROL.test(name);
}

const DOT = 0x2e;
const LIKE_CONTROL = /^\.nightjar\.ya?ml(\.txt)?$/i;

/** What a look found under that name. Either `content` or `problem`; `offline`: not on disk, so it was not opened. */
export type FoundControl = {
  readonly name: string;
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly content?: Uint8Array;
  /** Why it could not be read, as the end of a sentence about the file. */
  readonly problem?: string;
  readonly offline?: boolean;
};

/** One directory's control file at one look; without `found` it is listed but could not be found: nothing is known. */
export type ControlLook = { readonly dir: SharePath; readonly found?: FoundControl };

/** What a control file says of its directory and everything below; with a `problem` nothing there is delivered. */
export type Control = {
  readonly dir: SharePath;
  /** Its path, for people. */
  readonly file: string;
  readonly problem?: string;
  readonly hold?: string;
  readonly skip?: string;
  readonly uploaded?: string;
  readonly ready?: boolean;
  readonly dataset?: boolean;
  readonly quietMs?: number;
};
